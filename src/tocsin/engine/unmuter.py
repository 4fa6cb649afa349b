"""Who sees to it that a silence ends? What it muted and still fires opens its incident, once, on whichever node.

When that is follows from the silences that are stored, so a restart needs nothing of its own, and a silence that
somebody has ended early is found at the next look.
"""

import logging
from datetime import datetime, timedelta

from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.intake import Intake
from tocsin.engine.loops import Every
from tocsin.engine.writer import Writer
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

SILENCES = Actor("silence", "engine")
_LOOK_SECONDS = 0.5
_AT_ONCE = 200
_PAUSE_AFTER_A_FAULT = timedelta(minutes=1)


class Unmuter:
    """Lets out what is muted no longer."""

    def __init__(self, store: Store, writer: Writer, desk: Desk, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._desk = desk
        self._clock = clock
        self._put_off: dict[int, datetime] = {}  # alerts on which this node fails, and until when it looks away

    async def run(self) -> None:
        """Look twice a second until cancelled."""
        failed = "silences that are over could not be looked at"
        await Every(_LOOK_SECONDS, self._let_out_all, failed, level=logging.CRITICAL).run()

    async def _let_out_all(self) -> None:
        while await self._is_due():
            await self._writer.write(self._let_out)

    async def _is_due(self) -> bool:
        now = self._clock.now()
        self._put_off = {alert: until for alert, until in self._put_off.items() if until > now}
        due_at = await self._store.read(lambda queries: queries.desk.next_unmuting_at(tuple(self._put_off)))
        return due_at is not None and due_at <= now

    def _let_out(self, tx: Transaction, now: datetime) -> None:
        failed = let_out(self._desk, tx, now, tuple(self._put_off))
        self._put_off |= dict.fromkeys(failed, now + _PAUSE_AFTER_A_FAULT)


def let_out(desk: Desk, tx: Transaction, now: datetime, but: tuple[int, ...] = ()) -> list[int]:
    """Let out what is due, and return the alerts of which that failed: one must not keep the others quiet."""
    failed: list[int] = []
    for muted in tx.silences.due(now, _AT_ONCE, but):
        try:
            with tx.savepoint():
                Intake(desk).let_out(tx, now, SILENCES, muted)
        except (Stale, InTheWay):
            raise  # another node is at it: all of it is done again
        except Exception:
            logger.critical("alert %d: its silence is over, and it could not be let out", muted.alert, exc_info=True)
            failed.append(muted.alert)
    return failed
