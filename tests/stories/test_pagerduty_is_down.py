"""The promise: PagerDuty may be down for 38 minutes or for a day; whoever is to be woken is, once, and nothing is lost.

Virtual time: the engine's own decisions and its own store, at the test's instants. PagerDuty's outage of 2025-08-28
answered 502 for 38 minutes, and then came the late and the double notices.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import NOON, minute
from tests.engine.outage import Outage
from tests.engine.pagerduty import Event, always, events, taken
from tests.engine.rehearsal import with_contacts
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.apply import fold
from tocsin.domain.incident import Incident, Status
from tocsin.simulate.sandbox.recording import Response
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity, Urgency

DOWN = Response(502, b"<html>Bad Gateway</html>")
SEVERITIES = (*[Severity.SEV1] * 4, *[Severity.SEV2] * 3, Severity.SEV3, Severity.SEV4)
MINUTE = timedelta(minutes=1)
MOST_IN_A_MINUTE = 96  # four fifths of the 120 that PagerDuty takes


def reached_twice_over() -> Sop:
    """Everybody has PagerDuty first; then half of them a message on Slack, and everybody the inbox."""
    sop = default_sop()
    sop = replace(sop, people={id_: replace(it, slack_user=f"U{id_.upper()}") for id_, it in sop.people.items()})
    people = sorted(sop.people)
    sop = with_contacts(sop, ("pagerduty", "slack", "inbox"), *people[::2])
    return with_contacts(sop, ("pagerduty", "inbox"), *people[1::2])


def repeating_hourly(sop: Sop) -> Sop:
    """A day of the default ladder's rounds would be a long test."""
    grave = sop.severities[Severity.SEV1]
    assert grave.repeat is not None
    hourly = replace(grave, repeat=replace(grave.repeat, every=timedelta(hours=1)))
    return replace(sop, severities={**sop.severities, Severity.SEV1: hourly})


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[Outage]:
    with Outage(tmp_path / "tocsin.db", reached_twice_over(), slack=True) as outage:
        outage.sandbox.script = always(DOWN)
        yield outage


def respond(outage: Outage, chance: random.Random, until: float) -> None:
    """Fifty incidents of any severity; some are acknowledged or resolved meanwhile, some get worse, some are left."""
    plan: list[tuple[float, int, str]] = []
    for number in range(50):
        opened = chance.uniform(0, until - 2)
        plan.append((opened, number, "declare"))
        for step, share in (("worsen", 0.2), ("acknowledge", 0.5), ("resolve", 0.3)):
            if chance.random() < share:
                plan.append((min(opened + chance.uniform(0.5, 12), until), number, step))
    ids: dict[int, str] = {}
    for at, number, step in sorted(plan):
        outage.at(at)
        if step == "declare":
            ids[number] = outage.declare(SEVERITIES[number % len(SEVERITIES)]).id
            continue
        incident = outage.queries.incident(ids[number])
        if step == "worsen" and incident.status is Status.TRIGGERED and incident.severity is not Severity.SEV1:
            outage.change(incident.id, c.Assess(severity=Severity.SEV1, reason="it spreads"))
        elif step == "acknowledge" and incident.status is Status.TRIGGERED:
            outage.change(incident.id, c.Acknowledge())
        elif step == "resolve" and not incident.status.is_over:
            outage.change(incident.id, c.Resolve())


def then(outage: Outage, incident: str, at: datetime) -> Incident:
    """The incident as it stood at that instant."""
    return fold([it for it in outage.queries.timeline(incident) if it.at <= at])


def waits(outage: Outage, before: datetime) -> list[timedelta]:
    """How long each page of a SEV1 took to reach its person in some way, of those that somebody waited for."""
    found = []
    for incident in outage.incidents(is_open=None):
        timeline = outage.queries.timeline(incident.id)
        for key, page in incident.pages.items():
            cause = next(it for it in timeline if it.seq == page.cause)
            is_grave = then(outage, incident.id, cause.at).severity is Severity.SEV1
            if not is_grave or not page.demands_answer or cause.at >= before:
                continue
            over_at = min((it.at for it in timeline if isinstance(it.event, e.Acknowledged | e.Resolved)), default=None)
            arrived = [it.at for it in timeline if isinstance(it.event, e.PageAccepted) and it.event.key == key]
            if arrived and (over_at is None or arrived[0] <= over_at):
                found.append(arrived[0] - cause.at)
            elif over_at is None or over_at - cause.at > MINUTE:
                found.append(timedelta.max)
    return found


def incident_of(event: Event) -> str:
    """`tocsin-k3x9-INC-2026-0001-4-0` is a page of INC-2026-0001."""
    return event.key.removeprefix("tocsin-k3x9-").rsplit("-", 2)[0]


def decided_at(outage: Outage, event: Event) -> datetime:
    """When the page was decided on: the instant of the event that its key names."""
    seq = int(event.key.rsplit("-", 2)[1])
    return next(it.at for it in outage.queries.timeline(incident_of(event)) if it.seq == seq)


def storms_of_one_person(outage: Outage, found: list[Event]) -> list[timedelta]:
    """How far apart two pages were that told the same person, as urgently, of several incidents each."""
    left: dict[tuple[str, str, bool], list[datetime]] = {}
    for it in found:
        if it.more:
            left.setdefault((it.person, it.urgency, rank_then(outage, it) == 1), []).append(it.at)
    return [later - earlier for instants in left.values() for earlier, later in pairwise(instants)]


def most_in_a_minute(found: list[Event]) -> int:
    return max(sum(first.at <= it.at < first.at + MINUTE for it in found) for first in found)


