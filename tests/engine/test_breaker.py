"""When is a provider left alone, and how does it come back? The circuit breaker as a pure state machine."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.alerts import NOON
from tocsin.engine.breaker import CLOSES_AFTER, LONGEST_PAUSE, OPENS_AFTER, Breaker, Health

SECOND = timedelta(seconds=1)
DOWN = "HTTP 502"


def failing(*keys: str, breaker: Breaker | None = None, at: datetime = NOON) -> Breaker:
    breaker = breaker or Breaker()
    for key in keys:
        breaker = breaker.after_failure(key, DOWN, at)
    return breaker


def opened() -> Breaker:
    return failing(*"abcde")


def test_closed_breaker_lets_everything_leave() -> None:
    assert Breaker().health(NOON) is Health.CLOSED
    assert Breaker().at_once(NOON) >= 1_000


def test_breaker_opens_when_so_many_deliveries_in_a_row_have_failed() -> None:
    assert failing(*"abcd").is_closed
    assert opened().health(NOON) is Health.OPEN
    assert opened().at_once(NOON) == 0
    assert (opened().reason, opened().opened_at) == (DOWN, NOON)


def test_one_delivery_that_fails_again_and_again_opens_nothing() -> None:
    assert failing(*["a"] * 1_000).is_closed


def test_an_answer_in_between_makes_the_count_begin_anew() -> None:
    assert failing(*"abcd", breaker=failing(*"abcd").after_answer()).is_closed


def test_probes_come_after_pauses_that_double_up_to_half_a_minute() -> None:
    breaker, pauses, now = opened(), [], NOON
    for number in range(7):
        assert breaker.probe_at is not None
        pauses.append((breaker.probe_at - now) / SECOND)
        now = breaker.probe_at
        assert breaker.at_once(now - timedelta(microseconds=1)) == 0
        assert breaker.at_once(now) == 1
        breaker = breaker.after_failure(f"probe {number}", DOWN, now)
    assert pauses == [2, 4, 8, 16, 30, 30, 30]
    assert breaker.opened_at == NOON


def test_what_left_before_the_breaker_opened_is_no_probe() -> None:
    assert failing("f", "g", breaker=opened(), at=NOON + SECOND) == opened()


def test_provider_that_asks_to_be_left_alone_is_for_a_while_at_most() -> None:
    breaker = failing(*"abcd")
    assert breaker.after_failure("e", DOWN, NOON, 20 * SECOND).probe_at == NOON + 20 * SECOND
    assert breaker.after_failure("e", DOWN, NOON, timedelta(hours=1)).probe_at == NOON + LONGEST_PAUSE


def test_who_has_just_got_up_is_not_run_over() -> None:
    breaker, allowed = opened(), []
    while not breaker.is_closed:
        allowed.append(breaker.at_once(NOON + 2 * SECOND))
        breaker = breaker.after_answer()
    assert allowed == [1, 2, 3, 4, 5]
    assert breaker == Breaker()


def test_busy_provider_is_neither_ill_nor_known_to_be_well() -> None:
    assert failing(*"abcd").after_busy() == failing(*"abcd")
    assert opened().after_busy().health(NOON) is Health.HALF_OPEN


def test_relapse_opens_it_again_for_a_longer_pause() -> None:
    breaker = opened().after_answer().after_answer()
    assert breaker.health(NOON) is Health.HALF_OPEN
    relapsed = breaker.after_failure("x", DOWN, NOON)
    assert relapsed.health(NOON) is Health.OPEN
    assert relapsed.probe_at == NOON + 4 * SECOND
    assert relapsed.opened_at == NOON


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.integers(0, 120)), max_size=60))
def test_whatever_happens_nothing_is_left_alone_for_longer_than_the_longest_pause(
    happened: list[tuple[str, bool, int]],
) -> None:
    breaker, now, answers = Breaker(), NOON, 0
    for key, is_answer, seconds in happened:
        now += seconds * SECOND
        breaker = breaker.after_answer() if is_answer else breaker.after_failure(key, DOWN, now)
        answers = answers + 1 if is_answer else 0
        assert breaker.is_closed or (breaker.probe_at or now) <= now + LONGEST_PAUSE
        assert breaker.is_closed or breaker.at_once(now + LONGEST_PAUSE) >= 1
        assert breaker.is_closed or answers < CLOSES_AFTER
        assert len(breaker.failed) <= OPENS_AFTER
