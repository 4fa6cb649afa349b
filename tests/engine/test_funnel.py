"""What becomes of deliveries of alerts that come at once? They share a commit, and none suffers for another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.engine.alerts import firing
from tests.engine.disk import Disk
from tocsin.domain.alert import Alert
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.funnel import Funnel
from tocsin.engine.intake import Intake
from tocsin.engine.sops import Sops
from tocsin.engine.writer import Writer
from tocsin.errors import Overloaded, StoreError
from tocsin.sop.load import default_sop
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

MONITORING = Actor("monitoring", "alertmanager")
TIMELESS = replace(firing("Timeless"), starts_at=datetime(2026, 11, 25))  # noqa: DTZ001  # the defect


class Hall:
    """A funnel whose writer begins when it is told to."""

    def __init__(self, store: SqliteStore) -> None:
        self.commits = 0
        self.store = store
        self.writer = Writer(store, Clock(), self._count)
        self.funnel = Funnel(store, self.writer, Intake(Desk(Sops(default_sop()), frozenset())))

    def _count(self) -> None:
        self.commits += 1

    async def outcomes(self, *deliveries: list[Alert]) -> list[BaseException | None]:
        """What each delivery was answered, of those that came before the writer began."""
        taking = [asyncio.ensure_future(self.funnel.take(alerts, MONITORING)) for alerts in deliveries]
        await asyncio.sleep(0)
        self.writer.start()
        return await asyncio.gather(*taking, return_exceptions=True)

    def names(self) -> set[str]:
        return {it.labels["alertname"] for it in self.store.queries.alerts()}


@asynccontextmanager
async def hall_of(store: SqliteStore) -> AsyncIterator[Hall]:
    hall = Hall(store)
    try:
        yield hall
    finally:
        hall.writer.stop()


async def test_deliveries_that_come_together_share_a_commit(store: SqliteStore) -> None:
    async with hall_of(store) as hall:
        outcomes = await hall.outcomes(*([firing(f"Alert{number}")] for number in range(50)))
        assert outcomes == [None] * 50
        assert hall.commits == 1
        assert hall.names() == {f"Alert{number}" for number in range(50)}


async def test_delivery_that_fails_fails_alone_and_none_of_it_is_in(store: SqliteStore) -> None:
    async with hall_of(store) as hall:
        first, failed, last = await hall.outcomes([firing("First")], [firing("With"), TIMELESS], [firing("Last")])
        assert (first, last) == (None, None)
        assert isinstance(failed, TypeError)
        assert hall.names() == {"First", "Last"}


async def test_disk_that_takes_nothing_is_told_to_every_sender_and_the_next_delivery_is_taken(
    store: SqliteStore, disk: Disk
) -> None:
    async with hall_of(store) as hall:
        disk.is_dead = True
        outcomes = await hall.outcomes([firing("First")], [firing("Second")])
        assert [type(it) for it in outcomes] == [StoreError, StoreError]
        disk.is_dead = False
        await hall.funnel.take([firing("Third")], MONITORING)
        assert hall.names() == {"Third"}


async def test_what_could_not_be_committed_is_not_taken_for_known(store: SqliteStore, disk: Disk) -> None:
    """A firing and its repetition by another in one commit that fails, and the firing again: it must be news."""
    async with hall_of(store) as hall:
        disk.is_dead = True
        senders = (MONITORING, Actor("prometheus-2", "alertmanager"))
        taking = [asyncio.ensure_future(hall.funnel.take([firing("Down")], it)) for it in senders]
        await asyncio.sleep(0)
        hall.writer.start()
        outcomes = await asyncio.gather(*taking, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreError, StoreError]
        disk.is_dead = False
        for times in (1, 2, 3):
            await hall.funnel.take([firing("Down")], MONITORING)
            assert [it.received for it in hall.store.queries.alerts()] == [times]


async def test_senders_are_asked_to_come_back_where_too_many_alerts_wait(store: SqliteStore) -> None:
    async with hall_of(store) as hall:
        crowd = [firing("Crowd")] * 60_000
        first, second = await hall.outcomes(crowd, crowd)
        assert first is None
        assert isinstance(second, Overloaded)
        assert [it.received for it in store.queries.alerts()] == [60_000]
