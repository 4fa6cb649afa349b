"""How often may somebody try to sign in? A few times at once, then ever more slowly; each success begins anew.

Pure: what is kept of a subject (an account's address, or where requests come from) goes in, what to keep comes out. An
account is never locked for long: whoever could lock it would keep a responder out at night. Its attempts are slowed to
one a minute, which a password of twelve characters stands; an address may be slowed to one in a quarter of an hour.
"""

from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct

FORGOTTEN_AFTER = timedelta(hours=24)
_FIRST_WAIT = timedelta(seconds=1)


class Limit(Struct, frozen=True):
    """So many failures cost nothing; each one after them doubles the wait, up to the longest."""

    free: int
    longest: timedelta


class Subject(Enum):
    """Whose attempts are counted."""

    ACCOUNT = "account"
    ADDRESS = "address"

    @property
    def limit(self) -> Limit:
        """What holds for it."""
        return _LIMITS[self]


_LIMITS = {
    Subject.ACCOUNT: Limit(free=5, longest=timedelta(minutes=1)),
    Subject.ADDRESS: Limit(free=20, longest=timedelta(minutes=15)),  # many people may share one
}


class Attempts(Struct, frozen=True):
    """What is kept: how many attempts failed in a row, and when the last one did."""

    failures: int = 0
    last_at: datetime | None = None


def wait(attempts: Attempts, limit: Limit, now: datetime) -> timedelta:
    """How long the next attempt must wait; zero when it may be made now."""
    excess = attempts.failures - limit.free
    if attempts.last_at is None or excess < 0:
        return timedelta()
    pause = min(limit.longest, _FIRST_WAIT * (1 << min(excess, 20)))
    return max(timedelta(), attempts.last_at + pause - now)


def after_failure(attempts: Attempts, now: datetime) -> Attempts:
    """What is kept after one more failure; those of long ago are forgotten."""
    is_old = attempts.last_at is None or now - attempts.last_at >= FORGOTTEN_AFTER
    return Attempts(failures=1 if is_old else attempts.failures + 1, last_at=now)
