"""Who looks at the incidents when time has passed? One loop, asleep until the earliest wake-up."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.engine.clock import Clock
from tocsin.engine.desk import Desk
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_BATCH = 200
_PAUSE_AFTER_A_FAULT = timedelta(minutes=1)
_PAUSE_AFTER_ANOTHER = timedelta(seconds=1)


class Waker:
    """Gives a Tick to every incident whose wake-up is due. `changed` is set after each commit."""

    def __init__(self, store: Store, writer: Writer, desk: Desk, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._desk = desk
        self._clock = clock
        # What this node can't carry out, perhaps because a newer one has written it, and until when it looks away. It
        # isn't written down: the others go on looking.
        self._put_off: dict[str, datetime] = {}
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Wake incidents until cancelled."""
        while True:
            self.changed.clear()
            try:
                wait = await self._wake_due()
            except Exception as error:  # a loop that ends would be silence
                is_bug = not isinstance(error, TocsinError)
                logger.critical("incidents could not be woken: %s; trying again", error, exc_info=is_bug)
                wait = timedelta(seconds=1)
            await self._clock.wait_for(self.changed, wait)

    async def _wake_due(self) -> timedelta:
        """Carry out what is due, and return how long nothing else will be."""
        now = self._clock.now()
        self._put_off = {incident: until for incident, until in self._put_off.items() if until > now}
        but = tuple(self._put_off)
        wake_at = await self._store.read(lambda queries: queries.next_wake_at(but))
        look_at = min([now + self._store.look_every, *filter(None, [wake_at]), *self._put_off.values()])
        if look_at > now:
            return look_at - now
        woken = await self._writer.write(lambda tx, at: self._tick(tx, at, but))
        # What is due and was not there to be woken is being woken by another node at this moment.
        return timedelta() if woken else timedelta(milliseconds=50)

    def _tick(self, tx: Transaction, now: datetime, but: tuple[str, ...]) -> int:
        """Carry out what is due, and return of how many incidents."""
        due = tx.incidents.due(now, _BATCH, but)
        if due:
            self._wake(tx, now, due)
        return len(due)

    def _wake(self, tx: Transaction, now: datetime, due: Sequence[str]) -> None:
        """Carry out what is due on these incidents; where one fails it is found by halving, and put off alone."""
        try:
            with tx.savepoint():
                self._desk.wake(tx, now, due)
        except Exception as error:
            tx.refuse_if_undone()  # the database has gone away: that is no fault of the incidents'
            middle = len(due) // 2
            if not middle:
                self._put_off_alone(due[0], now, error)
                return
            self._wake(tx, now, due[:middle])
            self._wake(tx, now, due[middle:])

    def _put_off_alone(self, incident: str, now: datetime, error: Exception) -> None:
        if isinstance(error, Stale | InTheWay):
            logger.info("%s: another node is at it: %s", incident, error)
            self._put_off[incident] = now + _PAUSE_AFTER_ANOTHER
            return
        # One incident that can't be read must not keep the others from their deadlines.
        is_bug = not isinstance(error, TocsinError)
        logger.critical(
            "%s: its deadlines could not be carried out: %s", incident, error, exc_info=error if is_bug else None
        )
        self._put_off[incident] = now + _PAUSE_AFTER_A_FAULT
