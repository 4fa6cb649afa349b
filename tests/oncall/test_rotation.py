from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.clocks import MOMENT, clocks, days, first_instant_of, instants, near_changes, wall, zones
from tocsin.oncall.local_time import WEEKDAYS
from tocsin.oncall.rotation import Shift, shift_at, shifts_between
from tocsin.sop.model import Rotation

BERLIN = Rotation(
    time_zone="Europe/Berlin",
    primary=("alice", "bob", "chris"),
    secondary=("bob", "alice"),
    handoff_on="monday",
    handoff_at=time(10),
    starts_on=date(2026, 1, 5),
)
FORTNIGHTLY = Rotation(
    time_zone="Europe/London",
    primary=("emma", "farid"),
    every_weeks=2,
    handoff_on="wednesday",
    handoff_at=time(9),
    starts_on=date(2026, 1, 5),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


people = st.lists(st.sampled_from("abcdef"), max_size=5, unique=True).map(tuple)


@st.composite
def rotations(draw: st.DrawFn, zone: st.SearchStrategy[str] = zones) -> Rotation:
    return Rotation(
        time_zone=draw(zone),
        primary=draw(people),
        secondary=draw(people),
        every_weeks=draw(st.integers(1, 52)),
        handoff_on=draw(st.sampled_from(WEEKDAYS)),
        handoff_at=draw(clocks),
        starts_on=draw(days),
    )


@st.composite
def rotations_near_changes(draw: st.DrawFn) -> tuple[Rotation, datetime]:
    """A weekly rotation handing over within hours of a DST change, and an instant about then."""
    zone, at = draw(near_changes())
    rotation = draw(rotations(st.just(zone)))
    handoff_on = WEEKDAYS[wall(at, zone).weekday()]
    return Rotation(zone, rotation.primary, rotation.secondary, 1, handoff_on, rotation.handoff_at), at


@pytest.mark.parametrize(
    ("rotation", "at", "expected"),
    [
        pytest.param(
            BERLIN, "2026-01-05T09:00", "alice: 2026-01-05T09 to 2026-01-12T09", id="the first of the list starts"
        ),
        pytest.param(
            BERLIN, "2026-01-12T08:59:59.999999", "alice: 2026-01-05T09 to 2026-01-12T09", id="up to the handoff"
        ),
        pytest.param(BERLIN, "2026-01-12T09:00", "bob: 2026-01-12T09 to 2026-01-19T09", id="the handoff is the next's"),
        pytest.param(
            BERLIN, "2026-01-05T08:59", "chris: 2025-12-29T09 to 2026-01-05T09", id="it turned before its start"
        ),
        pytest.param(
            BERLIN, "2026-01-26T09:00", "alice: 2026-01-26T09 to 2026-02-02T09", id="after the last, the first"
        ),
        pytest.param(
            BERLIN, "2026-03-29T12:00", "chris: 2026-03-23T09 to 2026-03-30T08", id="a spring week is an hour short"
        ),
        pytest.param(
            BERLIN, "2026-10-25T12:00", "chris: 2026-10-19T08 to 2026-10-26T09", id="an autumn week is an hour long"
        ),
        pytest.param(
            FORTNIGHTLY, "2026-01-07T09:00", "emma: 2026-01-07T09 to 2026-01-21T09", id="starts on the weekday after"
        ),
        pytest.param(
            FORTNIGHTLY, "2026-01-14T09:00", "emma: 2026-01-07T09 to 2026-01-21T09", id="no handoff in mid-turn"
        ),
        pytest.param(FORTNIGHTLY, "2026-01-21T09:00", "farid: 2026-01-21T09 to 2026-02-04T09", id="every other week"),
    ],
)
def test_shift(rotation: Rotation, at: str, expected: str) -> None:
    shift = shift_at(rotation, utc(at))
    assert f"{shift.primary}: {shift.starts_at:%Y-%m-%dT%H} to {shift.ends_at:%Y-%m-%dT%H}" == expected
    assert shift.starts_at.minute == shift.ends_at.minute == 0


def test_lists_turn_each_at_its_own_length() -> None:
    shifts = shifts_between(BERLIN, utc("2026-01-05T09:00"), utc("2026-02-02T09:00"))
    assert [shift.primary for shift in shifts] == ["alice", "bob", "chris", "alice"]
    assert [shift.secondary for shift in shifts] == ["bob", "alice", "bob", "alice"]


def test_an_empty_list_is_a_gap() -> None:
    shift = shift_at(Rotation(time_zone="UTC", primary=()), utc("2026-01-05T10:00"))
    assert (shift.primary, shift.secondary) == (None, None)


def test_the_evening_that_comes_again_after_a_midnight_handoff_belongs_to_the_next() -> None:
    sunday = Rotation("America/St_Johns", ("a", "b"), handoff_on="sunday", handoff_at=time(0))
    again = utc("1990-10-28T02:45")  # clocks went back at 00:01, so it is Saturday, 23:15, for the second time
    assert wall(again, "America/St_Johns").isoformat() == "1990-10-27T23:15:00"
    assert shift_at(sunday, again).starts_at == utc("1990-10-28T02:30")


@pytest.mark.parametrize("year", [2, 1066, 1884, 2100, 9998])
def test_there_is_a_shift_in_any_year(year: int) -> None:
    at = datetime(year, 6, 15, 12, tzinfo=UTC)
    shift = shift_at(BERLIN, at)
    assert shift.starts_at <= at < shift.ends_at


@pytest.mark.parametrize(
    ("start", "end", "starts"),
    [
        pytest.param("2026-01-12T09:00", "2026-01-19T09:00", [12], id="exactly one shift"),
        pytest.param("2026-01-12T08:59", "2026-01-19T09:01", [5, 12, 19], id="whole shifts, not clipped"),
        pytest.param("2026-01-13T00:00", "2026-01-13T00:01", [12], id="within one shift"),
        pytest.param("2026-01-13T00:00", "2026-01-13T00:00", [], id="nothing at one instant"),
        pytest.param("2026-01-14T00:00", "2026-01-13T00:00", [], id="nothing backwards"),
    ],
)
def test_shifts_between(start: str, end: str, starts: list[int]) -> None:
    assert [shift.starts_at.day for shift in shifts_between(BERLIN, utc(start), utc(end))] == starts


@given(rotation=rotations(), at=instants)
def test_every_instant_lies_in_its_shift(rotation: Rotation, at: datetime) -> None:
    _assert_belongs(shift_at(rotation, at), rotation, at)


@given(rotations_near_changes())
def test_every_instant_about_a_dst_change_lies_in_its_shift(case: tuple[Rotation, datetime]) -> None:
    rotation, at = case
    _assert_belongs(shift_at(rotation, at), rotation, at)


def _assert_belongs(shift: Shift, rotation: Rotation, at: datetime) -> None:
    assert shift.starts_at <= at < shift.ends_at
    assert shift_at(rotation, shift.starts_at) == shift == shift_at(rotation, shift.ends_at - MOMENT)
    assert shift_at(rotation, shift.starts_at - MOMENT).ends_at == shift.starts_at
    assert shift_at(rotation, shift.ends_at).starts_at == shift.ends_at


@given(rotation=rotations(), at=instants)
def test_the_local_handoff_time_holds_across_dst(rotation: Rotation, at: datetime) -> None:
    for shift in shifts_between(rotation, at, at + timedelta(weeks=60)):
        local = wall(shift.starts_at, rotation.time_zone)
        meant = _last_handoff_by_the_calendar(rotation, local)
        if local != meant:  # only where that time is skipped: then the clock jumps over it just there
            assert wall(shift.starts_at - MOMENT, rotation.time_zone) < meant < local


def _last_handoff_by_the_calendar(rotation: Rotation, local: datetime) -> datetime:
    days_since = (local.weekday() - WEEKDAYS.index(rotation.handoff_on)) % 7
    return datetime.combine(local.date() - timedelta(days=days_since), rotation.handoff_at)


@given(rotation=rotations(), start=instants, weeks=st.integers(0, 120), seconds=st.integers(0, 604_800))
def test_shifts_cover_the_interval_without_gap_or_overlap(
    rotation: Rotation, start: datetime, weeks: int, seconds: int
) -> None:
    end = start + timedelta(weeks=weeks, seconds=seconds)
    shifts = shifts_between(rotation, start, end)
    clipped = [min(end, shift.ends_at) - max(start, shift.starts_at) for shift in shifts]
    assert all(length > timedelta(0) for length in clipped)
    assert sum(clipped, timedelta(0)) == end - start
    assert all(a.ends_at == b.starts_at for a, b in pairwise(shifts))


@given(rotation=rotations(), at=instants)
def test_turns_advance_by_one_person(rotation: Rotation, at: datetime) -> None:
    shifts = shifts_between(rotation, at, at + timedelta(weeks=2 * rotation.every_weeks))
    for a, b in pairwise(shifts):
        assert b.primary == _after(a.primary, rotation.primary)
        assert b.secondary == _after(a.secondary, rotation.secondary)


def _after(person: str | None, everyone: tuple[str, ...]) -> str | None:
    return everyone[(everyone.index(person) + 1) % len(everyone)] if person else None


@given(rotation=rotations(), weeks=st.integers(0, 200))
def test_whose_turn_it_is_agrees_with_counting_handoffs_one_by_one(rotation: Rotation, weeks: int) -> None:
    day = rotation.starts_on
    while WEEKDAYS[day.weekday()] != rotation.handoff_on:
        day += timedelta(days=1)
    at = first_instant_of(datetime.combine(day, rotation.handoff_at), rotation.time_zone) + timedelta(weeks=weeks)
    turns = -1
    while first_instant_of(datetime.combine(day, rotation.handoff_at), rotation.time_zone) <= at:
        turns += 1
        day += timedelta(weeks=rotation.every_weeks)
    expected = rotation.primary[turns % len(rotation.primary)] if rotation.primary else None
    assert shift_at(rotation, at).primary == expected
