"""The promise: from the page to the closed incident with the commands of the README, and nothing to look up."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.system.server import Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

_LEARNT = {
    "Summary": "Nobody could pay for half an hour.",
    "Root cause": "A configuration change reached all servers at once.",
    "Impact": "One order in five was lost.",
    "What went well": "The roll-back took two minutes.",
    "What went poorly": "The first page was not heard.",
    "Lessons learned": "Configuration deserves a staged roll-out.",
}


def test_a_sev1_from_the_alert_to_the_completed_postmortem(tocsin: Terminal, tmp_path: Path, sandbox: Sandbox) -> None:
    with Server(tmp_path, sandbox=sandbox) as server:
        alert = firing("CheckoutDown", severity="critical", service="website")
        server.send_alerts(alert)
        until(lambda: sandbox.pagerduty.alerts, "the pager rings")
        incident = tocsin.does("list").out.split()[0]
        respond(tocsin, incident)
        server.send_alerts({**alert, "endsAt": alert["startsAt"]})
        assert "monitoring clean" in tocsin.does("resolve", incident, "--as", "bob").out
        learn(tocsin, incident)
        assert tocsin.does("list").out == "no open incidents\n"
        until(
            lambda: {it.status for it in list(sandbox.pagerduty.alerts.values())} == {"resolved"},
            "no pager rings any more",
        )


def respond(tocsin: Terminal, incident: str) -> None:
    tocsin.does("ack", incident, "--as", "bob")
    tocsin.does("assess", incident, "--as", "bob", typed="all\n\n\nno\nat_risk\n")
    for role, person in (("ic", "bob"), ("cl", "emma"), ("tl", "alice")):
        tocsin.does("role", incident, role, person, "--as", "bob")
    tocsin.does("update", incident, "Rolling back.", "--as", "emma")
    tocsin.does("update", incident, "We are looking into it.", "--external", "--as", "emma")
    tocsin.does("mitigate", incident, "--note", "rolled back", "--as", "alice")


def learn(tocsin: Terminal, incident: str) -> None:
    """Write what takes judgement; everything known is there already."""
    tocsin.does("postmortem", incident, "-o", "pm.md")
    file = tocsin.directory / "pm.md"
    draft = file.read_text()
    for known in (incident, "SEV1", "Bob Brown", "Alice Adams", "Rolling back.", "Monitoring clean", "CheckoutDown"):
        assert known in draft
    for heading, words in _LEARNT.items():
        draft = draft.replace(f"## {heading}\n", f"## {heading}\n\n{words}\n", 1)
    file.write_text(draft)
    tocsin.does("postmortem", incident, "--save", "pm.md", "--complete", "--as", "bob")
    closed = tocsin.does("show", incident).out
    assert " · closed · " in closed
    assert "[ ]" not in closed
