"""When are four business hours over? Elapsed time that counts only while the business is open.

The business is open on the named days that are no holiday, from `opens_at` up to `closes_at` of the local clock: a DST
change in between makes that day's opening shorter or longer. Instants are aware UTC.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from tocsin.oncall.local_time import WEEKDAYS, instant_of, local_clock
from tocsin.sop.model import BusinessHours


def add_business_time(hours: BusinessHours, start: datetime, length: timedelta) -> datetime:
    """The first instant at which `length` of business time has elapsed since `start`.

    Time that runs out exactly at closing ends there, not at the next opening. A length of zero or less is over at
    `start`, open or not. A business that never opens (no days, or not closing later than it opens on the same day)
    would never get there: its time counts around the clock, `start + length`.
    """
    if length <= timedelta(0):
        return start
    if not _ever_opens(hours):
        return start + length
    openings = _openings_from(hours, start)
    begins_at, ends_at = next(openings)
    while ends_at - begins_at < length:
        length -= ends_at - begins_at
        begins_at, ends_at = next(openings)
    return begins_at + length


def _ever_opens(hours: BusinessHours) -> bool:
    return hours.opens_at < hours.closes_at and any(day in WEEKDAYS for day in hours.days)


def _openings_from(hours: BusinessHours, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = local_clock(start, hours.time_zone).date()
    for day in (today + timedelta(days=ahead) for ahead in count()):
        if WEEKDAYS[day.weekday()] in hours.days and day not in hours.holidays:
            opens_at = instant_of(day, hours.opens_at, time_zone=hours.time_zone)
            closes_at = instant_of(day, hours.closes_at, time_zone=hours.time_zone)
            yield max(start, opens_at), max(start, closes_at)
