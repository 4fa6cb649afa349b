"""How do things stand now? One look at the database every few seconds, from which alarms, readiness and figures follow.

Nothing here is asked for by anybody who waits: who wants to know reads the newest look.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain.incident import Incident
from tocsin.engine.sops import Sops
from tocsin.engine.watch.unreached import is_unreached
from tocsin.sop.model import Sop
from tocsin.store.connection import Reads
from tocsin.store.queries import Queries
from tocsin.store.rows import SeenMember
from tocsin.store.vitals import Ending, Overdue, Unanswered, Vitals, Waiting

OVERDUE_AFTER = timedelta(seconds=60)  # a delivery that may leave leaves at once
_FORGOTTEN_AFTER = timedelta(seconds=60)  # leases that ended are given back within five seconds
_FIRST_LOOK_BACK = timedelta(hours=24)
_OVERLAP = timedelta(minutes=2)  # what was decided before another commit may become visible after it
_MOST_EVENTS = 10_000
_MOST_SUSPECTS = 500


class Look(Struct, frozen=True):
    """What one look saw at `at`; `wakes_late_by` is how late the earliest wake-up is."""

    at: datetime
    wakes_late_by: timedelta = timedelta()
    waiting: tuple[Waiting, ...] = ()
    overdue: tuple[Overdue, ...] = ()
    forgotten_leases: tuple[str, ...] = ()
    open_incidents: dict[str, int] = {}
    unanswered: tuple[Unanswered, ...] = ()
    unreached: tuple[Incident, ...] = ()
    quarantined: tuple[int, str] = (0, "")
    held: tuple[int, str] = (0, "")
    ending: tuple[Ending, ...] = ()
    nodes: tuple[SeenMember, ...] = ()


class Observer:
    """Looks, and remembers which incidents it must look at again."""

    def __init__(self, sops: Sops, now: Callable[[], datetime], speed: float) -> None:
        self._sops = sops
        self._now = now
        self._speed = speed
        self._since: datetime | None = None
        self._suspects: dict[str, None] = {}

    def look(self, reads: Reads) -> Look:
        """One look; raises StoreError."""
        vitals, now = Vitals(reads), self._now()
        waiting = vitals.waiting()
        before = now - OVERDUE_AFTER * self._speed
        overdue = (vitals.overdue(it.provider, before) for it in waiting)
        wake_at = vitals.next_wake_at()
        return Look(
            at=now,
            wakes_late_by=max(timedelta(), now - wake_at) if wake_at else timedelta(),
            waiting=waiting,
            overdue=tuple(it for it in overdue if it is not None),
            forgotten_leases=tuple(vitals.forgotten_leases(_FORGOTTEN_AFTER)),
            open_incidents=vitals.open_incidents(),
            unanswered=vitals.unanswered(),
            unreached=self._unreached(vitals, Queries(reads), now),
            quarantined=vitals.quarantined(),
            held=vitals.held(),
            ending=vitals.ending(),
            nodes=tuple(vitals.nodes()),
        )

    def _unreached(self, vitals: Vitals, queries: Queries, now: datetime) -> tuple[Incident, ...]:
        """The incidents that nobody could be reached for, of those on which a page was sent or failed."""
        since = self._since or now - _FIRST_LOOK_BACK
        found, until = vitals.reached_for(since, _MOST_EVENTS)
        self._since = until or now - _OVERLAP * self._speed
        self._suspects |= found
        looked_at = list(self._suspects)[:_MOST_SUSPECTS]
        unreached = tuple(it for it in vitals.triggered(looked_at) if is_unreached(self._sop_of(it, queries), it))
        # Those that wait for their turn come first next time, then those that are unreached still.
        rest = list(self._suspects)[_MOST_SUSPECTS:]
        self._suspects = dict.fromkeys([*rest, *(it.id for it in unreached)])
        return unreached

    def _sop_of(self, incident: Incident, queries: Queries) -> Sop:
        return self._sops.of(incident.sop_version, queries)
