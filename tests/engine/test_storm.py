"""What does somebody get whom hundreds of incidents page at once? One page a minute, which tells of all of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.alerts import NOON, firing, minute
from tests.engine.pagerduty import Event, always, answers, events, taken
from tests.engine.rehearsal import Rehearsal
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.effects import SendPage
from tocsin.domain.incident import Incident
from tocsin.engine import dispatch
from tocsin.integrations.wire import Never
from tocsin.simulate.sandbox.recording import Response
from tocsin.sop.words import Severity

SEV1, SEV2, SEV3, SEV4 = Severity
BUSY = Response(500)
REFUSED = Response(400, b'{"status": "invalid event", "message": "Event object is invalid", "errors": []}')


def storm(rehearsal: Rehearsal, count: int, *, severity: str = "warning", first: int = 0) -> list[Incident]:
    """A noisy service has so many alert names, and all of them fire; the oldest of their incidents first."""
    before = {it.id for it in rehearsal.incidents()}
    at = (rehearsal.now - NOON) / timedelta(minutes=1)
    rehearsal.take(*(firing(f"Alert{first + it}", at=at, severity=severity) for it in range(count)))
    opened = [it for it in rehearsal.incidents() if it.id not in before]
    return sorted(opened, key=lambda it: it.id)


def ids(incidents: list[Incident]) -> set[str]:
    return {it.id for it in incidents}


def triggers(rehearsal: Rehearsal) -> list[Event]:
    return [it for it in events(rehearsal.sandbox) if it.action == "trigger"]


def seconds(event: Event) -> float:
    return (event.at - NOON).total_seconds()


def accepted(rehearsal: Rehearsal, incident: Incident) -> e.PageAccepted:
    (event,) = rehearsal.happened(incident.id, e.PageAccepted)
    return event


# One page tells of all


def test_forty_incidents_are_one_page_that_names_the_others(rehearsal: Rehearsal) -> None:
    lead, *others = storm(rehearsal, 40)
    rehearsal.work()
    (page,) = triggers(rehearsal)
    assert page.key == f"tocsin-k3x9-{lead.id}-2-0"
    assert page.more == tuple(it.id for it in others)
    assert accepted(rehearsal, lead) == e.PageAccepted(key=f"{lead.id}-2-0", person="alice", via="pagerduty")
    for it in others:
        told = e.PageAccepted(f"{it.id}-2-0", "alice", "pagerduty", counted_in=f"{lead.id}-2-0")
        assert accepted(rehearsal, it) == told
    assert {it.status for it in rehearsal.queries.outbox.rows()} == {"done"}
    assert {it.note for it in rehearsal.queries.outbox.rows()} == {"", f"counted in {lead.id}-2-0"}


def test_lone_pages_leave_at_once_one_after_the_other(rehearsal: Rehearsal) -> None:
    for number in range(30):
        rehearsal.at(number / 60)
        storm(rehearsal, 1, first=number)
        rehearsal.work()
    assert [seconds(it) for it in triggers(rehearsal)] == list(range(30))


def test_what_comes_within_the_minute_is_told_at_its_end(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 5)
    rehearsal.work()
    for number in range(3):
        rehearsal.at(0.1 + number / 10)
        storm(rehearsal, 10, first=100 * (number + 1))
        rehearsal.work()
    rehearsal.at(5)
    assert [(seconds(it), len(it.more)) for it in triggers(rehearsal)] == [(0, 4), (60, 29)]


def test_grave_page_waits_for_no_lesser_ones_and_is_not_counted_in_one(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 20)
    rehearsal.work()
    rehearsal.at(0.25)
    storm(rehearsal, 20, first=100)
    (grave,) = storm(rehearsal, 1, severity="critical", first=200)
    rehearsal.work()
    first, second = triggers(rehearsal)
    assert (seconds(second), second.key, second.more) == (15, f"tocsin-k3x9-{grave.id}-2-0", ())
    rehearsal.at(3)
    assert all(grave.id not in it.more for it in triggers(rehearsal))
    assert len(first.more) == 19


def test_storm_of_the_gravest_keeps_the_minute_too(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 9, severity="critical")
    rehearsal.work()
    storm(rehearsal, 9, severity="critical", first=100)
    rehearsal.at(2)
    assert [(seconds(it), len(it.more)) for it in triggers(rehearsal)] == [(0, 8), (60, 8)]


def test_page_in_a_storm_says_so_in_the_inbox(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(REFUSED)
    lead, *others = storm(rehearsal, 5)
    rehearsal.work()
    told = [line for line in rehearsal.console if lead.id in line]
    assert any(f", and 4 more: {', '.join(it.id for it in others[:3])} …; open Tocsin" in line for line in told)


# What becomes of what is counted


def test_page_that_is_refused_sends_what_is_counted_in_it_another_way_at_once(rehearsal: Rehearsal) -> None:
    """One question is enough: the key was revoked, say, and every other page would be refused as well."""
    rehearsal.sandbox.script = always(REFUSED)
    found = storm(rehearsal, 40)
    (leaving,) = rehearsal.lease()
    rehearsal.settle(leaving, rehearsal.send(leaving))
    assert len(triggers(rehearsal)) == 1
    for it in found:
        (failed,) = rehearsal.happened(it.id, e.PageFailed)
        assert failed.next_method is not None
        assert (failed.person, failed.next_method.via) == ("alice", "inbox")
    (told,) = rehearsal.lease("inbox")
    assert told.counted == 39


def test_retry_takes_along_what_it_told_of_before_and_nothing_new(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(BUSY)
    lead, answered, *others = storm(rehearsal, 6)
    rehearsal.work()
    rehearsal.change(answered.id, c.Acknowledge())
    later = storm(rehearsal, 5, first=100)
    rehearsal.at(3)
    first, again, rest = triggers(rehearsal)
    assert first.key == again.key
    assert set(first.more) == ids([answered, *others])
    assert set(again.more) == ids(others)
    assert {*rest.more, rest.key.removeprefix("tocsin-k3x9-")[:13]} == ids(later)
    assert rest.at - again.at >= timedelta(minutes=1)
    assert rehearsal.happened(answered.id, e.PageAccepted) == []
    assert lead.id not in rest.more


def test_page_that_is_answered_before_it_leaves_lets_the_next_gravest_lead(rehearsal: Rehearsal) -> None:
    first, second, *_ = storm(rehearsal, 6)
    (leaving,) = rehearsal.lease()
    rehearsal.change(first.id, c.Acknowledge())
    with rehearsal.store.transaction() as tx:
        dispatch.take_back(tx, rehearsal.now, leaving)
    rehearsal.follow(leaving.id)
    rehearsal.work()
    (page,) = triggers(rehearsal)
    assert (seconds(page), page.key, len(page.more)) == (0, f"tocsin-k3x9-{second.id}-2-0", 4)


def test_page_that_is_answered_while_it_waits_for_its_retry_frees_what_is_counted_in_it(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(BUSY)
    first, second, *_ = storm(rehearsal, 6)
    rehearsal.work()
    rehearsal.change(first.id, c.Resolve())
    rehearsal.at(2)
    _, page = triggers(rehearsal)
    assert (page.key, len(page.more)) == (f"tocsin-k3x9-{second.id}-2-0", 4)


def test_page_that_is_given_up_for_its_age_takes_nothing_younger_with_it(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 6)
    (leaving,) = rehearsal.lease()
    rehearsal.settle(leaving, Never(f"{dispatch.GIVEN_UP}: HTTP 500"))
    rehearsal.work()
    (page,) = triggers(rehearsal)
    assert len(page.more) == 4


def test_what_is_counted_in_a_page_that_is_late_goes_another_way_as_well(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = always(BUSY)
    found = storm(rehearsal, 12, severity="critical")
    rehearsal.at(1)
    for it in found:
        (failed,) = rehearsal.happened(it.id, e.PageFailed)
        assert failed.is_retried
        assert accepted(rehearsal, it).via == "inbox"
    assert {it.status for it in rehearsal.outbox("pagerduty")} == {"pending", "counted"}


def test_acknowledgement_answers_one_incident_and_the_ladders_of_the_others_go_on(rehearsal: Rehearsal) -> None:
    lead, *others = storm(rehearsal, 6)
    rehearsal.work()
    rehearsal.change(lead.id, c.Acknowledge())
    rehearsal.at(15)
    bob = [it for it in triggers(rehearsal) if it.person == "bob"]
    assert [(it.at, {it.key.removeprefix("tocsin-k3x9-")[:13], *it.more}) for it in bob] == [(minute(15), ids(others))]
    assert [it.action for it in events(rehearsal.sandbox)] == ["trigger", "acknowledge", "trigger"]


def test_counted_page_that_turns_out_to_be_grave_leaves_by_itself_at_once(rehearsal: Rehearsal) -> None:
    rehearsal.sandbox.script = answers(BUSY, BUSY, BUSY)
    *_, grave = storm(rehearsal, 6)
    rehearsal.work()
    rehearsal.change(grave.id, c.Assess(severity=SEV1, reason="it spreads"))
    rehearsal.work()
    first, second = triggers(rehearsal)
    assert (seconds(first), len(first.more)) == (0, 5)
    assert (seconds(second), second.key, second.more) == (0, f"tocsin-k3x9-{grave.id}-2-0", ())
    rehearsal.at(4)
    assert [grave.id in it.more for it in triggers(rehearsal)[2:]].count(True) == 0


# Crashes


def test_server_that_dies_while_a_page_is_under_way_sends_it_again_with_all_it_tells_of(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 6)
    (leaving,) = rehearsal.lease()
    rehearsal.send(leaving)
    rehearsal.restart().work()
    first, again = triggers(rehearsal)
    assert (first.key, first.more) == (again.key, again.more)
    assert len(rehearsal.sandbox.pagerduty.alerts) == 1


def test_server_that_dies_before_all_are_told_tells_the_rest_after_its_restart(rehearsal: Rehearsal) -> None:
    found = storm(rehearsal, 120)
    (leaving,) = rehearsal.lease()
    verdict = rehearsal.send(leaving)
    with rehearsal.store.transaction() as tx:
        dispatch.settle(rehearsal.desk, tx, rehearsal.now, leaving, verdict)
    with rehearsal.store.transaction() as tx:
        assert dispatch.follow(rehearsal.desk, tx, rehearsal.now, leaving.id)
    rehearsal.restart().work()
    assert rehearsal.queries.outbox.leads_that_ended("inbox") == []
    (lead,) = rehearsal.queries.outbox.leads_that_ended("pagerduty")
    rehearsal.follow(lead)
    rehearsal.at(3)
    assert [len(rehearsal.happened(it.id, e.PageAccepted)) for it in found] == [1] * 120
    assert len(triggers(rehearsal)) == 1
    assert rehearsal.queries.outbox.leads_that_ended("pagerduty") == []


# Other people


def test_storm_of_one_person_keeps_nobody_elses_page_from_leaving(rehearsal: Rehearsal) -> None:
    storm(rehearsal, 200)
    incident = rehearsal.declare(SEV4)
    for person in ("bob", "chris"):
        rehearsal.change(incident.id, c.PageByHand(target=person, reason="have a look"))
    leased = [it.effect for it in rehearsal.lease(limit=3)]
    assert {it.reach.person for it in leased if isinstance(it, SendPage)} == {"alice", "bob", "chris"}


@pytest.mark.slow
def test_when_a_provider_is_back_each_person_gets_one_page(tmp_path: Path) -> None:
    with Rehearsal(tmp_path / "tocsin.db") as rehearsal:
        rehearsal.sandbox.script = always(BUSY)
        for number in range(20):
            storm(rehearsal, 3, first=10 * number)
            rehearsal.at(number)
        rehearsal.sandbox.script = None
        rehearsal.at(21)
        back = [it for it in taken(rehearsal.sandbox) if it.at >= minute(19)]
        assert [it.person for it in back].count("alice") == 1
        assert {it.person for it in back if it.at < minute(20)} == {"alice", "bob"}
        assert [len(it.more) for it in back if it.person == "alice"] == [59]
