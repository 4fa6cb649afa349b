"""How long does a session last? Twelve hours at most, two hours unused; at that very instant it is over."""

from datetime import datetime, timedelta

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)
LINK_LASTS = timedelta(hours=24)  # a one-time link


def is_alive(began_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session that began then, and was last used then, still holds."""
    return now < min(began_at + LASTS, seen_at + IDLE)


def ends_at(began_at: datetime, seen_at: datetime) -> datetime:
    """When it ends unless it is used again."""
    return min(began_at + LASTS, seen_at + IDLE)
