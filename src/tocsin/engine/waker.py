"""Who looks at the incidents when time has passed? One loop, asleep until the earliest wake-up."""

import asyncio
import logging
from datetime import datetime, timedelta

from tocsin.domain.commands import Tick
from tocsin.engine.clock import Clock
from tocsin.engine.desk import ENGINE, Desk
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_BATCH = 200
_POLL = timedelta(seconds=30)  # the safety net under the wake-ups: engine time
_PAUSE_AFTER_A_FAULT = timedelta(minutes=1)


class Waker:
    """Gives a Tick to every incident whose wake-up is due. `changed` is set after each commit."""

    def __init__(self, queries: Queries, writer: Writer, desk: Desk, clock: Clock) -> None:
        self._queries = queries
        self._writer = writer
        self._desk = desk
        self._clock = clock
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
        wake_at = self._queries.next_wake_at()
        now = self._clock.now()
        if wake_at is None:
            return _POLL
        if wake_at > now:
            return min(_POLL, wake_at - now)
        await self._writer.write(self._tick)
        return timedelta()

    def _tick(self, tx: Transaction, now: datetime) -> None:
        for incident in tx.due_incidents(now, _BATCH):
            try:
                with tx.savepoint():
                    self._desk.change(tx, now, incident, Tick(), ENGINE)
            except Exception:
                # One incident that can't be read must not keep the others from their deadlines.
                logger.critical("%s: its deadlines could not be carried out", incident, exc_info=True)
                tx.postpone_wake(incident, now + _PAUSE_AFTER_A_FAULT)
