import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.oncall.clocks import (
    ALL_ZONES,
    AWKWARD_ZONES,
    MOMENT,
    changes_of,
    clocks,
    days,
    first_instant_of,
    instants,
    near_changes,
    wall,
    zones,
)
from tocsin.oncall.local_time import WEEKDAYS, instant_of, local_clock
from tocsin.oncall.rotation import shift_at
from tocsin.sop.model import Rotation

GOALERT_FACTS = Path(__file__).parents[2].parent / "shared" / "data" / "oncall" / "dst-handoffs-chicago.json"


class Fact(TypedDict):
    """One schedule and the handoffs that GoAlert gives it."""

    time_zone: str
    type: str
    shift_length: int
    start_local: str
    handoffs: list[str]


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        pytest.param("America/Chicago", "2020-03-08T01:59", "2020-03-08T07:59", id="just before a gap"),
        pytest.param("America/Chicago", "2020-03-08T02:00", "2020-03-08T08:00", id="the first skipped minute"),
        pytest.param("America/Chicago", "2020-03-08T02:30", "2020-03-08T08:00", id="a skipped time is the gap's end"),
        pytest.param("America/Chicago", "2020-03-08T03:00", "2020-03-08T08:00", id="the gap's end itself"),
        pytest.param("America/Chicago", "2020-11-01T01:30", "2020-11-01T06:30", id="the first of a repeated time"),
        pytest.param("America/Chicago", "2020-11-01T02:00", "2020-11-01T08:00", id="just after a repeated hour"),
        pytest.param("Australia/Lord_Howe", "2024-10-06T02:15", "2024-10-05T15:30", id="a gap of half an hour"),
        pytest.param("Antarctica/Troll", "2024-03-31T02:00", "2024-03-31T01:00", id="a gap of two hours"),
        pytest.param("America/Havana", "2024-03-10T00:00", "2024-03-10T05:00", id="a day without midnight"),
        pytest.param("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00", id="a day that never was"),
        pytest.param("America/St_Johns", "1990-10-28T00:00", "1990-10-28T02:30", id="a midnight that comes twice"),
        pytest.param("Asia/Kathmandu", "2026-01-05T10:00", "2026-01-05T04:15", id="an offset of quarter hours"),
        pytest.param("UTC", "2026-01-05T10:00", "2026-01-05T10:00", id="no offset at all"),
    ],
)
def test_local_time_means_the_first_instant_that_shows_it_or_later(zone: str, local: str, utc: str) -> None:
    wanted = datetime.fromisoformat(local)
    assert instant_of(wanted.date(), wanted.time(), time_zone=zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_instants_are_aware_utc_and_local_clocks_naive() -> None:
    at = instant_of(date(2026, 7, 6), time(10), time_zone="Europe/Berlin")
    assert at.tzinfo is UTC
    assert local_clock(at, "Europe/Berlin").tzinfo is None
    assert WEEKDAYS[local_clock(at, "Europe/Berlin").weekday()] == "monday"


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_an_error(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant_of(date(2026, 1, 5), time(10), time_zone=zone)


@given(zone=zones, day=days, clock=clocks)
def test_instants_agree_with_the_standard_library(zone: str, day: date, clock: time) -> None:
    assert instant_of(day, clock, time_zone=zone) == first_instant_of(datetime.combine(day, clock), zone)


@pytest.mark.parametrize("zone", AWKWARD_ZONES)
def test_every_hour_of_every_day_of_change_agrees_with_the_standard_library(zone: str) -> None:
    quarters = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
    for day in {wall(change, zone).date() for change in changes_of(zone)}:
        computed = [instant_of(day, clock, time_zone=zone) for clock in quarters]
        assert computed == [first_instant_of(datetime.combine(day, clock), zone) for clock in quarters]
        assert computed == sorted(computed)


@given(zone=zones, at=instants)
def test_local_clocks_agree_with_the_standard_library(zone: str, at: datetime) -> None:
    assert local_clock(at, zone) == wall(at, zone)


@given(near_changes())
def test_no_earlier_instant_shows_the_time_or_a_later_one(case: tuple[str, datetime]) -> None:
    zone, near = case
    local = wall(near, zone)
    at = instant_of(local.date(), local.time(), time_zone=zone)
    assert at <= near
    assert wall(at, zone) >= local > wall(at - MOMENT, zone)


def test_whenever_and_the_standard_library_know_the_same_zones() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    assert [local_clock(at, zone) for zone in ALL_ZONES] == [wall(at, zone) for zone in ALL_ZONES]


def _comparable_facts() -> list[Fact]:
    """Schedules that hand over at one local time of day: not the hourly ones, but for the one of 24 hours."""
    facts: list[Fact] = json.loads(GOALERT_FACTS.read_text()) if GOALERT_FACTS.exists() else []
    return [fact for fact in facts if fact["type"] != "hourly" or fact["shift_length"] == 24]


@pytest.mark.skipif(not GOALERT_FACTS.exists(), reason="GoAlert's handoffs lie beside the repository, not in it")
@pytest.mark.parametrize("fact", _comparable_facts(), ids=lambda fact: f"{fact['type']} from {fact['start_local']}")
def test_handoffs_fall_where_goalert_puts_them(fact: Fact) -> None:
    zone, clock = fact["time_zone"], datetime.fromisoformat(fact["start_local"]).time()
    for handoff in map(datetime.fromisoformat, fact["handoffs"]):
        day = handoff.astimezone(ZoneInfo(zone)).date()
        weekly = Rotation(time_zone=zone, primary=(), handoff_on=WEEKDAYS[day.weekday()], handoff_at=clock)
        assert instant_of(day, clock, time_zone=zone) == handoff
        assert shift_at(weekly, handoff).starts_at == handoff
        assert shift_at(weekly, handoff - MOMENT).ends_at == handoff
