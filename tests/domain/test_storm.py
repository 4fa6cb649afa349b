"""Which of the pages that wait for one recipient leave now? A pure choice, by cases and by properties."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.engine.alerts import NOON
from tocsin.domain.storm import APART, MOST_COUNTED, STORM, Last, Queue, Waiting, calls, leaves_at, words_for

SECOND = timedelta(seconds=1)


def page(id_: int, rank: int = 2, *, at: float = 0, due: float | None = None, attempts: int = 0) -> Waiting:
    """A page that was decided on that many seconds after noon, and is due at once or then."""
    created_at = NOON + at * SECOND
    return Waiting(id_, rank, created_at, created_at if due is None else NOON + due * SECOND, attempts)


def queue_of(waiting: list[Waiting], under_way: int = 0, last: Last | None = None) -> Queue:
    due_at = min((it.due_at for it in waiting), default=NOON)
    return Queue("2 page alice", min(len(waiting), STORM), under_way, due_at, last)


def left(seconds_ago: float, id_: int = 99) -> Last:
    """Another page left that long before noon, and was taken."""
    return Last(id_, NOON - seconds_ago * SECOND)


@pytest.mark.parametrize("ago", [0.001, 1, 59, 3600])
@pytest.mark.parametrize("count", range(1, STORM))
def test_few_pages_leave_at_once_each_for_itself_whatever_left_before(count: int, ago: float) -> None:
    waiting = [page(number) for number in range(count)]
    queue = queue_of(waiting, last=left(ago))
    assert leaves_at(queue) == NOON
    assert [(call.lead.id, call.counted, call.turn) for call in calls(queue, waiting, NOON)] == [
        (number, (), number) for number in range(count)
    ]


def test_many_pages_are_one_that_tells_of_the_rest() -> None:
    waiting = [page(number) for number in range(40)]
    (call,) = calls(queue_of(waiting), waiting, NOON)
    assert (call.lead.id, call.counted) == (0, tuple(range(1, 40)))


def test_what_is_under_way_counts_towards_a_storm() -> None:
    """Else a provider that takes a while would be sent them all, one after the other."""
    waiting = [page(7)]
    last = Last(6, NOON, is_under_way=True)
    queue = queue_of(waiting, under_way=STORM - 1, last=last)
    assert leaves_at(queue) is None
    assert calls(queue, waiting, NOON) == ()
    assert leaves_at(queue_of(waiting, under_way=STORM - 2, last=last)) == NOON


def test_gravest_leads_then_the_oldest() -> None:
    waiting = [page(1, 3, at=-9), page(2, 2, at=-1), page(3, 2, at=-2), page(4, 4, at=-20)]
    (call,) = calls(queue_of(waiting), waiting, NOON)
    assert (call.lead.id, call.counted) == (3, (2, 1, 4))


def test_page_that_a_provider_may_have_taken_unheard_leads_no_others_while_a_fresh_one_can() -> None:
    """Under the key that the provider knows already, what is counted in it now would ring nobody."""
    waiting = [page(1, at=-30, due=-1, attempts=2), page(2, at=-3), page(3, at=-2)]
    (call,) = calls(queue_of(waiting), waiting, NOON)
    assert (call.lead.id, call.counted) == (2, (1, 3))


def test_page_that_waits_for_its_next_attempt_is_counted_and_does_not_lead() -> None:
    waiting = [page(1, 1, at=-30, due=20, attempts=2), page(2, at=-3), page(3, at=-2)]
    (call,) = calls(queue_of(waiting), waiting, NOON)
    assert (call.lead.id, call.counted) == (2, (1, 3))
    later = [replace(it, due_at=NOON + SECOND) for it in waiting]
    assert calls(queue_of(later), later, NOON) == ()
    assert leaves_at(queue_of(later)) == NOON + SECOND


def test_next_page_of_a_storm_leaves_a_minute_after_the_last_one_at_that_very_instant() -> None:
    waiting = [page(number) for number in range(5)]
    for ago, is_time in ((59.999, False), (60, True), (61, True)):
        queue = queue_of(waiting, last=left(ago))
        assert bool(calls(queue, waiting, NOON)) is is_time
        assert leaves_at(queue) == max(NOON, NOON - ago * SECOND + APART)


def test_retry_of_the_last_page_waits_for_no_minute_and_takes_nothing_new_along() -> None:
    last = Last(1, NOON - 2 * SECOND, again_at=NOON)
    waiting = [page(1, at=-2, due=0, attempts=1), *(page(number) for number in range(2, 9))]
    assert leaves_at(queue_of(waiting, last=last)) == NOON
    assert [(it.lead.id, it.counted) for it in calls(queue_of(waiting, last=last), waiting, NOON)] == [(1, ())]


def test_page_counts_no_more_than_it_can_name_and_the_rest_waits() -> None:
    waiting = [page(number) for number in range(MOST_COUNTED + 7)]
    (call,) = calls(queue_of(waiting), waiting, NOON)
    assert call.counted == tuple(range(1, MOST_COUNTED + 1))
    full = [replace(page(0, at=-1), attempts=1, counted=MOST_COUNTED), page(1), page(2)]
    (call,) = calls(queue_of(full), full, NOON)
    assert (call.lead.id, call.counted) == (1, (2,))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param((), "", id="none"),
        pytest.param(("INC-1",), ", and 1 more: INC-1; open Tocsin", id="one"),
        pytest.param(("A", "B", "C", "D"), ", and 4 more: A, B, C …; open Tocsin", id="more than are named"),
    ],
)
def test_page_says_in_words_how_many_are_counted_in_it(more: tuple[str, ...], words: str) -> None:
    assert words_for(more) == words


# Whatever happens

SOON = st.floats(-300, 300, allow_nan=False).map(lambda seconds: NOON + seconds * SECOND)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Queue, list[Waiting]]:
    """What waits for a recipient, and what left before."""
    waiting = [
        Waiting(id_, draw(st.integers(2, 5)), draw(SOON), draw(SOON), draw(st.integers(0, 2)))
        for id_ in range(draw(st.integers(1, 8)))
    ]
    last = draw(
        st.none()
        | st.builds(Last, id=st.just(99), at=SOON, is_under_way=st.booleans())
        | st.sampled_from(waiting).flatmap(
            lambda it: st.builds(Last, id=st.just(it.id), at=SOON, again_at=st.just(it.due_at))
        )
    )
    is_under_way = last is not None and last.is_under_way
    return queue_of(waiting, draw(st.integers(int(is_under_way), 3)), last), waiting


@given(situations())
def test_something_leaves_exactly_when_it_is_said_to(situation: tuple[Queue, list[Waiting]]) -> None:
    queue, waiting = situation
    at = leaves_at(queue)
    if at is not None:
        assert calls(queue, waiting, at)
        assert calls(queue, waiting, at - timedelta(microseconds=1)) == ()
    else:
        assert calls(queue, waiting, NOON + timedelta(days=1)) == ()


@given(situations(), SOON)
def test_nothing_leaves_or_is_counted_twice_nor_before_it_is_due(
    situation: tuple[Queue, list[Waiting]], now: datetime
) -> None:
    queue, waiting = situation
    found = calls(queue, waiting, now)
    named = [id_ for call in found for id_ in (call.lead.id, *call.counted)]
    assert len(named) == len(set(named))
    assert set(named) <= {it.id for it in waiting}
    assert all(call.lead.due_at <= now for call in found)


@given(situations(), SOON)
def test_in_a_storm_one_leaves_at_most_and_then_everything_is_told(
    situation: tuple[Queue, list[Waiting]], now: datetime
) -> None:
    queue, waiting = situation
    if len(waiting) + queue.under_way < STORM:
        return
    found = calls(queue, waiting, now)
    assert len(found) <= 1
    for call in found:
        is_retry = queue.last is not None and call.lead.id == queue.last.id and now < queue.last.at + APART
        assert is_retry or len(call.counted) == len(waiting) - 1
        assert is_retry or queue.last is None or now >= queue.last.at + APART
        fresh = [it for it in waiting if it.due_at <= now and not it.attempts]
        assert is_retry or call.lead.rank <= min((it.rank for it in fresh), default=5)
