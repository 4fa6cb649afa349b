"""Who delivers? One loop a provider, so that a slow one never holds up another: lease, send, settle.

A row is marked as sent after it was sent, never before. A crash between the two sends it again, under the same key.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from tocsin.domain.effects import AnyEffect, SendPage
from tocsin.engine import dispatch
from tocsin.engine.pace import Rate, Turns
from tocsin.engine.parts import Parts
from tocsin.engine.quotas import NotYet, Quotas
from tocsin.engine.sender import Look
from tocsin.engine.throttle import Places, Throttle
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.wire import Again, Attempt, Done, Never, Outgoing, Reply, Rung, Then, Verdict
from tocsin.store.leased import Decoded
from tocsin.store.rows import Delivery, Only
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)
console = logging.getLogger("tocsin.inbox")

T = TypeVar("T")

_PAUSE_AFTER_A_FAULT = timedelta(seconds=1)
_PAUSE_AFTER_ANOTHER = timedelta(milliseconds=50)
_HANDED_OVER_EVERY = timedelta(seconds=1)  # what waits is looked through, and there may be much of it
_TAKEN_UP_EVERY = timedelta(seconds=5)
_AT_ONCE = 50  # incidents are told in one transaction
_LOOKS = 5
_OLD_AFTER_SECONDS = 0.25
_MAX_REQUESTS = 100  # of one delivery: a listing of channels takes many pages


class Provider(Protocol):
    """What delivers one kind of effects, sans I/O."""

    name: str
    rate: Rate | None  # at which everything together leaves that waited for it while it was ill; None: at any
    places: Places  # for how many deliveries at once there is room, and for which

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Outgoing | Done | Never:
        """The request that delivers `effect`, or that looks whether an earlier attempt has; the verdict without one."""

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        """What the reply means."""

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        """What shares a rate with others, and how far apart they must be; None: no limit of its own."""


class Send(Protocol):
    """How a request goes out: the engine's Sender, or a test's."""

    async def __call__(self, request: Outgoing, last_look: Look) -> Reply:
        """The reply; raises Unreachable. `last_look` is awaited just before the request leaves."""


class _CalledBack(Exception):
    """The last look: it must not leave."""


class Deliveries:
    """Delivers what is due for one provider. `changed` is set after each commit."""

    def __init__(self, provider: Provider, parts: Parts, send: Send) -> None:
        self.name = provider.name
        self.throttle = Throttle(provider.rate, provider.places)
        self._provider = provider
        self._node = parts.node
        self._store = parts.store
        self._writer = parts.writer
        self._desk = parts.desk
        self._clock = parts.clock
        self._send = send
        self._meters = parts.meters
        self._turns = Turns()
        self._quotas = Quotas()
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._unreadable: frozenset[int] = frozenset()
        self._handed_over: frozenset[int] = frozenset()
        self._hands_over_at = self._takes_up_at = parts.clock.now()
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again after the restart."""
        try:
            while True:
                self.changed.clear()
                try:
                    await self._hand_over()
                    await self._take_up()
                    wait = await self._start_due()
                    wait = wait if self.throttle.breaker.is_closed else min(wait, _HANDED_OVER_EVERY)
                except Exception as error:  # a loop that ends would be silence
                    is_bug = not isinstance(error, TocsinError)
                    logger.critical("%s: nothing could be leased: %s", self.name, error, exc_info=is_bug)
                    wait = _PAUSE_AFTER_A_FAULT
                await self._clock.wait_for(self.changed, wait)
        finally:
            for task in self._under_way:
                task.cancel()

    async def _start_due(self) -> timedelta:
        """Start what may leave now, and return how long to wait for more unless something changes."""
        now = self._clock.now()
        room = self.throttle.room(len(self._under_way), now)
        if not room.count:
            return self._until(now, self.throttle.opens_at(now))
        but, only = self._unreadable, room.only
        due_at = await self._store.read(lambda queries: queries.outbox.next_delivery_at(self.name, but, only))
        now = self._clock.now()
        if due_at is None or due_at > now:
            if only is Only.ANYTHING:
                self.throttle.is_drained()
            return self._until(now, due_at)
        leased = await self._lease(dispatch.Claim(self._node, self.name, room.count, but, only))
        self._unreadable |= frozenset(leased.unreadable)
        self.throttle.takes(len(leased.deliveries), now)
        for delivery in leased.deliveries:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way[task] = delivery.id
            task.add_done_callback(self._ended)
        # What is due and was not there to be leased is another node's at this moment, or nobody needs it any more.
        return timedelta() if leased.deliveries else _PAUSE_AFTER_ANOTHER

    async def _lease(self, claim: dispatch.Claim) -> Decoded:
        breaker = self.throttle.breaker

        def work(tx: Transaction, now: datetime) -> Decoded:
            if not breaker.is_closed:
                dispatch.give_up_old(self._desk, tx, now, claim, breaker.reason)
            return dispatch.lease(tx, now, claim)

        return await self._writer.write(work)

    def _until(self, now: datetime, instant: datetime | None) -> timedelta:
        return min(self._store.look_every, instant - now) if instant else self._store.look_every

    async def _hand_over(self) -> None:
        """While the provider is ill, the pages that wait for it don't wait."""
        breaker = self.throttle.breaker
        if breaker.is_closed:
            self._handed_over = frozenset()
            return
        now = self._clock.now()
        if now < self._hands_over_at:
            return
        self._hands_over_at = now + _HANDED_OVER_EVERY
        told, reason = self._handed_over | self._unreadable, f"{self.name} is not well: {breaker.reason}"
        found = await self._store.read(lambda queries: queries.outbox.waiting_pages(self.name, told))
        self._unreadable |= frozenset(found.unreadable)
        pages = found.deliveries
        if pages:
            await self._writer.write(lambda tx, at: dispatch.hand_over(self._desk, tx, at, pages, reason))
            self._handed_over |= {page.id for page in pages}

    async def _hand_over_counted(self, delivery: Delivery) -> None:
        """What is counted in a page that is late doesn't wait for it either."""
        pages = (await self._store.read(lambda queries: queries.outbox.counted_in(delivery.id))).deliveries
        reason = f"{self.name} has not taken the page that tells of it"
        for start in range(0, len(pages), _AT_ONCE):
            some = pages[start : start + _AT_ONCE]
            await self._write(delivery, partial(dispatch.hand_over, self._desk, pages=some, reason=reason))

    async def _take_up(self) -> None:
        """What is counted in a page that has ended, and nobody has said so: whoever sent it died in between."""
        now = self._clock.now()
        if now < self._takes_up_at:
            return
        self._takes_up_at = now + _TAKEN_UP_EVERY
        for lead in await self._store.read(lambda queries: queries.outbox.leads_that_ended(self.name)):
            while await self._writer.write(partial(dispatch.follow, self._desk, lead=lead)):
                pass

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self.changed.set()

    def under_way(self) -> list[int]:
        """The rows that this node is delivering now."""
        return list(self._under_way.values())

    async def _deliver(self, delivery: Delivery) -> None:
        due_at = self._turn_of(delivery)
        if due_at is not None:
            await self._write(delivery, lambda tx, _: tx.outbox.put_off(delivery, due_at))
            return
        try:
            verdict = await self._verdict_on(delivery)
        except NotYet as wait:
            turn = wait.turn
            await self._write(delivery, lambda tx, _: tx.outbox.put_off(delivery, turn))
            return
        except _CalledBack:
            await self._write(delivery, lambda tx, now: dispatch.take_back(tx, now, delivery))
            await self._follow(delivery)
            return
        except TocsinError as error:  # the database could not be asked whether it may leave
            verdict = Again(str(error))
        except Exception as error:  # a bug must not lose the page: it is tried again, and cried out
            logger.critical("%s: could not be delivered", delivery.key, exc_info=True)
            verdict = Again(f"internal fault: {type(error).__name__}")
        is_late = await self._write(delivery, lambda tx, now: dispatch.settle(self._desk, tx, now, delivery, verdict))
        if is_late and delivery.counted:
            await self._hand_over_counted(delivery)
        self._meters.ended(self.name, "again" if isinstance(verdict, Again) else type(verdict).__name__.lower())
        await self._follow(delivery)

    async def _follow(self, delivery: Delivery) -> None:
        """What is counted in it ends as it has ended, in portions that leave the writer to others in between."""
        while delivery.counted and await self._write(
            delivery, lambda tx, now: dispatch.follow(self._desk, tx, now, delivery.id)
        ):
            pass

    def _count(self, delivery: Delivery) -> None:
        is_first = isinstance(delivery.effect, SendPage) and delivery.attempts == 1
        waited = self._clock.real_seconds(self._clock.now() - delivery.created_at)
        self._meters.began(self.name, page_after=waited if is_first else None)

    def _turn_of(self, delivery: Delivery) -> datetime | None:
        """When the delivery may leave by the rate that it shares with some others; None: now."""
        paced = self._provider.pace(delivery.effect)
        if paced is None:
            return None
        key, apart = paced
        now = self._clock.now()
        turn = self._turns.turn_of(delivery.id, key, apart, now)
        return turn if turn > now else None

    async def _verdict_on(self, delivery: Delivery) -> Verdict:
        attempt = Attempt(delivery.key, delivery.created_at, is_repeat=delivery.is_repeat)
        step = self._provider.request_for(delivery.effect, attempt)
        if isinstance(step, Done | Never):
            await self._look(delivery)
            self._count(delivery)
            return _rung(step) if isinstance(step, Rung) else step
        self._quotas.begin(step, delivery.id, delivery.effect, self._clock.now())
        self._count(delivery)
        for _ in range(_MAX_REQUESTS):
            verdict = await self._answer_to(step, delivery)
            if not isinstance(verdict, Then):
                return verdict
            step = verdict.request
            self._quotas.go_on(step, delivery.effect, self._clock.now())
        return Again(f"not done after {_MAX_REQUESTS} requests")

    async def _answer_to(self, request: Outgoing, delivery: Delivery) -> Verdict:
        """What the provider's answer means, for the delivery and for the provider's health."""
        try:
            reply = await self._send(request, lambda: self._look(delivery))
        except Unreachable as error:
            verdict: Verdict = Again(str(error))
        else:
            verdict = self._provider.classify(delivery.effect, request, reply)
        self._note_health(verdict, delivery)
        self._quotas.hears(request, delivery.effect, verdict, self._clock.now())
        return verdict

    def _note_health(self, verdict: Verdict, delivery: Delivery) -> None:
        was_well = self.throttle.breaker.is_closed
        self.throttle.hears(verdict, delivery.key, self._clock.now())
        breaker = self.throttle.breaker
        if was_well and not breaker.is_closed:
            logger.critical("%s: is not well, and only probed until it is: %s", self.name, breaker.reason)
        elif breaker.is_closed and not was_well:
            logger.warning("%s: is well again", self.name)

    async def _look(self, delivery: Delivery) -> None:
        """The last look, and another one where its answer was long in coming: the process may have stood still since.

        A database that is slow each time must not keep a page for ever.
        """
        for _ in range(_LOOKS):
            asked = self._clock.now()
            if not await self._store.read(lambda queries: queries.outbox.may_leave(delivery, self._node)):
                raise _CalledBack
            if self._clock.real_seconds(self._clock.now() - asked) < _OLD_AFTER_SECONDS:
                return

    async def _write(self, delivery: Delivery, work: Callable[[Transaction, datetime], T]) -> T:
        """Sent but not settled: keep trying, the row stays leased meanwhile and isn't sent a second time."""
        while True:
            try:
                return await self._write_at_all_events(work)
            except Exception as error:
                is_bug = not isinstance(error, TocsinError)
                logger.critical("%s: its outcome could not be written: %s", delivery.key, error, exc_info=is_bug)
                await asyncio.sleep(1)

    async def _write_at_all_events(self, work: Callable[[Transaction, datetime], T]) -> T:
        """A server that is told to stop still writes down what was sent, so as not to send it again."""
        writing = asyncio.ensure_future(self._writer.write(work))
        writing.add_done_callback(lambda done: done.cancelled() or done.exception())  # looked at, even by nobody else
        return await asyncio.shield(writing)


def _rung(it: Rung) -> Done:
    console.warning("%s", it.line)
    return Done(receipts=it.receipts)
