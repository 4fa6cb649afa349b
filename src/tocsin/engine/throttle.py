"""How much may leave to one provider now, and of what kind? Its health, its rate, and its places, put together.

Most places are for everything. The last are kept for pages, and the very last for those of the gravest incidents: what
hangs in a provider that is slow never keeps a SEV1 from being tried.
"""

from datetime import datetime

from msgspec import Struct

from tocsin.engine.breaker import Breaker
from tocsin.engine.pace import Bucket, Rate
from tocsin.integrations.wire import Again, Busy, Verdict
from tocsin.store.rows import Only

Places = tuple[tuple[int, Only], ...]

PLACES: Places = ((16, Only.ANYTHING), (24, Only.PAGES), (32, Only.GRAVEST_PAGES))
FEW: Places = ((4, Only.ANYTHING), (5, Only.PAGES), (6, Only.GRAVEST_PAGES))  # where each takes a process of its own


class Room(Struct, frozen=True):
    """For how many deliveries there is room, and for which."""

    count: int
    only: Only


def room_for(under_way: int, at_most: int, kept: Places = PLACES) -> Room:
    """The room that is left, when so many are under way and `at_most` may be."""
    for places, only in kept:
        if under_way < places:
            return Room(max(0, min(places, at_most) - under_way), only)
    return Room(0, Only.GRAVEST_PAGES)


class Throttle:
    """What is known about one provider's capacity. It changes by what it is told, and does nothing by itself."""

    def __init__(self, rate: Rate | None, places: Places = PLACES) -> None:
        self.breaker = Breaker()
        self._places = places
        self._bucket = Bucket(rate) if rate else None
        self._has_backlog = False

    def room(self, under_way: int, now: datetime) -> Room:
        """What may leave now."""
        room = room_for(under_way, self.breaker.at_once(now), self._places)
        return Room(min(room.count, self._bucket.free(now)), room.only) if self._bucket and self._is_paced else room

    @property
    def _is_paced(self) -> bool:
        """A page in a storm is not held back for a rate that may not hold; what waited through an outage is."""
        return self._has_backlog or not self.breaker.is_closed

    def is_drained(self) -> None:
        """Nothing is due: what waited while the provider was ill has left."""
        self._has_backlog = False

    def opens_at(self, now: datetime) -> datetime | None:
        """When there will be room without anything coming to its end; None: not before that, or there is now."""
        probe_at = self.breaker.probe_at
        instants = [
            *([probe_at] if probe_at else []),
            *([self._bucket.next_at(now)] if self._bucket and self._is_paced else []),
        ]
        return min((instant for instant in instants if instant > now), default=None)

    def takes(self, count: int, now: datetime) -> None:
        """So many leave now."""
        if self._bucket:
            self._bucket.take(count, now)
            self._bucket.forgive(now)  # while all is well nothing is held to the rate

    def hears(self, verdict: Verdict, key: str, now: datetime) -> None:
        """What the answer to a delivery says of its provider's health."""
        self._has_backlog |= not self.breaker.is_closed
        match verdict:
            case Busy():
                self.breaker = self.breaker.after_busy()
            case Again(reason=reason, after=after):
                self.breaker = self.breaker.after_failure(key, reason, now, after)
            case _:
                self.breaker = self.breaker.after_answer()
