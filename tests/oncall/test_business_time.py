from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.clocks import MOMENT, clocks, days, first_instant_of, instants, near_changes, wall, zones
from tocsin.oncall.business_time import add_business_time
from tocsin.oncall.local_time import WEEKDAYS
from tocsin.sop.model import BusinessHours

OFFICE = BusinessHours(
    time_zone="Europe/Berlin",
    days=WEEKDAYS[:5],
    opens_at=time(9),
    closes_at=time(17),
    holidays=(date(2026, 5, 1), date(2026, 12, 24), date(2026, 12, 25)),
)
NIGHT = BusinessHours(time_zone="Europe/Berlin", days=WEEKDAYS, opens_at=time(1), closes_at=time(4))
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "start", "length", "over"),
    [
        pytest.param(OFFICE, "2026-01-07T10:00", 4 * HOUR, "2026-01-07T14:00", id="within one day"),
        pytest.param(OFFICE, "2026-01-07T16:00", 4 * HOUR, "2026-01-08T12:00", id="overnight"),
        pytest.param(OFFICE, "2026-01-09T16:00", 4 * HOUR, "2026-01-12T12:00", id="over the weekend"),
        pytest.param(OFFICE, "2026-01-07T06:00", 4 * HOUR, "2026-01-07T13:00", id="counts from the opening"),
        pytest.param(OFFICE, "2026-01-07T17:00", 4 * HOUR, "2026-01-08T13:00", id="closing time is closed"),
        pytest.param(
            OFFICE, "2026-01-07T13:00", 4 * HOUR, "2026-01-07T17:00", id="ends at closing, not at the next opening"
        ),
        pytest.param(OFFICE, "2026-04-30T16:00", 4 * HOUR, "2026-05-04T12:00", id="over a holiday"),
        pytest.param(OFFICE, "2026-12-23T16:00", 4 * HOUR, "2026-12-28T12:00", id="over two holidays and a weekend"),
        pytest.param(OFFICE, "2026-03-27T16:00", 4 * HOUR, "2026-03-30T12:00", id="the same local hours after DST"),
        pytest.param(OFFICE, "2026-01-05T09:00", 40 * HOUR, "2026-01-09T17:00", id="a week of work"),
        pytest.param(OFFICE, "2026-01-05T09:00", 41 * HOUR, "2026-01-12T10:00", id="a week of work and an hour"),
        pytest.param(OFFICE, "2026-01-10T12:00", 0 * HOUR, "2026-01-10T12:00", id="no time is over at once"),
        pytest.param(OFFICE, "2026-01-10T12:00", -HOUR, "2026-01-10T12:00", id="less than no time too"),
        pytest.param(NIGHT, "2026-03-29T01:00", 2 * HOUR, "2026-03-29T04:00", id="a spring night is an hour short"),
        pytest.param(NIGHT, "2026-10-25T01:00", 4 * HOUR, "2026-10-25T04:00", id="an autumn night is an hour long"),
    ],
)
def test_business_time_is_over(hours: BusinessHours, start: str, length: timedelta, over: str) -> None:
    result = add_business_time(hours, _instant(start, hours), length)
    assert wall(result, hours.time_zone) == datetime.fromisoformat(over)


def _instant(local: str, hours: BusinessHours) -> datetime:
    return first_instant_of(datetime.fromisoformat(local), hours.time_zone)


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(BusinessHours("UTC", (), time(9), time(17)), id="no days"),
        pytest.param(BusinessHours("UTC", ("someday",), time(9), time(17)), id="no day that exists"),
        pytest.param(BusinessHours("UTC", WEEKDAYS, time(9), time(9)), id="closes as it opens"),
        pytest.param(BusinessHours("UTC", WEEKDAYS, time(17), time(9)), id="closes before it opens"),
    ],
)
def test_a_business_that_never_opens_counts_around_the_clock(hours: BusinessHours) -> None:
    start = datetime(2026, 1, 7, 12, tzinfo=UTC)
    assert add_business_time(hours, start, 4 * HOUR) == start + 4 * HOUR


def test_a_day_open_only_in_a_dst_gap_has_no_business_time() -> None:
    hours = BusinessHours("America/Chicago", ("sunday",), time(2, 10), time(2, 50))
    result = add_business_time(hours, _instant("2026-03-08T01:00", hours), timedelta(minutes=40))
    assert wall(result, "America/Chicago") == datetime.fromisoformat("2026-03-15T02:50")


@st.composite
def business_hours(draw: st.DrawFn, zone: st.SearchStrategy[str] = zones) -> BusinessHours:
    """Open for an hour or more a day: a business open for seconds would take years to do anything."""
    opens_at, closes_at = draw(st.tuples(clocks, clocks).filter(_an_hour_apart))
    return BusinessHours(draw(zone), draw(open_days), opens_at, closes_at, draw(holidays))


def _an_hour_apart(day: tuple[time, time]) -> bool:
    opens_at, closes_at = day
    return (opens_at.hour + 1, opens_at.minute) <= (closes_at.hour, closes_at.minute)


open_days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(tuple)
holidays = st.lists(days, max_size=3).map(tuple)
lengths = st.timedeltas(MOMENT, timedelta(hours=8))


def _elapsed(hours: BusinessHours, start: datetime, end: datetime) -> timedelta:
    """Business time in [start, end), counted day by day with the standard library's zones."""
    total = timedelta(0)
    day = wall(start, hours.time_zone).date()
    while day <= wall(end, hours.time_zone).date() + timedelta(days=1):
        if WEEKDAYS[day.weekday()] in hours.days and day not in hours.holidays:
            opens, closes = (
                first_instant_of(datetime.combine(day, clock), hours.time_zone)
                for clock in (hours.opens_at, hours.closes_at)
            )
            total += max(timedelta(0), min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return total


@given(case=near_changes(), length=lengths, given_hours=st.data())
def test_exactly_the_length_elapses_and_no_earlier(
    case: tuple[str, datetime], length: timedelta, given_hours: st.DataObject
) -> None:
    zone, start = case
    hours = given_hours.draw(business_hours(st.just(zone)))
    over = add_business_time(hours, start, length)
    assert _elapsed(hours, start, over) == length
    assert _elapsed(hours, start, over - MOMENT) < length


@given(hours=business_hours(), start=instants, wait=st.timedeltas(timedelta(0), timedelta(days=9)), length=lengths)
def test_starting_later_is_never_over_earlier(
    hours: BusinessHours, start: datetime, wait: timedelta, length: timedelta
) -> None:
    over = add_business_time(hours, start, length)
    assert over >= start + length
    assert add_business_time(hours, start + wait, length) >= over


@given(hours=business_hours(), start=instants, first=lengths, second=lengths)
def test_two_lengths_in_turn_are_over_when_their_sum_is(
    hours: BusinessHours, start: datetime, first: timedelta, second: timedelta
) -> None:
    half_time = add_business_time(hours, start, first)
    assert add_business_time(hours, half_time, second) == add_business_time(hours, start, first + second) > half_time
