"""What time is it to the engine? Never earlier than before, whatever happens to the wall clock."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.alerts import NOON
from tocsin.engine.clock import Clock

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
LEAST = 0.9  # of the time that passes: engine time ahead of the wall clock may go a little slower, to meet it again


class Clocks:
    """The machine's two clocks, which a test moves."""

    def __init__(self) -> None:
        self.wall = NOON
        self.monotonic = 1_000.0

    def clock(self, speed: float = 1.0) -> Clock:
        return Clock(speed, wall=lambda: self.wall, monotonic=lambda: self.monotonic)

    def run(self, seconds: float) -> None:
        """Let time pass on both, as it does."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_engine_time_is_the_wall_clocks(clocks: Clocks) -> None:
    clock = clocks.clock()
    assert clock.now() == NOON
    clocks.run(seconds=90)
    assert clock.now() == NOON + 90 * SECOND


def test_wall_clock_that_is_set_back_neither_stops_nor_turns_engine_time(clocks: Clocks) -> None:
    clock = clocks.clock()
    clocks.wall -= HOUR
    assert clock.now() == NOON
    for passed in (1, 2, 3):
        clocks.run(seconds=1)
        assert LEAST * passed * SECOND <= clock.now() - NOON <= passed * SECOND


def test_engine_time_is_the_wall_clocks_again_once_that_has_caught_up(clocks: Clocks) -> None:
    clock = clocks.clock()
    clocks.wall -= 10 * SECOND
    assert clock.now() == NOON
    clocks.run(seconds=5)
    clocks.wall += 10 * SECOND
    assert clock.now() == clocks.wall == NOON + 5 * SECOND


def test_small_step_forward_is_followed(clocks: Clocks) -> None:
    clock = clocks.clock()
    clocks.wall += 60 * SECOND
    assert clock.now() == NOON + 60 * SECOND


def test_jump_forward_makes_nothing_early_and_is_caught_up_with(
    clocks: Clocks, caplog: pytest.LogCaptureFixture
) -> None:
    clock = clocks.clock()
    clocks.wall += HOUR
    assert clock.now() == NOON
    for passed in range(1, 60):
        clocks.run(seconds=60)
        assert 60 * passed * SECOND <= clock.now() - NOON <= 66 * passed * SECOND
    clocks.run(seconds=10 * 3600)
    assert clock.now() - NOON > 10 * HOUR
    clocks.run(seconds=1)
    assert timedelta() <= clocks.wall - clock.now() <= 60 * SECOND
    assert caplog.text.count("the clock has jumped ahead by 1:00:00: followed slowly") == 1


def test_step_forward_after_a_long_sleep_is_time_that_has_passed(clocks: Clocks) -> None:
    clock = clocks.clock()
    clocks.run(seconds=24 * 3600)
    assert clock.now() == NOON + 24 * HOUR


def test_clock_of_the_database_is_the_one_that_counts(clocks: Clocks) -> None:
    clock = clocks.clock()
    clock.follow(NOON - HOUR)
    clock.begin_at(clock.wall_now())
    clocks.wall += HOUR  # the machine's own: of no account any more
    clocks.run(seconds=2)
    assert clock.now() == clock.wall_now() == NOON - HOUR + 2 * SECOND
    clock.follow(NOON - HOUR + 5 * SECOND)
    assert clock.now() == NOON - HOUR + 5 * SECOND


@settings(deadline=None)
@given(moves=st.lists(st.tuples(st.floats(0, 100), st.floats(-7_200, 7_200)), min_size=1, max_size=30))
def test_engine_time_never_turns_back_and_never_stands_still(moves: list[tuple[float, float]]) -> None:
    clocks = Clocks()
    clock = clocks.clock()
    before = clock.now()
    for seconds, jump in moves:
        clocks.run(seconds)
        clocks.wall += timedelta(seconds=jump)
        now = clock.now()
        assert now >= before
        assert now - before <= max(1.1 * timedelta(seconds=seconds), timedelta(seconds=seconds + 60)) + MILLISECOND
        if now > clocks.wall:
            passed = timedelta(seconds=seconds)
            assert LEAST * passed - MILLISECOND < now - before < passed + MILLISECOND
        before = now


def test_what_is_recorded_already_lies_in_the_past(clocks: Clocks) -> None:
    clock = clocks.clock()
    clock.not_before(NOON + HOUR)
    assert clock.now() == NOON + HOUR
    clocks.run(seconds=2)
    later = clock.now()
    assert NOON + HOUR + LEAST * 2 * SECOND <= later <= NOON + HOUR + 2 * SECOND
    clock.not_before(NOON)
    assert clock.now() == later


def test_fast_clock_runs_from_the_present_at_its_speed(clocks: Clocks) -> None:
    clock = clocks.clock(speed=60)
    assert clock.now() == NOON
    clocks.run(seconds=2)
    assert clock.now() == NOON + 120 * SECOND
    assert clock.real_seconds(timedelta(minutes=5)) == 5


def test_fast_clock_does_not_follow_the_wall_clock(clocks: Clocks) -> None:
    clock = clocks.clock(speed=60)
    clocks.wall += HOUR
    assert clock.now() == NOON


def test_fast_clock_goes_on_at_its_speed_after_what_is_recorded(clocks: Clocks) -> None:
    clock = clocks.clock(speed=60)
    clock.not_before(NOON + HOUR)
    clocks.run(seconds=1)
    assert NOON + HOUR + LEAST * 60 * SECOND <= clock.now() <= NOON + HOUR + 60 * SECOND


def test_machines_own_clocks_are_read_unless_others_are_given() -> None:
    before = datetime.now(NOON.tzinfo)
    assert before <= Clock().now() <= datetime.now(NOON.tzinfo)


# Waiting


@pytest.mark.anyio
async def test_waiting_ends_when_the_time_is_up() -> None:
    clock, started = Clock(speed=6_000), time.monotonic()
    await clock.wait_for(asyncio.Event(), timedelta(minutes=5))
    assert 0.05 <= time.monotonic() - started < 30


@pytest.mark.anyio
async def test_waiting_ends_when_something_changes() -> None:
    changed = asyncio.Event()
    waiting = asyncio.create_task(Clock().wait_for(changed, HOUR))
    await asyncio.sleep(0)
    changed.set()
    await asyncio.wait_for(waiting, 30)


@pytest.mark.anyio
@pytest.mark.parametrize("at_most", [timedelta(), -HOUR])
async def test_no_time_is_no_wait(at_most: timedelta) -> None:
    await asyncio.wait_for(Clock().wait_for(asyncio.Event(), at_most), 30)


@pytest.mark.anyio
@pytest.mark.parametrize("turns", range(8))
async def test_loop_that_is_cancelled_as_something_changes_ends(turns: int) -> None:
    changed = asyncio.Event()
    waiting = asyncio.create_task(Clock().wait_for(changed, HOUR))
    await asyncio.sleep(0.001)
    changed.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    was_waiting = waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled() is was_waiting
