"""The promise: the SOP is one file. Change a figure in it, and all of them change."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server
from tests.system.waiting import until

pytestmark = pytest.mark.system

WITHIN_FIVE = re.compile(r"\b5 min\b")


def documents(tocsin: Terminal, folder: str) -> dict[str, str]:
    """Everything that the file is rendered into, the skill included."""
    tocsin.does("sop", "render", folder)
    tocsin.does("skill", "export", folder)
    root = tocsin.directory / folder
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def minutes_until_the_secondary_is_paged(tmp_path: Path) -> float:
    with Server(tmp_path, sop=tmp_path / "tocsin.toml", TOCSIN_CLOCK_SPEED="300") as server:
        incident = server.post("incidents", title="Checkout is down", severity="SEV1", reason="all users")
        steps = until(lambda: server.events(incident["id"], "step_fired")[1:], "the secondary is paged")
        assert steps[0]["event"]["targets"] == ["secondary"]
        due_at, opened_at = (datetime.fromisoformat(at) for at in (steps[0]["event"]["due_at"], incident["opened_at"]))
        return (due_at - opened_at) / timedelta(minutes=1)


def test_one_figure_changes_the_engine_the_tables_the_flowchart_and_the_skill(tocsin: Terminal, tmp_path: Path) -> None:
    tocsin.does("init")
    before = documents(tocsin, "before")
    assert minutes_until_the_secondary_is_paged(tmp_path) == 5

    file = tmp_path / "tocsin.toml"
    file.write_text(file.read_text().replace('after = "5m"', 'after = "7m"'))
    tocsin.does("sop", "check")
    after = documents(tocsin, "after")
    assert minutes_until_the_secondary_is_paged(tmp_path) == 7

    assert after == {name: WITHIN_FIVE.sub("7 min", text) for name, text in before.items()}
    assert {name for name in before if before[name] != after[name]} >= {
        "escalation-policy.md",
        "escalation-flowchart.mermaid",
        "incident-response/SKILL.md",
        "incident-response/references/escalation-policy.md",
        "incident-response/assets/escalation-flowchart.mermaid",
    }
