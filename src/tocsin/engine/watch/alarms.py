"""What is wrong with Tocsin itself? Its own troubles as values: raised, told once, and cleared in one place.

Whoever looks after a kind of trouble says what there is of it now; what is new is raised, what is gone is cleared.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.text import clean_line

logger = logging.getLogger(__name__)

_LONGEST = 300
_MOST_IN_A_LINE = 3


class Trouble(StrEnum):
    """A kind of trouble."""

    DATABASE = "database"  # this node can't reach it
    DISK = "disk"  # it is full: only what runs already is written
    WAKER = "waker"  # deadlines are late
    OUTBOX = "outbox"  # what may leave doesn't
    UNREACHED = "unreached"  # an incident whose pages can't leave by any way
    AUDIT = "audit"  # an invariant doesn't hold
    QUARANTINE = "quarantine"  # something came in that could not be taken
    BLIND = "blind"  # the watchman itself can't look
    RESTORED = "restored"  # incidents are held since a restoration, until somebody releases them
    PROVIDER = "provider"  # a provider takes nothing
    CHAT = "chat"  # people can't act in the chat
    CLOCK = "clock"  # the clock has jumped ahead, and is followed slowly
    TAMPERED = "tampered"  # the audit log is not as it was written
    INTAKE = "intake"  # what lets alerts in ends soon, or has ended

    @property
    def may_lose_a_page(self) -> bool:
        """Whether somebody must be called by other ways than Tocsin's own."""
        return self not in _HARMLESS

    @property
    def keeps_from_work(self) -> bool:
        """Whether this node can't do its work, so that others, and people, must not count on it."""
        return self in (Trouble.DATABASE, Trouble.WAKER, Trouble.OUTBOX, Trouble.BLIND)


_HARMLESS = (
    Trouble.RESTORED,
    Trouble.PROVIDER,
    Trouble.CHAT,
    Trouble.CLOCK,
    Trouble.TAMPERED,
    Trouble.INTAKE,
)


class Alarm(Struct, frozen=True):
    """One trouble: `subject` tells it from others of its kind; the text is one line without control characters."""

    kind: Trouble
    subject: str
    text: str
    since: datetime

    @property
    def id(self) -> str:
        """`unreached:INC-2026-0042`: the same on every node."""
        return f"{self.kind}:{self.subject}" if self.subject else str(self.kind)


class Alarms:
    """The alarms of this node."""

    def __init__(self) -> None:
        self._of: dict[Trouble, dict[str, Alarm]] = {kind: {} for kind in Trouble}

    def state(self, kind: Trouble, found: Mapping[str, str], now: datetime) -> None:
        """Of this kind there are these troubles now, subject to text, and no others."""
        before = self._of[kind]
        after = {subject: self._kept(kind, subject, text, now) for subject, text in found.items()}
        self._of[kind] = after
        for subject in after.keys() - before.keys():
            logger.critical("ALARM %s", _told(after[subject]))
        for subject in before.keys() - after.keys():
            logger.warning("alarm over: %s", _told(before[subject]))

    def _kept(self, kind: Trouble, subject: str, text: str, now: datetime) -> Alarm:
        known = self._of[kind].get(subject)
        return Alarm(kind, subject, clean_line(text, _LONGEST), known.since if known else now)

    @property
    def all(self) -> tuple[Alarm, ...]:
        """Every alarm, those that may lose a page first, then the oldest first."""
        found = [alarm for of_a_kind in self._of.values() for alarm in of_a_kind.values()]
        return tuple(sorted(found, key=lambda it: (not it.kind.may_lose_a_page, it.since, it.id)))

    def of(self, kind: Trouble) -> tuple[Alarm, ...]:
        """The alarms of one kind."""
        return tuple(self._of[kind].values())

    @property
    def line(self) -> str:
        """All of them in one line, for a banner; empty while there are none."""
        found = self.all
        texts = [_told(alarm) for alarm in found[:_MOST_IN_A_LINE]]
        more = len(found) - len(texts)
        return "; ".join([*texts, *([f"and {more} more"] if more else [])])


def _told(alarm: Alarm) -> str:
    return f"{alarm.kind}: {alarm.text}"
