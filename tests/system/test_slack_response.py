"""Can a whole response be given in Slack alone? The demo's incident, by people who never leave it, on a real server."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Workspace
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: the promise is 1, on a machine that does nothing else
WORKSPACE = Workspace()
ALICE, BOB, EMMA = "U0EXAMPLE01", "U0EXAMPLE02", "U0EXAMPLE05"
Member = Callable[[str], SlackMember]


def pinned_sop(directory: Path) -> Path:
    """The default SOP, whose Slack is the workspace."""
    sop = directory / "tocsin.toml"
    pinned = f'[slack]\nteam = "{WORKSPACE.team}"\napp = "{WORKSPACE.app}"\n'
    head, slack, rest = default_text().rpartition("[slack]")
    sop.write_text(head + pinned + rest.partition("\n")[2] if slack else head + pinned)
    return sop


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    secret = {"SLACK_SIGNING_SECRET": WORKSPACE.secret}
    with Server(tmp_path, sandbox=sandbox, sop=pinned_sop(tmp_path), **secret) as server:
        yield server


@pytest.fixture
def member(server: Server, sandbox: Sandbox) -> Member:
    deliver = OverHttp(server.url, WORKSPACE)
    return lambda user: SlackMember(user, sandbox.slack, deliver, sandbox.url, WORKSPACE)


def channel_of(server: Server, incident: str) -> str:
    until(lambda: bool(server.events(incident, "channel_opened")), "the channel opens")
    return str(server.events(incident, "channel_opened")[0]["event"]["channel"])


def told(events: list[Json]) -> list[tuple[str, str, str]]:
    return [(it["event"]["kind"], it["actor"], it["via"]) for it in events if it["via"] == "slack"]


def test_a_whole_response_is_given_in_slack_alone(server: Server, sandbox: Sandbox, member: Member) -> None:
    alice, bob, emma = member(ALICE), member(BOB), member(EMMA)
    alice.command("declare Checkout answers with errors")
    assert alice.submit(alice.dialog, service="website").errors == {}
    (line,) = server.get("incidents")
    incident = str(line["id"])

    assert bob.press(Action.ACKNOWLEDGE, incident).status == 200
    bob.press(Action.ASSESS, incident)
    assert bob.submit(bob.dialog, scope="all", workaround="no", sla="at_risk").errors == {}
    channel = channel_of(server, incident)  # from here on the channel says which incident is meant
    for role, user in (("ic", BOB), ("cl", EMMA), ("tl", ALICE)):
        assert bob.command(f"role {role} <@{user}>", channel).text == "The role is given."
    for audience, text in (("internal", "A change is suspected."), ("external", "We are investigating.")):
        emma.command("update", channel)
        assert emma.submit(emma.dialog, text=text, audience=audience, next_within="10m").errors == {}
    seen = sandbox.slack.write(channel, BOB, "The pool is exhausted")
    until(lambda: alice.react("pushpin", channel, seen).status == 200, "Slack has told it until it was taken")
    assert incident in bob.command("mitigate rolled back", channel).text
    bob.command("resolve", channel)
    assert bob.submit(bob.dialog, note="confirmed by the probe").errors == {}

    assert server.get(f"incidents/{incident}")["status"] == "resolved"
    assert [(kind, actor) for kind, actor, _ in told(server.events(incident)) if kind in WANTED] == [
        ("incident_opened", "alice"),
        ("acknowledged", "bob"),
        ("assessed", "bob"),
        ("role_assigned", "bob"),
        ("role_assigned", "bob"),
        ("role_assigned", "bob"),
        ("update_posted", "emma"),
        ("update_posted", "emma"),
        ("note_added", "alice"),
        ("mitigated", "bob"),
        ("resolved", "bob"),
    ]


WANTED = (
    "incident_opened",
    "acknowledged",
    "assessed",
    "role_assigned",
    "update_posted",
    "note_added",
    "mitigated",
    "resolved",
)


def test_a_press_in_slack_stops_the_pager_within_a_second(server: Server, sandbox: Sandbox, member: Member) -> None:
    server.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    until(lambda: bool(sandbox.pagerduty.alerts), "somebody is paged")
    incident = str(server.get("incidents")[0]["id"])
    began = time.monotonic()
    member(ALICE).press(Action.ACKNOWLEDGE, incident)
    took = time.monotonic() - began
    assert took < _GENEROUS
    assert server.get(f"incidents/{incident}")["status"] == "acknowledged"
    until(
        lambda: {it.status for it in list(sandbox.pagerduty.alerts.values())} == {PagerDutyStatus.ACKNOWLEDGED},
        "PagerDuty rings no more",
    )
    assert time.monotonic() - began < _GENEROUS


def test_what_slack_was_told_is_done_outlives_a_crash(server: Server, member: Member) -> None:
    incident = str(server.post("incidents", title="Checkout is down")["id"])
    alice = member(ALICE)
    for number in range(5):
        assert "Written" in alice.command(f"note {incident} number {number}").text
    server.kill()
    server.start()
    noted = [it["event"]["text"] for it in server.events(incident, "note_added")]
    assert noted == [f"number {number}" for number in range(5)]
