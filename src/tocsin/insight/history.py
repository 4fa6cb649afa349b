"""What did the incident look like along its way? Its timeline, with the state after each event beside it.

Pure. Instants are aware UTC; an epoch runs from the opening, or a reopening, to the next reopening.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct

from tocsin.domain.apply import apply
from tocsin.domain.events import AnyEvent, Event, Recorded
from tocsin.domain.incident import Incident


class Moment(Struct, frozen=True):
    """One event, and the incident as it stood after it."""

    at: datetime
    event: AnyEvent
    incident: Incident


def history(timeline: Iterable[Recorded]) -> tuple[Moment, ...]:
    """The timeline as moments, in its order; raises ValueError when it doesn't start with an opening."""
    moments: list[Moment] = []
    for recorded in timeline:
        before = moments[-1].incident if moments else None
        moments.append(Moment(recorded.at, recorded.event, apply(before, recorded)))
    return tuple(moments)


def epochs(moments: Sequence[Moment]) -> tuple[tuple[Moment, ...], ...]:
    """The moments of each epoch; an epoch begins with the event that opened or reopened the incident."""
    return tuple(tuple(epoch) for _, epoch in groupby(moments, key=lambda moment: moment.incident.epoch))


def first(moments: Iterable[Moment], *kinds: type[Event]) -> datetime | None:
    """When an event of one of the `kinds` happened first; None when none did."""
    return next((moment.at for moment in moments if isinstance(moment.event, kinds)), None)
