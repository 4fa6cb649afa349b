"""Who keeps the search index up to date? One loop beside the paging path: it may lag, and never fails a command.

What it writes goes through the writer in small pieces, with a pause between them: nothing that pages waits for more
than one. After a restart it goes on where it was.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from tocsin.engine.clock import Clock
from tocsin.engine.watch.onlooker import Onlooker
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError
from tocsin.store.connection import Reads
from tocsin.store.open import Store
from tocsin.store.search import Step, search_position, step_from
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_AT_ONCE = 50  # events: a piece of about a millisecond
_LOOK_SECONDS = 1.0
_BREATH_SECONDS = 0.05
_AFTER_A_FAULT_SECONDS = 30.0
# In real time. What is younger may not be all there yet: an event is as old as its transaction's beginning.
_SETTLED_AFTER = timedelta(seconds=20)
_SETTLED_AFTER_ALONE = timedelta(seconds=1)  # where one server commits, in the order of time


class Indexer:
    """Brings the search index up to date."""

    def __init__(self, store: Store, writer: Writer, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._onlooker = Onlooker(store)
        self._settled_after = (_SETTLED_AFTER if store.keeps_time else _SETTLED_AFTER_ALONE) * clock.speed

    async def run(self) -> None:
        """Index until cancelled."""
        while True:
            try:
                pause = _BREATH_SECONDS if await self.index_some() else _LOOK_SECONDS
            except Exception as error:  # a loop that ends would leave what is new unfound
                is_bug = not isinstance(error, TocsinError)
                logger.warning("the search index could not be brought up to date: %s", error, exc_info=is_bug)
                pause = _AFTER_A_FAULT_SECONDS
            await asyncio.sleep(pause)

    async def index_some(self) -> bool:
        """Index the next few events; whether there may be more."""
        if self._store.is_short_of_space:
            return False
        until = self._clock.now() - self._settled_after
        step = await self._onlooker.look(lambda reads: next_step(reads, until))
        if step.after == step.before:
            return False
        await self._writer.write(lambda tx, _: take(tx, step))
        return step.may_go_on

    def close(self) -> None:
        """End what was opened."""
        self._onlooker.close()


def next_step(reads: Reads, until: datetime) -> Step:
    """The next step of the index, over events that are none of them younger than `until`."""
    return step_from(reads, search_position(reads), until, _AT_ONCE)


def take(tx: Transaction, step: Step) -> None:
    """Take the step, unless another node has moved the index on meanwhile."""
    if tx.search_index.move(step.before, step.after):
        tx.search_index.add(step.events)
