"""What does a local clock show, says the standard library? The independent oracle, and times worth trying."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

MOMENT = timedelta(microseconds=1)
YEARS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC))

# Half-hour and two-hour DST, changes at midnight, skipped days, DST that stops for Ramadan, politics at short notice.
AWKWARD_ZONES = (
    "Africa/Casablanca",
    "America/Caracas",
    "America/Chicago",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
)
ALL_ZONES = tuple(sorted(zone for zone in available_timezones() if "/" in zone))


def wall(at: datetime, zone: str) -> datetime:
    """The naive local time at `at`."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_instant_of(local: datetime, zone: str) -> datetime:
    """The first instant whose wall clock shows `local` or later, found by halving where `local` is skipped."""
    early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (1, 0))
    if wall(late, zone) == local:  # fold 0 is the first of two, or the only one
        return late
    while late - early > MOMENT:
        middle = early + (late - early) // 2
        early, late = (early, middle) if wall(middle, zone) >= local else (middle, late)
    return late


@cache
def changes_of(zone: str) -> tuple[datetime, ...]:
    """The instants, to the second, at which the zone's offset from UTC changes within YEARS."""
    first, last = YEARS
    weeks = [first + timedelta(weeks=week) for week in range((last - first).days // 7)]
    return tuple(_change_between(a, b, zone) for a, b in pairwise(weeks) if _offset(a, zone) != _offset(b, zone))


def _offset(at: datetime, zone: str) -> timedelta | None:
    return at.astimezone(ZoneInfo(zone)).utcoffset()


def _change_between(early: datetime, late: datetime, zone: str) -> datetime:
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        early, late = (middle, late) if _offset(middle, zone) == _offset(early, zone) else (early, middle)
    return late


zones = st.one_of(st.sampled_from(AWKWARD_ZONES), st.sampled_from(ALL_ZONES))
clocks = st.one_of(st.times(), st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45))))
days = st.dates(date(1990, 1, 1), date(2037, 12, 31))
instants = st.timedeltas(timedelta(0), YEARS[1] - YEARS[0]).map(lambda since: YEARS[0] + since)


@st.composite
def near_changes(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant within two days of one of its DST changes."""
    zone = draw(st.sampled_from(AWKWARD_ZONES))
    change = draw(st.sampled_from(changes_of(zone)))
    return zone, change + timedelta(minutes=draw(st.integers(-2880, 2880)))
