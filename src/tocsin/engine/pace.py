"""Whose turn is when? Rates that a provider must not be sent past; plain values and instants, no I/O.

A rate is kept by its theoretical arrival time: the instant at which everything sent so far would have left at even
distances. It may run ahead of the clock by a burst (the generic cell rate algorithm, ITU-T I.371).
"""

from datetime import datetime, timedelta

from msgspec import Struct


class Rate(Struct, frozen=True):
    """`burst` at once, and from then on one every `apart`: in any minute at most `burst` + a minute / `apart`."""

    apart: timedelta
    burst: int = 1


class Bucket:
    """How many may leave now at a rate."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._even_at: datetime | None = None

    def free(self, now: datetime) -> int:
        """How many may leave now, 0 to the burst."""
        ahead = max(self._even_at - now, timedelta()) if self._even_at else timedelta()
        return max(0, (self._rate.burst * self._rate.apart - ahead) // self._rate.apart)

    def take(self, count: int, now: datetime) -> None:
        """So many leave now."""
        self._even_at = max(self._even_at or now, now) + count * self._rate.apart

    def forgive(self, now: datetime) -> None:
        """Of what has left past the rate a burst is owed at most: else it would be paid for hours."""
        if self._even_at is not None:
            self._even_at = min(self._even_at, now + self._rate.burst * self._rate.apart)

    def next_at(self, now: datetime) -> datetime:
        """When the next may leave: `now` where one may."""
        if self._even_at is None:
            return now
        return max(now, self._even_at - (self._rate.burst - 1) * self._rate.apart)


class Turns:
    """When each delivery may leave, of those that share a rate: in the order in which they ask, so far apart.

    A turn is kept for who waits for it, elsewhere than in the place of another.
    """

    def __init__(self) -> None:
        self._left: dict[str, datetime] = {}
        self._next: dict[str, datetime] = {}
        self._kept: dict[int, datetime] = {}

    def turn_of(self, id_: int, key: str, apart: timedelta, now: datetime) -> datetime:
        """When the delivery may leave; if that is now, it has left."""
        self._forget(now)
        turn = self._kept.pop(id_, None)
        if turn is None:
            turn = max(now, self._next.get(key, now))
            self._next[key] = turn + apart
        # Who comes late for a turn must not be followed at once by who comes in time for the next.
        turn = max(turn, now, self._left.get(key, now - apart) + apart)
        if turn > now:
            self._kept[id_] = turn
        else:
            self._left[key] = now
        return turn

    def _forget(self, now: datetime) -> None:
        """Of what another node has sent, or nobody any more, no turn is kept."""
        long_past = now - timedelta(minutes=1)
        self._kept = {id_: turn for id_, turn in self._kept.items() if turn > long_past}
        self._left = {key: left for key, left in self._left.items() if left > long_past}
        self._next = {key: turn for key, turn in self._next.items() if turn > long_past}
