"""The promise: a step that reaches nobody doesn't wait; the next one fires at once."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server
from tests.system.waiting import until
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

_REFUSED = Response(400, b'{"status": "invalid event", "message": "Event object is invalid"}')


def test_the_secondary_does_not_sleep_on_while_the_primary_cannot_be_paged(
    tocsin: Terminal, tmp_path: Path, sandbox: Sandbox
) -> None:
    """PagerDuty refuses the primary's page for good, and the primary has no other contact method."""
    tocsin.does("init")
    file = tmp_path / "tocsin.toml"
    file.write_text(
        file.read_text().replace(
            'contact = [{ via = "pagerduty" }, { via = "inbox" }]', 'contact = [{ via = "pagerduty" }]'
        )
    )
    with Server(tmp_path, sandbox=sandbox, sop=file) as server:
        team = next(it for it in server.get("oncall") if it["team"] == "platform")
        sandbox.script = refusing(team["primary"])
        incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all users")["id"])
        until(lambda: any(alert.triggers for alert in list(sandbox.pagerduty.alerts.values())), "somebody is paged")

        first, second = server.events(incident, "step_fired")
        assert (first["event"]["targets"], second["event"]["targets"]) == (["primary"], ["secondary"])
        assert second["event"]["reached"][0]["person"] == team["secondary"]
        waited = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
        assert waited < timedelta(minutes=5)
        (failed,) = server.events(incident, "page_failed")
        assert failed["event"]["person"] == team["primary"]
        assert "Event object is invalid" in failed["text"]


def refusing(person: str) -> Script:
    """A PagerDuty that takes everybody's page but one."""

    def script(request: RecordedRequest) -> Response | None:
        return _REFUSED if f'"person":"{person}"'.encode() in request.body else None

    return script
