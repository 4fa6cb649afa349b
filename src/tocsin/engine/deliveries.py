"""Who delivers? One loop a provider, so that a slow one never holds up another: lease, send, settle.

A row is marked as sent after it was sent, never before. A crash between the two sends it again, under the same key.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from tocsin.domain.effects import AnyEffect, SendPage
from tocsin.engine import dispatch
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Desk
from tocsin.engine.meters import Meters
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.wire import Again, Done, Never, Reply, Request, Then, Verdict
from tocsin.store.open import Store
from tocsin.store.rows import Delivery
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_AT_ONCE = 16
_PAUSE_AFTER_A_FAULT = timedelta(seconds=1)
_MAX_REQUESTS = 100  # of one delivery: a listing of channels takes many pages


class Provider(Protocol):
    """What delivers one kind of effects, sans I/O."""

    name: str

    def request_for(self, effect: AnyEffect) -> Request | Done | Never:
        """The request that delivers `effect`, or the verdict where none is needed."""

    def classify(self, effect: AnyEffect, request: Request, reply: Reply) -> Verdict:
        """What the reply means."""

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """What shares a rate with others, and how far apart they must be; None: no limit of its own."""


class Deliveries:
    """Delivers what is due for one provider. `changed` is set after each commit."""

    def __init__(
        self,
        provider: Provider,
        *,
        node: str,
        store: Store,
        writer: Writer,
        desk: Desk,
        clock: Clock,
        send: Callable[[Request], Awaitable[Reply]],
        meters: Meters,
    ) -> None:
        self._provider = provider
        self._node = node
        self._store = store
        self._writer = writer
        self._desk = desk
        self._clock = clock
        self._send = send
        self._meters = meters
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._unreadable: frozenset[int] = frozenset()
        self._next_turn: dict[str, float] = {}
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again after the restart."""
        try:
            while True:
                self.changed.clear()
                try:
                    wait = await self._start_due()
                except Exception as error:  # a loop that ends would be silence
                    is_bug = not isinstance(error, TocsinError)
                    logger.critical("%s: nothing could be leased: %s", self._provider.name, error, exc_info=is_bug)
                    wait = _PAUSE_AFTER_A_FAULT
                await self._clock.wait_for(self.changed, wait)
        finally:
            for task in self._under_way:
                task.cancel()

    async def _start_due(self) -> timedelta:
        """Start what may leave now, and return how long to wait for more unless something changes."""
        free = _AT_ONCE - len(self._under_way)
        name, but = self._provider.name, self._unreadable
        due_at = await self._store.read(lambda queries: queries.next_delivery_at(name, but))
        now = self._clock.now()
        if due_at is None or not free:
            return self._store.look_every
        if due_at > now:
            return min(self._store.look_every, due_at - now)
        claim = dispatch.Claim(self._node, name, free, but)
        leased = await self._writer.write(lambda tx, at: dispatch.lease(tx, at, claim))
        self._unreadable |= frozenset(leased.unreadable)
        for delivery in leased.deliveries:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way[task] = delivery.id
            task.add_done_callback(self._ended)
        # What is due and was not there to be leased is another node's at this moment.
        return timedelta() if leased.deliveries else timedelta(milliseconds=50)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self.changed.set()

    def under_way(self) -> list[int]:
        """The rows that this node is delivering now."""
        return list(self._under_way.values())

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._await_turn(delivery.effect)
            if not await self._store.read(lambda queries: queries.may_leave(delivery, self._node)):
                verdict: Verdict = Again("it was called back, or another node has taken it over")
            else:
                self._count(delivery)
                verdict = await self._verdict_on(delivery.effect)
        except Unreachable as error:
            verdict = Again(str(error))
        except Exception as error:  # a bug must not lose the page: it is tried again, and cried out
            logger.critical("%s: could not be delivered", delivery.key, exc_info=True)
            verdict = Again(f"internal fault: {type(error).__name__}")
        await self._settle(delivery, verdict)

    def _count(self, delivery: Delivery) -> None:
        is_first = isinstance(delivery.effect, SendPage) and delivery.attempts == 1
        waited = self._clock.real_seconds(self._clock.now() - delivery.created_at)
        self._meters.began(self._provider.name, page_after=waited if is_first else None)

    async def _verdict_on(self, effect: AnyEffect) -> Verdict:
        step = self._provider.request_for(effect)
        for _ in range(_MAX_REQUESTS):
            if not isinstance(step, Request):
                return step
            verdict = self._provider.classify(effect, step, await self._send(step))
            if not isinstance(verdict, Then):
                return verdict
            step = verdict.request
        return Again(f"not done after {_MAX_REQUESTS} requests")

    async def _settle(self, delivery: Delivery, verdict: Verdict) -> None:
        def work(tx: Transaction, now: datetime) -> None:
            dispatch.settle(self._desk, tx, now, delivery, verdict)

        while True:
            try:
                await self._write_at_all_events(work)
            except Exception as error:
                # Sent but not settled: keep trying, the row stays leased meanwhile and isn't sent a second time.
                is_bug = not isinstance(error, TocsinError)
                logger.critical("%s: its outcome could not be written: %s", delivery.key, error, exc_info=is_bug)
                await asyncio.sleep(1)
            else:
                self._meters.ended(self._provider.name, type(verdict).__name__.lower())
                return

    async def _write_at_all_events(self, work: Callable[[Transaction, datetime], None]) -> None:
        """A server that is told to stop still writes down what was sent, so as not to send it again."""
        writing = asyncio.ensure_future(self._writer.write(work))
        writing.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, even by nobody else
        await asyncio.shield(writing)

    async def _await_turn(self, effect: AnyEffect) -> None:
        """Keep the provider's rate for what shares one."""
        paced = self._provider.pace(effect)
        if paced is None:
            return
        key, apart = paced
        now = time.monotonic()
        turn = max(now, self._next_turn.get(key, now))
        self._next_turn[key] = turn + self._clock.real_seconds(apart)
        await asyncio.sleep(turn - now)
