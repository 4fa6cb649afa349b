"""Is no rate exceeded, and no time wasted? Buckets and turns, on instants alone."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.alerts import NOON
from tocsin.engine.pace import Bucket, Rate, Turns
from tocsin.engine.providers import PAGERDUTY_RATE

SECOND = timedelta(seconds=1)
RATE = Rate(apart=SECOND, burst=3)


def test_burst_leaves_at_once_and_the_rest_one_by_one() -> None:
    bucket = Bucket(RATE)
    assert bucket.free(NOON) == 3
    bucket.take(3, NOON)
    assert bucket.free(NOON) == 0
    assert bucket.next_at(NOON) == NOON + SECOND
    assert [bucket.free(NOON + seconds * SECOND) for seconds in (0.9, 1, 2, 3, 100)] == [0, 1, 2, 3, 3]


def test_next_may_leave_now_while_one_is_free() -> None:
    bucket = Bucket(RATE)
    assert bucket.next_at(NOON) == NOON
    bucket.take(2, NOON)
    assert bucket.next_at(NOON) == NOON


@given(st.lists(st.floats(0, 5), min_size=1, max_size=400))
def test_no_minute_holds_more_than_four_fifths_of_what_pagerduty_takes(waits: list[float]) -> None:
    bucket, now, left = Bucket(PAGERDUTY_RATE), NOON, list[datetime]()
    for wait in waits:
        now = max(now + wait * SECOND, bucket.next_at(now + wait * SECOND))
        count = bucket.free(now)
        assert count >= 1
        bucket.take(count, now)
        left += [now] * count
    minute = timedelta(minutes=1)
    assert max(sum(start <= at < start + minute for at in left) for start in set(left)) <= 0.8 * 120


def test_turns_of_one_key_lie_apart_in_the_order_in_which_they_are_asked_for() -> None:
    turns = Turns()
    assert [turns.turn_of(id_, "C1", SECOND, NOON) for id_ in (7, 8, 9)] == [NOON, NOON + SECOND, NOON + 2 * SECOND]
    assert turns.turn_of(10, "C2", SECOND, NOON) == NOON


def test_turn_is_kept_for_who_comes_back_for_it() -> None:
    turns = Turns()
    turns.turn_of(7, "C1", SECOND, NOON)
    assert turns.turn_of(8, "C1", SECOND, NOON) == NOON + SECOND
    assert turns.turn_of(8, "C1", SECOND, NOON + SECOND / 2) == NOON + SECOND
    late = NOON + 1.2 * SECOND
    assert turns.turn_of(8, "C1", SECOND, late) == late
    assert turns.turn_of(9, "C1", SECOND, late) == late + SECOND


def test_turn_of_who_never_comes_back_is_forgotten() -> None:
    turns = Turns()
    turns.turn_of(7, "C1", SECOND, NOON)
    turns.turn_of(8, "C1", SECOND, NOON)
    later = NOON + timedelta(minutes=5)
    assert turns.turn_of(8, "C1", SECOND, later) == later
