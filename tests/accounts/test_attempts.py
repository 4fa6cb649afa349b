"""How often may somebody try to sign in? A few times at once, then ever more slowly, and never not at all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.attempts import FORGOTTEN_AFTER, Attempts, Subject, after_failure, wait

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NONE = timedelta()
subjects = st.sampled_from(Subject)


def failed(times: int, subject: Subject, at: datetime = NOON) -> timedelta:
    """How long to wait after so many failures at once."""
    attempts = Attempts()
    for _ in range(times):
        attempts = after_failure(attempts, at)
    return wait(attempts, subject.limit, at)


def test_whoever_has_not_failed_need_not_wait() -> None:
    assert wait(Attempts(), Subject.ACCOUNT.limit, NOON) == NONE


def test_four_failures_of_an_account_cost_nothing_and_the_fifth_a_second() -> None:
    assert [failed(times, Subject.ACCOUNT).total_seconds() for times in range(4, 9)] == [0, 1, 2, 4, 8]


@given(subjects, st.integers(0, 10_000))
def test_wait_grows_with_failures_up_to_a_limit(subject: Subject, times: int) -> None:
    assert failed(min(times, 200), subject) <= failed(min(times, 200) + 1, subject) <= subject.limit.longest


def test_account_is_never_kept_out_for_more_than_a_minute() -> None:
    assert failed(500, Subject.ACCOUNT) == timedelta(minutes=1)


def test_address_is_slowed_to_one_in_a_quarter_of_an_hour() -> None:
    assert failed(500, Subject.ADDRESS) == timedelta(minutes=15)


@given(subjects, st.integers(0, 100), st.timedeltas(timedelta(), timedelta(days=2)))
def test_waiting_as_long_as_was_said_is_enough(subject: Subject, times: int, later: timedelta) -> None:
    attempts = Attempts(times, NOON)
    pause = wait(attempts, subject.limit, NOON)
    assert wait(attempts, subject.limit, NOON + pause) == NONE
    assert wait(attempts, subject.limit, NOON + later) == max(NONE, pause - later)


def test_failures_of_a_day_ago_are_forgotten() -> None:
    assert after_failure(Attempts(500, NOON - FORGOTTEN_AFTER), NOON) == Attempts(1, NOON)
