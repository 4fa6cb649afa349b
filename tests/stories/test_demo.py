"""The promise: the whole procedure can be seen on this machine, with no account anywhere."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

pytestmark = pytest.mark.system

_SCENES = [
    "Incident opened by an alert",
    "Paged primary on-call: ",
    "Paged secondary on-call: ",
    "Acknowledged",
    "Assessed as SEV1",
    "Incident Commander: ",
    "Status update overdue",
    "Mitigated",
    "Monitoring clean",
    "Resolved",
    "Postmortem completed",
]


def test_the_demo_plays_a_sev1_to_its_end_and_the_vendors_refuse_nothing(tocsin: Terminal, tmp_path: Path) -> None:
    run = tocsin.does("demo", "--speed", "200", TMPDIR=str(tmp_path))
    found = [run.out.find(scene) for scene in _SCENES]
    assert found == sorted(found)
    assert -1 not in found
    assert " requests to PagerDuty and Slack, 0 refused by the sandbox" in run.out

    (folder,) = tmp_path.glob("tocsin-demo-*")
    (postmortem,) = folder.glob("INC-*.md")
    assert "Postmortem completed" in postmortem.read_text()
    assert (folder / "incident-response" / "SKILL.md").is_file()
    assert "CRITICAL" not in (folder / "server.log").read_text()
