"""How do many deliveries of alerts share one commit? What has come in since the last one is taken in as one batch.

Twenty requests of one alert cost hardly more than one of twenty. Each is answered after the commit that made it
durable. Where a batch fails, each of its deliveries is taken alone, and has its own outcome: none suffers for another.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct

from tocsin.domain.alert import Alert
from tocsin.engine.desk import Actor
from tocsin.engine.intake import Intake
from tocsin.engine.memory import Learnt
from tocsin.engine.writer import Writer
from tocsin.errors import Overloaded, StoreError
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

_MAX_WAITING = 100_000  # alerts
_AT_ONCE = 4_000  # alerts in one transaction: what comes next, a page among it, waits no longer than that takes
_FAILS_FOR_ALL = (Overloaded, StoreError)


class _Delivery(Struct, frozen=True):
    alerts: Sequence[Alert]
    actor: Actor
    taken: asyncio.Future[None]


class Funnel:
    """Takes deliveries of alerts and gives them to the writer, as many at once as wait."""

    def __init__(self, store: Store, writer: Writer, intake: Intake) -> None:
        self._store = store
        self._writer = writer
        self._intake = intake
        self._waiting: deque[_Delivery] = deque()
        self._alerts_waiting = 0
        self._is_called = False  # a batch is under way to the writer, and takes all that waits when it is its turn
        self._calls: set[asyncio.Task[None]] = set()

    async def take(self, alerts: Sequence[Alert], actor: Actor) -> None:
        """Return once the alerts are durable, all of them.

        Raises Overloaded when too many wait, or while the disk is too full for new ones, and what taking them raises:
        none of them is in then.
        """
        if self._alerts_waiting + len(alerts) > _MAX_WAITING:
            raise Overloaded(f"{self._alerts_waiting} alerts wait to be written: try again in a few seconds")
        delivery = _Delivery(alerts, actor, asyncio.get_running_loop().create_future())
        self._waiting.append(delivery)
        self._alerts_waiting += len(alerts)
        self._call()
        try:
            await delivery.taken
        finally:
            self._alerts_waiting -= len(alerts)

    def _call(self) -> None:
        if self._is_called or not self._waiting:
            return
        self._is_called = True
        call = asyncio.create_task(self._take_what_waits())
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _take_what_waits(self) -> None:
        batch: list[_Delivery] = []
        loop = asyncio.get_running_loop()

        def work(tx: Transaction, now: datetime) -> list[Learnt]:
            if not batch:  # else it is done again: another node was in the way
                batch.extend(self._next_batch())
                loop.call_soon_threadsafe(self._go_on)
            return self._take_in(tx, now, batch)

        try:
            learnt = await self._writer.write(work)
        except Exception as error:
            if not batch:  # the writer never came to it
                batch.extend(self._next_batch())
                self._go_on()
            await self._tell_of(error, batch)
        else:
            self._learn(learnt)
            for delivery in batch:
                _tell(delivery, None)

    def _next_batch(self) -> Iterator[_Delivery]:
        """What waits, in its order, up to a limit; in the writer's thread, while the event loop's adds to it."""
        count = 0
        while self._waiting and count < _AT_ONCE:
            delivery = self._waiting.popleft()
            count += len(delivery.alerts)
            yield delivery

    def _go_on(self) -> None:
        self._is_called = False
        self._call()

    def _take_in(self, tx: Transaction, now: datetime, batch: Sequence[_Delivery]) -> list[Learnt]:
        if self._store.is_short_of_space:
            raise Overloaded("the disk is full: new alerts are refused until there is space again")
        return [
            self._intake.take(tx, now, actor, [alert for delivery in deliveries for alert in delivery.alerts])
            for actor, deliveries in groupby(batch, key=lambda it: it.actor)
        ]

    def _learn(self, learnt: Sequence[Learnt]) -> None:
        for it in learnt:
            self._intake.learn(it)

    async def _tell_of(self, error: Exception, batch: Sequence[_Delivery]) -> None:
        """A batch has failed: each of its deliveries is tried alone, but where the database is at fault."""
        if len(batch) > 1 and not isinstance(error, _FAILS_FOR_ALL):
            await asyncio.gather(*(self._take_alone(delivery) for delivery in batch))
            return
        for delivery in batch:
            _tell(delivery, error)

    async def _take_alone(self, delivery: _Delivery) -> None:
        try:
            learnt = await self._writer.write(lambda tx, now: self._take_in(tx, now, [delivery]))
        except Exception as error:  # its sender is told
            _tell(delivery, error)
        else:
            self._learn(learnt)
            _tell(delivery, None)


def _tell(delivery: _Delivery, error: Exception | None) -> None:
    if delivery.taken.done():  # nobody waits for it any more
        return
    if error is None:
        delivery.taken.set_result(None)
    else:
        delivery.taken.set_exception(error)
