"""When may a request leave that a provider counts? By the limits that the requests name; plain instants, no I/O.

Half of what a provider takes in a minute leaves at once, the others evenly: no minute holds more. What has begun goes
on, as a listing takes many requests and would begin anew, yet it counts. A page waits for no limit; at worst it is
refused, and tried again.
"""

from datetime import datetime, timedelta

from tocsin.domain.effects import AnyEffect, SendPage, SendPageTest
from tocsin.engine.pace import Bucket, Rate
from tocsin.integrations.wire import Busy, Limit, Outgoing, Request, Verdict

_MINUTE = timedelta(minutes=1)


class NotYet(Exception):
    """The delivery may not begin before `turn`."""

    def __init__(self, turn: datetime) -> None:
        super().__init__()
        self.turn = turn


class Quotas:
    """What has left to one provider, and what it has asked for itself, by the limits' names.

    Who has to wait is given a turn of their own, so that not all come back for one place.
    """

    def __init__(self) -> None:
        self._planned: dict[str, Bucket] = {}
        self._left: dict[str, Bucket] = {}
        self._held: dict[str, datetime] = {}
        self._kept: dict[int, datetime] = {}

    def begin(self, request: Outgoing, delivery: int, effect: AnyEffect, now: datetime) -> None:
        """The delivery's first request leaves now; raises NotYet where it may not."""
        limit = _limit_of(request, effect)
        if limit is None:
            return
        turn = self._turn_of(delivery, limit, now)
        if turn > now:
            self._kept[delivery] = turn
            raise NotYet(turn)
        self._left[limit.name].take(1, now)

    def go_on(self, request: Outgoing, effect: AnyEffect, now: datetime) -> None:
        """A further request of a delivery leaves now."""
        limit = _limit_of(request, effect)
        if limit is not None:
            for bucket in self._buckets(limit):
                bucket.take(1, now)

    def hears(self, request: Outgoing, effect: AnyEffect, verdict: Verdict, now: datetime) -> None:
        """What the answer says of the limit: one that is exhausted is so for all that count against it."""
        limit = _limit_of(request, effect)
        if limit is not None and isinstance(verdict, Busy) and verdict.after:
            # By the minute it counts: who is told to wait for an hour does, of the others that says less.
            self._held[limit.name] = now + min(verdict.after, _MINUTE)

    def _turn_of(self, delivery: int, limit: Limit, now: datetime) -> datetime:
        self._forget(now)
        planned, left = self._buckets(limit)
        turn = self._kept.pop(delivery, None)
        if turn is None:
            turn = planned.next_at(now)
            planned.take(1, now)
        # Who comes late for a turn must not be followed at once by who comes in time for the next.
        return max(turn, left.next_at(now), self._held.get(limit.name, now), now)

    def _buckets(self, limit: Limit) -> tuple[Bucket, Bucket]:
        """What is planned, and what has left."""
        rate = _rate_of(limit)
        return self._planned.setdefault(limit.name, Bucket(rate)), self._left.setdefault(limit.name, Bucket(rate))

    def _forget(self, now: datetime) -> None:
        """Of what another node has sent, or nobody any more, no turn is kept."""
        self._kept = {id_: turn for id_, turn in self._kept.items() if turn > now - _MINUTE}
        self._held = {name: until for name, until in self._held.items() if until > now}


def _rate_of(limit: Limit) -> Rate:
    burst = (limit.a_minute + 1) // 2
    return Rate(_MINUTE / max(1, limit.a_minute - burst), burst)


def _limit_of(request: Outgoing, effect: AnyEffect) -> Limit | None:
    if isinstance(effect, SendPage | SendPageTest) or not isinstance(request, Request):
        return None
    return request.limit
