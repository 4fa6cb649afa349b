"""How is the engine's waker measured? On a real store, at an instant that the bench sets; beside it, what watches."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tocsin.engine.clock import Clock
from tocsin.engine.desk import Desk
from tocsin.engine.sops import Sops
from tocsin.engine.waker import Waker
from tocsin.engine.watch.alarms import Alarms
from tocsin.engine.watch.auditor import Auditor
from tocsin.engine.watch.look import Observer
from tocsin.engine.watch.onlooker import Onlooker
from tocsin.engine.writer import Writer
from tocsin.sop.load import default_sop
from tocsin.store import codec
from tocsin.store.open import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NTH_WAKE_UP = "SELECT wake_at FROM incidents WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1 OFFSET ?"


class StandingClock(Clock):
    """Engine time stands where it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.at = _EPOCH

    def now(self) -> datetime:
        """The instant at which it stands."""
        return self.at

    def follow(self, database_now: datetime) -> None:
        """It doesn't, whatever the database's clock shows."""


class Sleepers:
    """The incidents of a store, and the waker that is to wake them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads = store.apart()
        self._clock = StandingClock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Writer and waker at work, as in a node."""
        self._loop = asyncio.get_running_loop()
        self._are_awake = asyncio.Event()
        writer = Writer(self._store, self._clock, self._committed)
        desk = Desk(Sops(default_sop()), frozenset({"inbox", "pagerduty"}))
        self._waker = Waker(self._store, writer, desk, self._clock)
        writer.start()
        running = asyncio.create_task(self._waker.run())
        try:
            yield
        finally:
            running.cancel()
            writer.stop()

    def _committed(self) -> None:
        """In the writer's thread, as in a node."""
        self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._waker.changed.set()
        if self._nth_wake_up(0) > self._clock.at:
            self._are_awake.set()

    async def wake(self, count: int) -> float:
        """How many seconds it takes until the next `count` have been woken, durably."""
        self._clock.at = self._nth_wake_up(count - 1)
        self._are_awake.clear()
        began = time.perf_counter()
        self._waker.changed.set()
        await self._are_awake.wait()
        return time.perf_counter() - began

    def _nth_wake_up(self, before: int) -> datetime:
        return codec.from_column(self._reads.all(_NTH_WAKE_UP, before)[0][0])

    async def watched(self) -> tuple[float, float, float]:
        """The seconds that a look of the watchman takes, and an audit, and the longest commit meanwhile."""
        clock, sops, onlooker = self._clock, Sops(default_sop()), Onlooker(self._store)
        auditor = Auditor(sops, onlooker, Alarms(), clock.now, clock.speed, second_look_seconds=0)
        observer = Observer(sops, clock.now, clock.speed)
        writer = Writer(self._store, clock, lambda: None)
        writer.start()
        commits: list[float] = []
        committing = asyncio.create_task(_commit_all_the_time(writer, commits))
        looked = await _seconds(onlooker.look(observer.look))
        audited = await _seconds(auditor.audit())
        committing.cancel()
        writer.stop()
        onlooker.close()
        return looked, audited, max(commits)


async def _seconds(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _commit_all_the_time(writer: Writer, took: list[float]) -> None:
    while True:
        took.append(await _seconds(writer.write(lambda tx, now: tx.facts.set_meta("bench", now.isoformat()))))
