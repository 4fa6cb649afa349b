"""When is a delivery tried again, and when does a page go another way? Exponential back-off with jitter, for 24 hours.

The promise: a page whose first attempt fails is handed to the next contact method within a minute. A request ends after
ten seconds at the latest; who would be tried again half a minute after the decision or later is not waited for.
"""

import hashlib
from datetime import datetime, timedelta

RETRY_FOR = timedelta(hours=24)
_FIRST = timedelta(seconds=1)
_LONGEST = timedelta(minutes=1)
_ANOTHER_WAY_AFTER = timedelta(seconds=30)


def retry_at(key: str, attempts: int, now: datetime, after: timedelta | None) -> datetime:
    """When to try again after `attempts` failures: doubling from 1 s to 1 min, up to a half sooner by jitter.

    What the provider asked for (`after`, from Retry-After) is the least; the jitter comes from the key and the count,
    so that the same history gives the same times.
    """
    delay = min(_LONGEST, _FIRST * (1 << min(attempts - 1, 20)))
    digest = hashlib.blake2b(f"{key}/{attempts}".encode(), digest_size=2).digest()
    jittered = delay * (1 - int.from_bytes(digest, "big") / 0xFFFF / 2)
    return now + max(jittered, after or timedelta())


def is_given_up(created_at: datetime, now: datetime) -> bool:
    """Whether a delivery has been tried for long enough."""
    return now - created_at >= RETRY_FOR


def is_too_late(created_at: datetime, due_at: datetime) -> bool:
    """Whether a page may not wait for its next attempt: it goes another way as well (reliability figure F6)."""
    return due_at - created_at >= _ANOTHER_WAY_AFTER
