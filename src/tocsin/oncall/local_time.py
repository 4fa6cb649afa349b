"""Which instant is 10:00 in Berlin? Local clocks to UTC and back, right across DST.

Instants are aware UTC. The only module that knows `whenever`: elapsed time over a DST change is wrong in `zoneinfo` by
design. A time zone that the IANA database doesn't know raises ValueError: loading the SOP is the place to find out.
"""

from datetime import date, datetime, time

from whenever import Instant, PlainDateTime

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")  # as `date.weekday` counts


def instant_of(day: date, clock: time, *, time_zone: str) -> datetime:
    """The first instant at which the local clock shows `clock` on `day`, or later.

    So a time that is skipped (a DST gap) means the end of the gap, and one that occurs twice means the first of the
    two. A later local time never gives an earlier instant.
    """
    wanted = PlainDateTime(datetime.combine(day, clock))
    moment = wanted.assume_tz(time_zone, disambiguation="earlier")
    if moment.to_plain() != wanted:  # skipped: whenever went back to before the gap, and the next change ends it
        moment = moment.next_transition() or moment
    return moment.to_instant().to_stdlib()


def local_clock(at: datetime, time_zone: str) -> datetime:
    """What the local calendar and clock show at `at`: a naive datetime, for its date, weekday and time only."""
    return Instant(at).to_tz(time_zone).to_plain().to_stdlib()
