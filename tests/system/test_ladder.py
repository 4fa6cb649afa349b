"""Does the running clock keep the SOP's minutes? A real server, three hundred times faster than the wall clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.rota import steady_text
from tests.system.audit import events_taken
from tests.system.server import Json, Server
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

SPEED = 300
_SEV1 = [
    (0, "page", ["primary"]),
    (5, "page", ["secondary"]),
    (15, "page", ["engineering_manager"]),
    (30, "notify", ["engineering_director", "vp_engineering"]),
    (60, "notify", ["cto"]),
]
_REPEAT_EVERY = timedelta(minutes=15)


@pytest.fixture
def fast_server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    sop = tmp_path / "tocsin.toml"
    sop.write_text(steady_text(), encoding="utf-8")
    with Server(tmp_path, sandbox=sandbox, sop=sop, TOCSIN_CLOCK_SPEED=str(SPEED)) as server:
        yield server


def declare(server: Server) -> str:
    return str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all users")["id"])


def steps(server: Server, incident: str) -> list[Json]:
    """The escalation steps that were carried out so far."""
    return server.events(incident, "step_fired")


def has_reached(server: Server, incident: str, target: str) -> bool:
    return any(target in it["event"]["targets"] for it in steps(server, incident))


def due_at(step: Json) -> datetime:
    return datetime.fromisoformat(step["event"]["due_at"])


def fired_at(step: Json) -> datetime:
    return datetime.fromisoformat(step["at"])


def climbed(server: Server, incident: str) -> list[tuple[float, str, list[str]]]:
    """The steps of the ladder itself: the minute at which each was due, and what it did."""
    opened_at = datetime.fromisoformat(server.get(f"incidents/{incident}")["opened_at"])
    own = [step for step in steps(server, incident) if not step["event"].get("round")]
    return [
        ((due_at(it) - opened_at) / timedelta(minutes=1), it["event"]["urgency"], it["event"]["targets"]) for it in own
    ]


def test_a_sev1_that_nobody_acknowledges_climbs_the_ladder_at_the_sops_minutes(
    fast_server: Server, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fast_server
    incident = declare(server)
    until(lambda: has_reached(server, incident, "cto"), "the CTO is notified", within=60)
    assert climbed(server, incident) == _SEV1
    (missed,) = server.events(incident, "response_time_missed")
    assert missed["event"]["within"] == "15m"

    late = [fired_at(step) - due_at(step) for step in steps(server, incident)]
    assert min(late) >= timedelta(0)
    with capsys.disabled():
        seconds = max(late).total_seconds() / SPEED
        print(f"\nthe latest step came {seconds:.3f} s after its time")  # noqa: T201  # the figure

    team = next(it for it in server.get("oncall") if it["team"] == "platform")
    called = {team["primary"], team["secondary"], "erin"}
    until(lambda: called <= set(pages_at_pagerduty(sent)), "PagerDuty has their pages")


def test_a_ladder_that_nobody_answers_repeats_its_last_page_with_everyone_on_call(fast_server: Server) -> None:
    server = fast_server
    incident = declare(server)
    until(lambda: len(page_steps(server, incident)) >= 5, "it repeats twice", within=60)
    *_, before, last = page_steps(server, incident)[:5]
    assert last["event"]["targets"] == ["engineering_manager", "everyone_on_call"]
    is_in_time = fired_at(before) - due_at(before) < timedelta(minutes=1)
    assert due_at(last) == (due_at(before) if is_in_time else fired_at(before)) + _REPEAT_EVERY
    assert [reach["person"] for reach in last["event"]["reached"]] == [
        "erin",
        *dict.fromkeys(person for team in server.get("oncall") for person in (team["primary"], team["secondary"])),
    ]


def page_steps(server: Server, incident: str) -> list[Json]:
    return [step for step in steps(server, incident) if step["event"]["urgency"] == "page"]


def pages_at_pagerduty(sent: Path) -> list[str]:
    details = [it["payload"] for it in events_taken(sent) if it["event_action"] == "trigger"]
    return [it["custom_details"]["person"] for it in details if it["class"] == "page"]


def test_an_acknowledgement_stops_the_pages_and_not_the_word_to_management(fast_server: Server) -> None:
    server = fast_server
    incident = declare(server)
    until(lambda: has_reached(server, incident, "secondary"), "the secondary is paged")
    server.post(f"incidents/{incident}/acknowledge", by="bob")
    until(lambda: has_reached(server, incident, "cto"), "the CTO is notified", within=60)
    (acknowledged,) = server.events(incident, "acknowledged")
    assert {it["event"]["urgency"] for it in steps(server, incident) if it["seq"] > acknowledged["seq"]} == {"notify"}
    assert [step for step in climbed(server, incident) if step[1] == "notify"] == _SEV1[3:]


def test_the_ladder_goes_on_where_it_was_when_the_server_is_killed(fast_server: Server) -> None:
    server = fast_server
    incident = declare(server)
    until(lambda: has_reached(server, incident, "secondary"), "the secondary is paged")
    server.kill()
    server.start()
    until(lambda: has_reached(server, incident, "engineering_manager"), "the Engineering Manager is paged")
    assert climbed(server, incident)[:3] == _SEV1[:3]


_HASTY = """
[[severities.SEV1.escalation]]
after = "0m"
page = ["primary"]

[[severities.SEV1.escalation]]
after = "1s"
page = ["secondary"]
unless = "acknowledged"
"""


def test_what_fell_due_while_the_server_was_dead_is_carried_out_when_it_is_back(tmp_path: Path) -> None:
    sop = tmp_path / "hasty.toml"
    sop.write_text(_HASTY)
    with Server(tmp_path, sop=sop) as server:
        incident = declare(server)
        server.kill()
        declared_at = datetime.now(UTC)
        until(lambda: datetime.now(UTC) > declared_at + timedelta(seconds=1), "its time comes")
        server.start()
        until(lambda: has_reached(server, incident, "secondary"), "the secondary is paged")
        assert [targets for _, _, targets in climbed(server, incident)] == [["primary"], ["secondary"]]
