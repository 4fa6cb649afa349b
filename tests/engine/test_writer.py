"""Is what was answered written, and what failed undone? Many callers, one thread, one commit for all that wait."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import apsw
import pytest

from tests.engine.disk import Disk, Gate
from tocsin.engine.clock import Clock
from tocsin.engine.writer import Writer
from tocsin.errors import Overloaded, StoreError
from tocsin.store.sqlite import SqliteStore
from tocsin.store.transaction import Transaction

pytestmark = pytest.mark.anyio

Work = Callable[[Transaction, datetime], str]


class Told:
    """How often the writer has told of a commit."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@asynccontextmanager
async def writing(store: SqliteStore, told: Callable[[], None] = lambda: None) -> AsyncIterator[Writer]:
    writer = Writer(store, Clock(), told)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


@asynccontextmanager
async def held(writer: Writer) -> AsyncIterator[None]:
    """The writer is busy within, so that everything asked for meanwhile waits for its next commit."""
    gate = Gate()
    busy = asyncio.create_task(writer.write(gate))
    await gate.reached()
    try:
        yield
        await asyncio.sleep(0)
    finally:
        gate.open()
        await busy


def note(name: str) -> Work:
    """Write `name` down, and return it."""

    def work(tx: Transaction, now: datetime) -> str:
        tx.facts.set_meta(name, now.isoformat())
        return name

    return work


def fail(name: str) -> Work:
    """Write `name` down, and then meet a bug."""

    def work(tx: Transaction, now: datetime) -> str:
        tx.facts.set_meta(name, "")
        raise RuntimeError(f"a bug in {name}")

    return work


def fill(tx: Transaction, now: datetime) -> str:
    """More than a full disk takes."""
    tx.facts.set_meta("large", "x" * 100_000)
    return "large"


def kept(store: SqliteStore, *names: str) -> list[str]:
    return [name for name in names if store.queries.meta(name) is not None]


async def together(writer: Writer, *pieces: Work) -> list[str | BaseException]:
    """What the pieces come to that wait for the same commit."""
    async with held(writer):
        waiting = asyncio.gather(*(writer.write(piece) for piece in pieces), return_exceptions=True)
    return await waiting


async def test_value_is_returned_once_it_is_durable(store: SqliteStore) -> None:
    async with writing(store) as writer:
        assert await writer.write(note("a")) == "a"
        assert kept(store, "a") == ["a"]


async def test_nobody_is_told_before_the_commit(store: SqliteStore, disk: Disk) -> None:
    gate = Gate()
    disk.before_commit = gate
    async with writing(store) as writer:
        waiting = asyncio.create_task(writer.write(note("a")))
        await gate.reached()
        assert not waiting.done()
        assert kept(store, "a") == []
        gate.open()
        assert await waiting == "a"


async def test_piece_that_fails_is_undone_alone_and_its_caller_gets_the_error(store: SqliteStore) -> None:
    async with writing(store) as writer:
        first, second, third = await together(writer, note("a"), fail("b"), note("c"))
    assert (first, third) == ("a", "c")
    assert isinstance(second, RuntimeError)
    assert str(second) == "a bug in b"
    assert kept(store, "a", "b", "c") == ["a", "c"]


async def test_what_waits_is_committed_at_once(store: SqliteStore, disk: Disk) -> None:
    async with writing(store) as writer:
        before = disk.commits
        outcomes = await together(writer, *(note(f"n{number}") for number in range(500)))
    assert outcomes == [f"n{number}" for number in range(500)]
    assert disk.commits - before == 1


async def test_pieces_of_one_commit_are_of_one_instant(store: SqliteStore) -> None:
    async with writing(store) as writer:
        await together(writer, note("a"), note("b"))
    assert store.queries.meta("a") == store.queries.meta("b")


async def test_everything_many_callers_were_told_is_durable(store: SqliteStore, disk: Disk) -> None:
    async def caller(number: int) -> list[str]:
        return [await writer.write(note(f"{number}/{turn}")) for turn in range(10)]

    async with writing(store) as writer:
        told = [name for names in await asyncio.gather(*map(caller, range(50))) for name in names]
    assert kept(store, *told) == told
    assert len(told) == 500
    assert disk.commits < 250


async def test_pieces_are_done_in_the_order_asked_for(store: SqliteStore) -> None:
    order: list[int] = []

    def place(number: int) -> Callable[[Transaction, datetime], None]:
        return lambda tx, now: order.append(number)

    async with writing(store) as writer:
        await asyncio.gather(*(writer.write(place(number)) for number in range(2_000)))
    assert order == list(range(2_000))


