"""The promise: changing the file never rewrites a running response."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server

pytestmark = pytest.mark.system


def minutes_until_the_secondary(server: Server, incident: str) -> float:
    it = server.get(f"incidents/{incident}")
    (due,) = [deadline for deadline in it["deadlines"] if deadline["what"] == "page: secondary on-call"]
    return (datetime.fromisoformat(due["at"]) - datetime.fromisoformat(it["opened_at"])).total_seconds() / 60


def declare(server: Server) -> str:
    return str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all users")["id"])


def test_an_incident_keeps_the_procedure_that_it_began_under(tocsin: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "tocsin.toml"
    tocsin.does("init")
    with Server(tmp_path, sop=file) as server:
        running = declare(server)
        assert minutes_until_the_secondary(server, running) == 5

        file.write_text(file.read_text().replace('after = "5m"', 'after = "7m"'))
        assert server.end() == 0
        server.start()
        assert minutes_until_the_secondary(server, running) == 5
        assert minutes_until_the_secondary(server, declare(server)) == 7
        assert minutes_until_the_secondary(server, running) == 5
