"""When is a delivery tried again? Properties of the back-off."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.alerts import NOON
from tocsin.engine.backoff import RETRY_FOR, is_given_up, retry_at

KEYS = st.from_regex(r"INC-2026-\d{4}-\d{1,3}-\d", fullmatch=True)
ATTEMPTS = st.integers(1, 10_000)
WAITS = st.none() | st.timedeltas(timedelta(), timedelta(hours=1))


@settings(deadline=None)
@given(key=KEYS, attempts=ATTEMPTS)
def test_delay_doubles_from_a_second_to_a_minute_and_is_up_to_a_half_shorter(key: str, attempts: int) -> None:
    longest = min(timedelta(minutes=1), timedelta(seconds=1) * 2 ** min(attempts - 1, 30))
    assert longest / 2 <= retry_at(key, attempts, NOON, None) - NOON <= longest


@settings(deadline=None)
@given(key=KEYS, attempts=ATTEMPTS, after=WAITS)
def test_nothing_is_tried_before_the_provider_asks_for_it(key: str, attempts: int, after: timedelta | None) -> None:
    own = retry_at(key, attempts, NOON, None)
    assert retry_at(key, attempts, NOON, after) == max(own, NOON + (after or timedelta()))


@settings(deadline=None)
@given(key=KEYS, attempts=ATTEMPTS, after=WAITS)
def test_same_history_gives_the_same_times(key: str, attempts: int, after: timedelta | None) -> None:
    assert retry_at(key, attempts, NOON, after) == retry_at(key, attempts, NOON, after)


def test_deliveries_that_fail_together_do_not_come_back_together() -> None:
    again = {retry_at(f"INC-2026-0001-2-{number}", 9, NOON, None) for number in range(100)}
    assert len(again) == 100
    assert max(again) - min(again) > timedelta(seconds=20)


@pytest.mark.parametrize(
    ("age", "is_over"),
    [
        pytest.param(timedelta(), False, id="new"),
        pytest.param(RETRY_FOR - timedelta(microseconds=1), False, id="just before 24 h"),
        pytest.param(timedelta(hours=24), True, id="after 24 h"),
    ],
)
def test_delivery_is_given_up_after_a_day(age: timedelta, is_over: bool) -> None:
    assert is_given_up(NOON, NOON + age) is is_over
