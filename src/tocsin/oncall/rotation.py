"""Whose turn is it? A rotation's shifts, by calendar arithmetic on local dates.

Shift number 0 starts at the first `handoff_on` weekday on or after `starts_on`; earlier shifts have negative numbers,
so there is a shift at every instant whose neighbouring handoffs lie in the years 1 to 9999. Instants are aware UTC;
shifts are half-open: the instant of a handoff belongs to the shift that starts there.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count, takewhile

from msgspec import Struct

from tocsin.oncall.local_time import WEEKDAYS, instant_of, local_clock
from tocsin.sop.model import Rotation


class Shift(Struct, frozen=True):
    """Who is on call from `starts_at` up to, not including, `ends_at`. None: nobody, a gap."""

    starts_at: datetime
    ends_at: datetime
    primary: str | None
    secondary: str | None


@lru_cache(maxsize=256)  # everything that is decided at one moment asks for the same few shifts
def shift_at(rotation: Rotation, at: datetime) -> Shift:
    """The shift that `at` lies in; at the instant of a handoff, the one that starts. Costs the same at any distance."""
    return _shift(rotation, _number_at(rotation, at))


def shifts_between(rotation: Rotation, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The whole shifts that meet [start, end), in order, each starting where the one before ends.

    The first may start before `start` and the last end after `end`. Empty if `end` is not after `start`.
    """
    if end <= start:
        return ()
    shifts = (_shift(rotation, number) for number in count(_number_at(rotation, start)))
    return tuple(takewhile(lambda shift: shift.starts_at < end, shifts))


def _shift(rotation: Rotation, number: int) -> Shift:
    return Shift(
        starts_at=_handoff_at(rotation, number),
        ends_at=_handoff_at(rotation, number + 1),
        primary=_whose_turn(rotation.primary, number),
        secondary=_whose_turn(rotation.secondary, number),
    )


def _number_at(rotation: Rotation, at: datetime) -> int:
    today = local_clock(at, rotation.time_zone).date()
    number = (today - _first_handoff_on(rotation)).days // (7 * rotation.every_weeks)
    if at < _handoff_at(rotation, number):  # the day of the handoff, before its hour
        return number - 1
    # Where clocks go back over midnight (St John's, until 2011), the evening before comes again after the handoff.
    return number + (at >= _handoff_at(rotation, number + 1))


def _handoff_at(rotation: Rotation, number: int) -> datetime:
    day = _first_handoff_on(rotation) + timedelta(weeks=number * rotation.every_weeks)
    return instant_of(day, rotation.handoff_at, time_zone=rotation.time_zone)


def _first_handoff_on(rotation: Rotation) -> date:
    days_to_go = (WEEKDAYS.index(rotation.handoff_on) - rotation.starts_on.weekday()) % 7
    return rotation.starts_on + timedelta(days=days_to_go)


def _whose_turn(people: tuple[str, ...], number: int) -> str | None:
    return people[number % len(people)] if people else None
