"""Does the order in which deliveries arrive matter? Permutations and duplicates of them end in the same state.

Deliveries carry their source's times. They may be lost in time, doubled and put together into batches; what is known
once all of them have arrived is what monitoring knows.
"""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from tests.engine.alerts import firing, resolved
from tests.engine.rehearsal import Rehearsal
from tests.searching import examples
from tocsin.domain.alert import Alert
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop

SOP = default_sop()
RESOLVES_ITSELF = replace(SOP, alerts=replace(SOP.alerts, resolve_when_clear=True))
NAMES = ("Latency", "ErrorRate")  # the groups
INSTANCES = ("web-1", "web-2")
APART = timedelta(seconds=1)  # so little that no escalation falls due


class Arrivals(Struct, frozen=True):
    """What monitoring saw, in order, and how it arrived."""

    happened: tuple[Alert, ...]
    batches: tuple[tuple[Alert, ...], ...]

    def firing_at_the_end(self) -> dict[tuple[str, str], bool]:
        """Which of the alerts fire once everything has happened, by name and instance."""
        return {_identity(alert): alert.ends_at is None for alert in self.happened}


def _identity(alert: Alert) -> tuple[str, str]:
    return alert.labels["alertname"], alert.labels["instance"]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    """Alerts that fire and resolve in turn, minute by minute, delivered in any order, some more than once."""
    happened: list[Alert] = []
    since: dict[tuple[str, str], int] = {}
    for at in range(draw(st.integers(1, 6))):
        name, instance = draw(st.sampled_from(NAMES)), draw(st.sampled_from(INSTANCES))
        began = since.pop((name, instance), None)
        if began is None:
            since[name, instance] = at
            happened.append(firing(name, at=at, instance=instance))
        else:
            happened.append(resolved(name, at=at, since=began, instance=instance))
    again = draw(st.lists(st.sampled_from(happened), max_size=3))
    arriving = draw(st.permutations([*happened, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(arriving)))) | {0, len(arriving)})
    batches = tuple(tuple(arriving[start:end]) for start, end in itertools.pairwise(cuts))
    return Arrivals(tuple(happened), batches)


@contextmanager
def after(arrived: Arrivals, sop: Sop) -> Iterator[Rehearsal]:
    """The state after all arrivals, each batch handled before the next comes."""
    with tempfile.TemporaryDirectory() as directory, Rehearsal(Path(directory) / "tocsin.db", sop) as rehearsal:
        for batch in arrived.batches:
            rehearsal.take(*batch).work()
            rehearsal.now += APART
        yield rehearsal


def groups(rehearsal: Rehearsal, *, clear: bool) -> set[str]:
    """The names of the alerts whose incidents are open, and clear or not."""
    open_ = {it.id for it in rehearsal.incidents() if it.is_clear is clear}
    return {it.labels["alertname"] for it in rehearsal.queries.alerts() if it.incident in open_}


@settings(deadline=None, max_examples=examples(50))
@given(arrived=arrivals())
def test_every_alert_stands_as_it_does_at_its_source(arrived: Arrivals) -> None:
    with after(arrived, SOP) as rehearsal:
        rows = sorted(rehearsal.queries.alerts(), key=lambda row: row.id)
        present = {(it.labels["alertname"], it.labels["instance"]): it.status == "firing" for it in rows}
    assert present == arrived.firing_at_the_end()


@settings(deadline=None, max_examples=examples(50))
@given(arrived=arrivals())
def test_every_delivery_is_counted(arrived: Arrivals) -> None:
    with after(arrived, SOP) as rehearsal:
        assert sum(it.received for it in rehearsal.queries.alerts()) == sum(map(len, arrived.batches))


@settings(deadline=None, max_examples=examples(50))
@given(arrived=arrivals())
def test_what_fires_has_an_open_incident_and_what_does_not_fire_has_a_clear_one_or_none(arrived: Arrivals) -> None:
    fires = {name for (name, _), is_firing in arrived.firing_at_the_end().items() if is_firing}
    with after(arrived, SOP) as rehearsal:
        assert groups(rehearsal, clear=False) == fires
        assert groups(rehearsal, clear=True).isdisjoint(fires)


@settings(deadline=None, max_examples=examples(50))
@given(arrived=arrivals())
def test_exactly_what_fires_is_open_where_monitoring_resolves_incidents(arrived: Arrivals) -> None:
    fires = {name for (name, _), is_firing in arrived.firing_at_the_end().items() if is_firing}
    with after(arrived, RESOLVES_ITSELF) as rehearsal:
        assert groups(rehearsal, clear=False) == fires
        assert groups(rehearsal, clear=True) == set()


@settings(deadline=None, max_examples=examples(50))
@given(arrived=arrivals())
def test_nobody_is_paged_twice_for_a_group(arrived: Arrivals) -> None:
    fires = {name for (name, _), is_firing in arrived.firing_at_the_end().items() if is_firing}
    with after(arrived, SOP) as rehearsal:
        paged = [person for _, person in rehearsal.pages()]
        open_ = len(rehearsal.incidents())
    assert paged == ["alice"] * open_
    assert len(fires) <= open_ <= len(NAMES)
