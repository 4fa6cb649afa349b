"""For what is there room, when a provider is slow, ill, or has had enough for this minute?"""

from datetime import timedelta

import pytest

from tests.engine.alerts import NOON
from tocsin.engine.pace import Rate
from tocsin.engine.providers import AppriseProvider
from tocsin.engine.throttle import Room, Throttle
from tocsin.integrations.wire import Again, Busy, Done, Never
from tocsin.store.rows import Only

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("under_way", "room"),
    [
        pytest.param(0, Room(16, Only.ANYTHING), id="most places are for everything"),
        pytest.param(15, Room(1, Only.ANYTHING), id="up to the last of them"),
        pytest.param(16, Room(8, Only.PAGES), id="some are kept for pages"),
        pytest.param(24, Room(8, Only.GRAVEST_PAGES), id="the last for the gravest"),
        pytest.param(32, Room(0, Only.GRAVEST_PAGES), id="full"),
    ],
)
def test_last_places_are_kept_for_the_gravest_pages(under_way: int, room: Room) -> None:
    assert Throttle(None).room(under_way, NOON) == room


@pytest.mark.parametrize(
    ("under_way", "room"),
    [
        (0, Room(4, Only.ANYTHING)),
        (4, Room(1, Only.PAGES)),
        (5, Room(1, Only.GRAVEST_PAGES)),
        (6, Room(0, Only.GRAVEST_PAGES)),
    ],
)
def test_where_there_are_few_places_the_last_are_kept_as_well(under_way: int, room: Room) -> None:
    assert Throttle(None, AppriseProvider.places).room(under_way, NOON) == room


def test_rate_bounds_what_leaves_after_an_outage_until_nothing_is_due() -> None:
    throttle = Throttle(Rate(apart=SECOND, burst=4))
    throttle.takes(4, NOON)
    assert throttle.room(0, NOON).count == 16
    for key in "abcde":
        throttle.hears(Again("HTTP 502"), key, NOON)
    well_at = NOON + 10 * SECOND
    for key in "abcde":
        throttle.hears(Done(), key, well_at)
    assert throttle.breaker.is_closed
    assert throttle.room(0, well_at).count == 4
    throttle.takes(4, well_at)
    assert throttle.room(0, well_at).count == 0
    assert throttle.opens_at(well_at) == well_at + SECOND
    throttle.is_drained()
    assert throttle.room(0, well_at).count == 16
    assert throttle.opens_at(well_at) is None


def test_what_left_past_the_rate_while_all_was_well_holds_up_nothing_for_long() -> None:
    throttle = Throttle(Rate(apart=SECOND, burst=4))
    throttle.takes(5_000, NOON)
    for key in "abcde":
        throttle.hears(Again("HTTP 502"), key, NOON)
    assert throttle.opens_at(NOON) == NOON + SECOND
    assert throttle.room(0, NOON + 2 * SECOND) == Room(1, Only.ANYTHING)
    for key in "abcde":
        throttle.hears(Done(), key, NOON + 2 * SECOND)
    assert throttle.room(0, NOON + 2 * SECOND).count == 2
    assert throttle.room(0, NOON + 60 * SECOND).count == 4


def test_ill_provider_has_room_for_a_probe_when_it_is_due() -> None:
    throttle = Throttle(None)
    for key in "abcdef":
        throttle.hears(Again("HTTP 502"), key, NOON)
    assert throttle.room(0, NOON).count == 0
    assert throttle.opens_at(NOON) == NOON + 2 * SECOND
    assert throttle.room(0, NOON + 2 * SECOND) == Room(1, Only.ANYTHING)
    assert throttle.room(1, NOON + 2 * SECOND).count == 0
    throttle.hears(Done(), "a", NOON)
    throttle.hears(Never("HTTP 400"), "b", NOON)
    assert throttle.room(0, NOON).count == 3


def test_provider_that_is_busy_is_not_ill() -> None:
    throttle = Throttle(None)
    for key in "abcdefgh":
        throttle.hears(Busy("HTTP 429"), key, NOON)
    assert throttle.breaker.is_closed
