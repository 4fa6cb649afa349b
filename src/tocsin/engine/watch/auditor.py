"""Do the invariants hold in production? Asked once a minute; each breach is an alarm that names the row.

What only a decoded incident can tell is asked of a part of them each time, in turn; what was found once is asked again
until it is in order. A breach counts when a second look, a moment later, shows it still: what was read while somebody
wrote doesn't.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tocsin.domain.audit import breaches
from tocsin.engine.backoff import RETRY_FOR
from tocsin.engine.loops import Every
from tocsin.engine.sops import Sops
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.engine.watch.onlooker import Onlooker
from tocsin.store.audit import Audit, StoredIncident
from tocsin.store.connection import Reads

EVERY_SECONDS = 60
_SECOND_LOOK_SECONDS = 2.0
_LATE_AFTER = timedelta(seconds=30)
_PER_TURN = 300
_MOST_NAMED = 50

Breaches = dict[str, str]  # `5 INC-2026-0042`: what is wrong


class Auditor:
    """Asks, and raises the alarms. `audited_at` is the loop's time when it last got all its answers."""

    def __init__(
        self,
        sops: Sops,
        onlooker: Onlooker,
        alarms: Alarms,
        now: Callable[[], datetime],
        speed: float,
        *,
        second_look_seconds: float = _SECOND_LOOK_SECONDS,
        per_turn: int = _PER_TURN,
    ) -> None:
        self._sops = sops
        self._onlooker = onlooker
        self._alarms = alarms
        self._now = now
        self._speed = speed
        self._after_open = self._after_triggered = ""
        self._suspects: frozenset[str] = frozenset()
        self._second_look_seconds = second_look_seconds
        self._per_turn = per_turn
        self.audited_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Audit once a minute until cancelled."""
        failed = "the audit could not be made"
        await Every(EVERY_SECONDS, self.audit, failed, first_after=EVERY_SECONDS, level=logging.CRITICAL).run()

    async def audit(self) -> None:
        """One audit; raises StoreError and Unreachable where the database doesn't answer."""
        asked, found = await self._onlooker.look(self._first_look)
        if found:
            await asyncio.sleep(self._second_look_seconds)
            again = await self._onlooker.look(lambda reads: self._ask(reads, asked))
            found = {id_: text for id_, text in again.items() if id_ in found}
        self._suspects = frozenset(id_.partition(" ")[2] for id_ in found)
        self._alarms.state(Trouble.AUDIT, dict(list(found.items())[:_MOST_NAMED]), self._now())
        self.audited_at = asyncio.get_running_loop().time()

    def _first_look(self, reads: Reads) -> tuple[frozenset[str], Breaches]:
        asked = self._suspects | self._turn(Audit(reads))
        return asked, self._ask(reads, asked)

    def _turn(self, audit: Audit) -> frozenset[str]:
        """The incidents whose turn it is; after the last one it begins anew."""
        in_turn = audit.open_incidents(self._after_open, self._per_turn)
        triggered = audit.triggered_without_a_deadline(self._after_triggered, self._per_turn)
        self._after_open = in_turn[-1] if len(in_turn) == self._per_turn else ""
        self._after_triggered = triggered[-1] if len(triggered) == self._per_turn else ""
        return frozenset([*in_turn, *triggered])

    def _ask(self, reads: Reads, incidents: frozenset[str]) -> Breaches:
        audit, now = Audit(reads), self._now()
        found = dict(self._of_all(audit, now))
        for stored in audit.stored(incidents):
            found.update(self._of_one(audit, stored, now))
        return found

    def _of_all(self, audit: Audit, now: datetime) -> Iterator[tuple[str, str]]:
        for first, second in audit.groups_with_two_open_incidents():
            yield _breach(3, first, f"{second} is open for the same alerts")
        for incident, due_at in audit.overdue(now - _LATE_AFTER * self._speed):
            yield _breach(7, incident, f"what was due at {due_at:%Y-%m-%d %H:%M:%S} UTC has not been carried out")
        for alert, since in audit.overdue_mutes(now - _LATE_AFTER * self._speed):
            yield _breach(
                7, f"alert {alert}", f"its silence ended at {since:%Y-%m-%d %H:%M:%S} UTC, and it is muted still"
            )
        for alert in audit.alerts_of_nobody():
            yield _breach(14, f"alert {alert}", "it fires, and has neither an incident nor a silence")
        for key in audit.unsettled(now - RETRY_FOR - timedelta(minutes=10) * self._speed):
            yield _breach(15, key, "it has waited for its outcome for more than 24 hours")

    def _of_one(self, audit: Audit, stored: StoredIncident, now: datetime) -> Iterator[tuple[str, str]]:
        incident = stored.incident
        sop = self._sops.of(incident.sop_version, audit.queries)
        for it in breaches(sop, incident, stored.wake_at, now - _LATE_AFTER * self._speed):
            yield _breach(it.invariant, incident.id, it.what)
        for key in audit.lost_pages(incident):
            yield _breach(15, incident.id, f"its page {key} is on its way, but nothing of it is to be sent")
        if audit.differs_from_its_events(incident):
            yield _breach(17, incident.id, "its state is not what its events say")


def _breach(invariant: int, row: str, what: str) -> tuple[str, str]:
    return f"{invariant} {row}", f"{row}: {what} (invariant {invariant})"