@pytest.mark.slow
def test_nobody_sleeps_through_thirty_eight_minutes_and_nobody_is_woken_for_nothing_afterwards(
    outage: Outage, capsys: pytest.CaptureFixture[str]
) -> None:
    back_at = minute(38)
    respond(outage, random.Random(38), until=38)
    outage.at(38)
    during = events(outage.sandbox)
    waiting = [it for it in outage.queries.outbox.rows(limit=5_000) if it.status == "pending"]
    outage.sandbox.script = None
    outage.at(60)

    arrived = waits(outage, back_at)
    assert len(arrived) > 20
    assert max(arrived) <= MINUTE

    assert [
        it.key for it in outage.queries.outbox.rows(limit=5_000) if it.status in ("pending", "leased", "counted")
    ] == []
    assert {it.note for it in outage.queries.outbox.rows(limit=5_000) if it.status == "failed"} == set()

    woken = [it for it in taken(outage.sandbox) if it.urgency == Urgency.PAGE]
    assert all(then(outage, incident_of(it), it.at).status is Status.TRIGGERED for it in woken)
    late = [it for it in woken if decided_at(outage, it) < back_at]
    assert max(Counter(it.key for it in woken).values()) == 1
    assert max(Counter((incident_of(it), it.person) for it in late).values()) == 1
    ranks = [rank_then(outage, it) for it in late]
    assert ranks == sorted(ranks)
    assert most_in_a_minute(events(outage.sandbox)) <= MOST_IN_A_MINUTE
    assert min(storms_of_one_person(outage, taken(outage.sandbox)), default=MINUTE) >= MINUTE
    named = sum(len(it.more) for it in late)
    assert named > len(late)
    with capsys.disabled():
        drained = max(it.at for it in late) - back_at
        print(  # noqa: T201  # figures for the one who runs it
            f"\n38 min of 502: {len(arrived)} SEV1 pages arrived another way, the last after "
            f"{max(arrived).total_seconds():.1f} s; PagerDuty was asked {len(during)} times; {len(waiting)} deliveries "
            f"waited, of which {len(late)} pages told of {named} more; drained after {drained.total_seconds():.0f} s"
        )


@pytest.mark.slow
def test_a_day_without_pagerduty_ends_in_one_page_for_each_who_is_still_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Outage(tmp_path / "tocsin.db", repeating_hourly(reached_twice_over())) as outage:
        outage.sandbox.script = always(DOWN)
        figures = live_through_a_day(outage)
    with capsys.disabled():
        print(figures)  # noqa: T201  # for the one who runs it


def live_through_a_day(outage: Outage) -> str:
    back_at = minute(24 * 60)
    ids = [outage.declare(severity).id for severity in (Severity.SEV1, Severity.SEV1, Severity.SEV2, Severity.SEV4)]
    unanswered, answered, over, minor = ids
    outage.change(minor, c.PageByHand(target="erin", reason="have a look"))
    outage.at(30)
    outage.change(answered, c.Acknowledge())
    outage.at(60)
    outage.change(over, c.Resolve())
    outage.at(24 * 60)
    rounds = outage.queries.incident(unanswered).ladder.repeats
    asked = len(events(outage.sandbox))
    outage.sandbox.script = None
    outage.at(24 * 60 + 10)

    woken = [it for it in taken(outage.sandbox) if it.urgency == Urgency.PAGE]
    late = [it for it in woken if decided_at(outage, it) <= back_at]
    assert rounds > 20
    assert {incident_of(it) for it in woken} <= {unanswered, minor}
    assert max(Counter((incident_of(it), it.person) for it in late).values()) == 1
    assert late[0].at - back_at < MINUTE
    assert most_in_a_minute(events(outage.sandbox)) <= MOST_IN_A_MINUTE
    assert asked < 24 * 60 * 3  # a probe every half minute, however much waits
    left = [it for it in outage.queries.outbox.rows(limit=20_000) if it.status in ("pending", "leased", "counted")]
    assert [it.key for it in left if it.created_at < back_at] == []
    return (
        f"\n24 h of 502: {rounds} rounds of the ladder, PagerDuty was asked {asked} times; "
        f"of all that, {len(late)} pages were still wanted, each told once"
    )


def test_step_whose_every_page_is_refused_hands_over_to_the_next_at_once(tmp_path: Path) -> None:
    """The routing key was revoked, nobody has another contact method, the next step would be due in five minutes."""
    sop = default_sop()
    with Outage(tmp_path / "tocsin.db", with_contacts(sop, ("pagerduty",), *sop.people)) as outage:
        outage.sandbox.script = always(Response(403))
        incident = outage.declare(Severity.SEV1)
        outage.at(1)
        steps = [it for it in outage.queries.timeline(incident.id) if isinstance(it.event, e.StepFired)]
        pages = [it.at for it in steps if isinstance(it.event, e.StepFired) and it.event.urgency is Urgency.PAGE]
        assert len(pages) >= 3
        assert set(pages) == {NOON}


def test_page_that_pagerduty_takes_and_does_not_deliver_does_not_stop_the_ladder(tmp_path: Path) -> None:
    """As on 2022-04-25: 202 for everything, and no phone rings for 40 minutes. Only an acknowledgement counts."""
    with Outage(tmp_path / "tocsin.db") as outage:
        incident = outage.declare(Severity.SEV1)
        outage.at(40)
        steps = outage.happened(incident.id, e.StepFired)
        pages = [step for step in steps if step.urgency is Urgency.PAGE]
        assert len(pages) >= 4
        outage.change(incident.id, c.Acknowledge())
        outage.at(90)
        again = [step for step in outage.happened(incident.id, e.StepFired) if step.urgency is Urgency.PAGE]
        assert again == pages


def rank_then(outage: Outage, event: Event) -> int:
    severity = then(outage, incident_of(event), event.at).severity
    return severity.rank if severity else 5
