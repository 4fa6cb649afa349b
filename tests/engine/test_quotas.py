"""Does no minute hold more than a provider takes, and does nobody wait longer than that takes? Instants alone."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.alerts import NOON
from tests.fakes.effects import page
from tocsin.domain.effects import AnyEffect, SetTopic
from tocsin.engine.quotas import NotYet, Quotas
from tocsin.integrations.wire import Busy, Limit, Request

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TOPIC = Request("POST", "https://slack.com/api/conversations.setTopic", limit=Limit("setTopic", 4))
INVITE = Request("POST", "https://slack.com/api/conversations.invite", limit=Limit("invite", 4))
EFFECT: AnyEffect = SetTopic(incident="INC-2026-0001", channel="C1", topic="SEV1")
BUSY = Busy("Slack takes no more calls at present", after=30 * SECOND)


def turn(quotas: Quotas, delivery: int, at: datetime = NOON, request: Request = TOPIC) -> timedelta:
    """After which time the delivery may begin; zero: it has."""
    try:
        quotas.begin(request, delivery, EFFECT, at)
    except NotYet as wait:
        return wait.turn - at
    return timedelta()


def test_half_of_a_minutes_leaves_at_once_and_each_who_waits_has_a_turn_of_their_own() -> None:
    quotas = Quotas()
    assert [turn(quotas, it) for it in range(5)] == [0 * SECOND, 0 * SECOND, 30 * SECOND, 60 * SECOND, 90 * SECOND]


def test_turn_is_kept_for_who_comes_back_for_it() -> None:
    quotas = Quotas()
    for it in range(4):
        turn(quotas, it)
    assert turn(quotas, 3, NOON + 10 * SECOND) == 50 * SECOND
    assert turn(quotas, 2, NOON + 30 * SECOND) == timedelta()


def test_who_comes_late_is_not_followed_at_once_by_who_comes_in_time() -> None:
    quotas = Quotas()
    for it in range(5):
        turn(quotas, it)
    late = NOON + 80 * SECOND
    assert [turn(quotas, it, late) for it in (2, 3, 4)] == [0 * SECOND, 0 * SECOND, 30 * SECOND]


def test_limits_of_other_names_are_counted_apart() -> None:
    quotas = Quotas()
    for it in range(4):
        turn(quotas, it)
    assert turn(quotas, 9, request=INVITE) == timedelta()


def test_what_has_begun_goes_on_and_counts() -> None:
    quotas = Quotas()
    for _ in range(3):
        quotas.go_on(TOPIC, EFFECT, NOON)
    assert turn(quotas, 1) == 60 * SECOND


def test_limit_that_is_exhausted_is_so_for_all_that_count_against_it() -> None:
    quotas = Quotas()
    turn(quotas, 1)
    quotas.hears(TOPIC, EFFECT, BUSY, NOON)
    assert turn(quotas, 2, NOON + SECOND) == 29 * SECOND
    assert turn(quotas, 3, NOON + SECOND, INVITE) == timedelta()
    assert turn(quotas, 2, NOON + 30 * SECOND) == timedelta()


def test_others_wait_for_a_minute_at_most_whatever_one_was_told() -> None:
    quotas = Quotas()
    quotas.hears(TOPIC, EFFECT, Busy("Slack takes no more calls at present", after=timedelta(hours=1)), NOON)
    assert turn(quotas, 2, NOON) == MINUTE


@pytest.mark.parametrize("request_", [TOPIC, Request("POST", "https://slack.com/api/chat.postMessage")])
def test_page_waits_for_no_limit_and_nothing_does_where_none_is_known(request_: Request) -> None:
    quotas, effect = Quotas(), page("slack") if request_.limit else EFFECT
    for it in range(20):
        quotas.begin(request_, it, effect, NOON)
    quotas.hears(request_, effect, BUSY, NOON)
    quotas.begin(request_, 21, effect, NOON)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=120))
def test_no_minute_holds_more_than_the_limit_whoever_comes_when(waits: list[float]) -> None:
    quotas, now, left = Quotas(), NOON, list[datetime]()
    waiting: dict[int, datetime] = {}
    for id_, wait in enumerate(waits):
        now += wait * SECOND
        waiting[id_] = now
        for it in [it for it, at in waiting.items() if at <= now]:
            pause = turn(quotas, it, now)
            if pause:
                waiting[it] = now + pause
            else:
                del waiting[it]
                left.append(now)
    assert max(sum(start <= at < start + MINUTE for at in left) for start in left) <= 4
