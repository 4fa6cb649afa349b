"""Does what goes on by itself go on? After what can be expected and after a bug: a loop that ended would be silence."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.engine.waiting import eventually
from tocsin.engine import gate, heads, proof
from tocsin.engine.clock import Clock
from tocsin.engine.gate import Gate
from tocsin.engine.heads import Heads
from tocsin.engine.loops import Every, Loop
from tocsin.engine.proof import Proof
from tocsin.engine.watch.alarms import Alarms
from tocsin.engine.writer import Writer
from tocsin.errors import StoreError
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


class Work:
    """What is to be done again and again, and what goes wrong in it, each time but the last."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.times = 0

    async def do(self) -> None:
        self.times += 1
        if self.faults:
            raise self.faults.pop(0)


async def while_running(loop: Loop, condition: Callable[[], bool]) -> None:
    """Run the loop until that holds; it must not have ended by itself."""
    task = asyncio.create_task(loop.run())
    await eventually(condition)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_it_goes_on_after_what_can_be_expected_and_after_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(StoreError("the disk is full"), KeyError("person"))
    await while_running(Every(0.001, work.do, "it could not be done"), lambda: work.times > 3)
    expected, bug = caplog.records
    assert (expected.levelno, expected.getMessage()) == (logging.WARNING, "it could not be done: the disk is full")
    assert (bug.levelno, bug.getMessage()) == (logging.CRITICAL, "it could not be done: 'person'")
    assert expected.exc_info is None
    assert bug.exc_info is not None


async def test_what_can_be_expected_is_told_as_loudly_as_asked(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(StoreError("the disk is full"))
    await while_running(Every(0.001, work.do, "x", level=logging.CRITICAL), lambda: work.times > 1)
    assert [(it.levelno, it.exc_info) for it in caplog.records] == [(logging.CRITICAL, None)]


async def test_it_begins_at_once_or_when_asked() -> None:
    at_once, later = Work(), Work()
    tasks = [
        asyncio.create_task(it.run()) for it in (Every(60, at_once.do, "x"), Every(60, later.do, "x", first_after=60))
    ]
    await eventually(lambda: at_once.times == 1)
    assert later.times == 0
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize("name", ["gate", "heads", "proof"])
async def test_what_goes_on_beside_pages_goes_on_after_a_bug(
    name: str, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, wait in ((gate, "_NOTED_EVERY_SECONDS"), (heads, "_EVERY_SECONDS"), (proof, "_EVERY_SECONDS")):
        monkeypatch.setattr(module, wait, 0.001)
    monkeypatch.setattr(proof, "_SOON_SECONDS", 0.001)
    clock, work = Clock(), Work(KeyError("person"))
    loops: dict[str, tuple[Loop, str]] = {
        "gate": (Gate(store, Writer(store, clock, lambda: None), clock, {}), "note_use"),
        "heads": (Heads(store), "tell"),
        "proof": (Proof(store, clock, Alarms()), "look"),
    }
    loop, does = loops[name]
    monkeypatch.setattr(loop, does, work.do)
    await while_running(loop, lambda: work.times > 2)
