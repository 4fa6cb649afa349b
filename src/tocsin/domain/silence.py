"""Which alerts wake nobody for now? Silences, with Alertmanager's meaning; pure, spans half-open, instants aware UTC.

A silence keeps a firing alert from opening or joining an incident. It never stops one that is open already.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.text import fault_in
from tocsin.sop.matchers import Matcher

AT_MOST = 1_000  # silences that are not over: each new alert is held against all of them
MAX_MATCHERS = 50
MAX_COMMENT = 1_000
MAX_AUTHOR = 200
_FURTHEST = timedelta(days=366)


class SilenceState(StrEnum):
    """How a silence stands, in Alertmanager's words."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(Struct, frozen=True):
    """Alerts for which every matcher holds wake nobody from `starts_at` up to, not including, `ends_at`.

    `author` is who wants it, as they say themselves.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str

    def state(self, at: datetime) -> SilenceState:
        """How it stands at that instant."""
        if at >= self.ends_at:
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if at >= self.starts_at else SilenceState.PENDING

    def mutes(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert of these labels is meant, whatever the time."""
        return all(matcher.matches(labels) for matcher in self.matchers)


def muted_by(silences: Iterable[Silence], labels: Mapping[str, str]) -> Silence | None:
    """The first of these active silences that an alert of these labels is muted by; None where it wakes somebody."""
    return next((silence for silence in silences if silence.mutes(labels)), None)


def fault_in_silence(silence: Silence, now: datetime) -> str | None:
    """What is wrong with a silence that somebody asks for, as a sentence; None where nothing is."""
    if not 1 <= len(silence.matchers) <= MAX_MATCHERS:
        return f"matchers: must be 1 to {MAX_MATCHERS}, got {len(silence.matchers)}"
    if silence.mutes({}):
        return "matchers: must hold one at least that doesn't match an empty label, else every alert would be silenced"
    if silence.ends_at <= silence.starts_at:
        return "ends_at: must be after the start"
    if silence.ends_at <= now:
        return f"ends_at: must lie ahead, and {silence.ends_at:%Y-%m-%d %H:%M} UTC is past"
    if silence.ends_at - now > _FURTHEST:
        return f"ends_at: must lie within {_FURTHEST.days} days; for more, a route with `page = false`"
    return fault_in(silence.author, "author", MAX_AUTHOR) or fault_in(silence.comment, "comment", MAX_COMMENT)


def may_become(old: Silence, wanted: Silence, now: datetime) -> bool:
    """Whether `old` can be changed into `wanted`; else it ends, and a new one begins: what was stays on record.

    As Alertmanager has it (silence.go, canUpdate): the matchers stay, an active one keeps its start to the second, a
    pending one doesn't begin in the past, and one that is over is over.
    """
    if old.matchers != wanted.matchers:
        return False
    match old.state(now):
        case SilenceState.ACTIVE:
            return int(old.starts_at.timestamp()) == int(wanted.starts_at.timestamp()) and wanted.ends_at >= now
        case SilenceState.PENDING:
            return wanted.starts_at >= now
        case SilenceState.EXPIRED:
            return False
