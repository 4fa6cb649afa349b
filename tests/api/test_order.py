"""Does it matter how deliveries come in? Late, doubled, out of order, lost in part, by either door: it doesn't.

Many sequences are sent to one server; each has alerts and groups of its own.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.api.harness import Api, Json
from tests.integrations.pace import unhurried
from tests.searching import examples

_RUNS = itertools.count()
_GROUPS = ("Latency", "ErrorRate")
_INSTANCES = ("web-1", "web-2")
_BEGAN = datetime.now(UTC) - timedelta(hours=25)  # the last of it is a day late


class Told(Struct, frozen=True):
    """What monitoring saw: an alert that began to fire in a minute, and the minute in which it ended, if it has."""

    group: str
    instance: str
    since: int
    until: int | None

    @property
    def moment(self) -> tuple[int, int, bool]:
        """What it tells of; of two, the later one is the present."""
        return (self.since if self.until is None else self.until, self.since, self.until is not None)


class Delivery(Struct, frozen=True):
    """Some of it in one request, by one of the doors."""

    told: tuple[Told, ...]
    is_webhook: bool


@st.composite
def saw(draw: st.DrawFn) -> list[Told]:
    """Alerts that fire and resolve in turn, minute by minute."""
    happened: list[Told] = []
    since: dict[tuple[str, str], int] = {}
    for minute in range(draw(st.integers(1, 8))):
        who = draw(st.sampled_from(_GROUPS)), draw(st.sampled_from(_INSTANCES))
        began = since.pop(who, None)
        if began is None:
            since[who] = minute
        happened.append(Told(*who, since=minute if began is None else began, until=None if began is None else minute))
    return happened


@st.composite
def deliveries(draw: st.DrawFn, happened: Sequence[Told]) -> list[Delivery]:
    """All of it in some order, some of it more than once, cut into requests."""
    again = draw(st.lists(st.sampled_from(happened), max_size=4))
    arriving = draw(st.permutations([*happened, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(arriving)))) | {0, len(arriving)})
    return [Delivery(tuple(arriving[start:end]), draw(st.booleans())) for start, end in itertools.pairwise(cuts)]


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Delivery], list[Delivery]]:
    """The same in two ways; what was lost on the way is in neither."""
    happened = draw(saw())
    arrived = draw(st.lists(st.sampled_from(happened), min_size=1, unique=True))
    return draw(deliveries(arrived)), draw(deliveries(arrived))


def at(minute: int) -> str:
    return (_BEGAN + timedelta(minutes=minute)).isoformat()


def alert(told: Told, run: str) -> Json:
    written: Json = {
        "labels": {"alertname": f"{told.group}{run}", "instance": told.instance, "severity": "critical"},
        "status": "firing" if told.until is None else "resolved",
        "startsAt": at(told.since),
    }
    return written if told.until is None else {**written, "endsAt": at(told.until)}


def deliver(api: Api, delivery: Delivery, run: str) -> None:
    alerts = [alert(told, run) for told in delivery.told]
    if delivery.is_webhook:
        response = api.ask("POST", f"/intake/alertmanager/{api.intake}", token=None, json={"alerts": alerts})
    else:
        response = api.ask("POST", "/api/v2/alerts", token=api.intake, json=alerts)
    assert response.status_code == 200, response.text


class Picture(Struct, frozen=True):
    """What is known at the end: which alerts fire, and the groups whose incident is open and fires."""

    firing: frozenset[tuple[str, str]]
    responding: frozenset[str]


def after(api: Api, arrived: Sequence[Delivery]) -> Picture:
    run = f"-{next(_RUNS)}-"
    for delivery in arrived:
        deliver(api, delivery, run)
    alerts = [it for it in api.ask("GET", "/api/v1/alerts?limit=5000").json() if it["name"].endswith(run)]
    newest = {(it["name"].removesuffix(run), it["labels"]["instance"]): it for it in reversed(alerts)}
    responding = {it["incident"] for it in alerts if it["incident"] and is_responding(api, it["incident"])}
    return Picture(
        frozenset(who for who, it in newest.items() if it["status"] == "firing"),
        frozenset(it["name"].removesuffix(run) for it in alerts if it["incident"] in responding),
    )


def is_responding(api: Api, incident: str) -> bool:
    return not api.ask("GET", f"/api/v1/incidents/{incident}").json()["is_monitoring_clean"]


def expected(arrived: Sequence[Delivery]) -> Picture:
    latest: dict[tuple[str, str], Told] = {}
    for told in sorted((told for delivery in arrived for told in delivery.told), key=lambda it: it.moment):
        latest[told.group, told.instance] = told
    firing = frozenset(who for who, told in latest.items() if told.until is None)
    return Picture(firing, frozenset(group for group, _ in firing))


@settings(unhurried, max_examples=examples(30))
@given(ways=arrivals())
def test_however_it_arrives_what_is_known_at_the_end_is_the_same(
    calm: Api, ways: tuple[list[Delivery], list[Delivery]]
) -> None:
    first, second = (after(calm, way) for way in ways)
    assert first == second == expected(ways[0])


@settings(unhurried, max_examples=examples(30))
@given(happened=saw(), data=st.data())
def test_what_has_ended_before_it_is_heard_of_pages_nobody(
    calm: Api, happened: list[Told], data: st.DataObject
) -> None:
    """Every end comes first, a day late; its beginning after it."""
    run = f"-{next(_RUNS)}-"
    ends = [told for told in happened if told.until is not None]
    begins = [told for told in happened if told.until is None and any(_ends(told, end) for end in ends)]
    if not ends:
        return
    for some in (ends, begins):
        for delivery in data.draw(deliveries(some)) if some else ():
            deliver(calm, delivery, run)
    incidents = calm.ask("GET", "/api/v1/incidents?state=all&limit=500").json()
    assert [it["title"] for it in incidents if run in it["title"]] == []


def _ends(told: Told, end: Told) -> bool:
    return (told.group, told.instance, told.since) == (end.group, end.instance, end.since)