async def test_time_never_turns_back_from_one_commit_to_the_next(store: SqliteStore) -> None:
    walls = iter([datetime.fromisoformat("2026-11-25T12:00:00Z") - timedelta(hours=it) for it in range(9)])
    writer = Writer(store, Clock(wall=lambda: next(walls)), lambda: None)
    writer.start()
    for name in "abcd":
        await writer.write(note(name))
    writer.stop()
    instants = [store.queries.meta(name) or "" for name in "abcd"]
    assert instants == sorted(instants)


# Commits that fail


async def test_commit_that_fails_fails_for_all_and_keeps_nothing(
    store: SqliteStore, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with writing(store) as writer:
        async with held(writer):
            waiting = asyncio.gather(*(writer.write(note(it)) for it in "abc"), return_exceptions=True)
            await asyncio.sleep(0)
            disk.dies_before = disk.commits + 1
        outcomes = await waiting
    assert [type(it) for it in outcomes] == [StoreError] * 3
    assert kept(store, *"abc") == []
    assert "nothing could be written" in caplog.text


async def test_writer_goes_on_after_a_commit_that_failed(store: SqliteStore, disk: Disk) -> None:
    async with writing(store) as writer:
        disk.is_dead = True
        with pytest.raises(StoreError):
            await writer.write(note("a"))
        disk.is_dead = False
        assert await writer.write(note("b")) == "b"
    assert kept(store, "a", "b") == ["b"]


async def test_full_disk_fails_for_all_of_its_commit_and_keeps_nothing(store: SqliteStore, disk: Disk) -> None:
    async with writing(store) as writer:
        disk.fill_up()
        outcomes = await together(writer, note("a"), fill, note("b"))
        assert [type(it) for it in outcomes] == [StoreError] * 3
        disk.make_space()
        assert await writer.write(note("c")) == "c"
    assert kept(store, "a", "large", "b", "c") == ["c"]


async def test_database_that_another_program_locks_fails_until_it_is_free(store: SqliteStore, disk: Disk) -> None:
    backup = apsw.Connection(str(store.path))
    async with writing(store) as writer:
        disk.wait_less()
        backup.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked; another program holds it"):
            await writer.write(note("a"))
        backup.close()
        assert await writer.write(note("b")) == "b"


async def test_commits_are_told_of_and_failures_are_not(store: SqliteStore, disk: Disk) -> None:
    told = Told()
    async with writing(store, told) as writer:
        await writer.write(note("a"))
        assert told.times == 1
        disk.is_dead = True
        with pytest.raises(StoreError):
            await writer.write(note("b"))
    assert told.times == 1


# Callers that go away


async def test_piece_of_a_caller_that_went_away_is_not_done(store: SqliteStore) -> None:
    async with writing(store) as writer:
        async with held(writer):
            gone, stays = (asyncio.create_task(writer.write(note(it))) for it in "ab")
            await asyncio.sleep(0)
            gone.cancel()
        assert await stays == "b"
        await asyncio.wait([gone])
    assert gone.cancelled()
    assert kept(store, "a", "b") == ["b"]


async def test_piece_that_is_being_done_is_done_whole_though_its_caller_went_away(store: SqliteStore) -> None:
    gate = Gate()

    def work(tx: Transaction, now: datetime) -> None:
        tx.facts.set_meta("a", "1")
        gate()
        tx.facts.set_meta("b", "2")

    async with writing(store) as writer:
        caller = asyncio.create_task(writer.write(work))
        await gate.reached()
        caller.cancel()
        await asyncio.wait([caller])
        gate.open()
        await writer.write(note("c"))
    assert kept(store, "a", "b", "c") == ["a", "b", "c"]


# Bounds


@pytest.mark.slow
async def test_more_than_can_be_written_soon_is_refused_and_the_rest_is_written(store: SqliteStore) -> None:
    done = 0

    def count(tx: Transaction, now: datetime) -> None:
        nonlocal done
        done += 1

    async with writing(store) as writer:
        async with held(writer):
            waiting = [asyncio.create_task(writer.write(count)) for _ in range(20_000)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded, match="20000 requests wait to be written: try again in a few seconds"):
                await writer.write(count)
        await asyncio.gather(*waiting)
    assert done == 20_000


async def test_what_waits_is_written_before_the_writer_stops(store: SqliteStore) -> None:
    async with writing(store) as writer:
        waiting = [asyncio.create_task(writer.write(note(f"n{number}"))) for number in range(100)]
        await asyncio.sleep(0)
    names = await asyncio.gather(*waiting)
    assert kept(store, *names) == names
