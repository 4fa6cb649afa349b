"""Is anybody forgotten? What must hold of a stored incident at any moment, held against the SOP; breaches are values.

It reads what is stored and derives nothing through `deadlines.py`, whose work it judges: only what falls due next is
compared with it. Numbers are those of the list of invariants in the reliability specification.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.deadlines import wake_at as next_wake_at
from tocsin.domain.incident import Incident, Status
from tocsin.sop.model import PostmortemRule, SeverityLevel, Sop

LATE_BY = timedelta(seconds=5)  # what may pass between a deadline and its being carried out, while an engine runs


class Calm(StrEnum):
    """Why nothing falls due by itself: somebody decided so, or the SOP says so."""

    HELD = "held since it was restored from a backup, until somebody releases it"
    CLOSED = "closed: its postmortem is done"
    CANCELLED = "cancelled: it was not an incident"
    NO_POSTMORTEM = "resolved, and no postmortem is asked for"
    MITIGATED = "service is restored: its resolution is left to those who respond"
    WAKES_NOBODY = "its alerts wake nobody, and nobody has assessed it"
    NO_CADENCE = "its severity asks for no updates, and its ladder is used up"


class Breach(Struct, frozen=True):
    """An invariant that doesn't hold of an incident, by its number, and how it shows."""

    invariant: int
    incident: str
    what: str


def why_calm(sop: Sop, incident: Incident) -> Calm | None:
    """Why the incident may wait without a deadline of its own; None where one must be coming."""
    if incident.held_since is not None:
        return Calm.HELD
    level = sop.severities.get(incident.severity) if incident.severity else None
    match incident.status:
        case Status.CLOSED:
            return Calm.CLOSED
        case Status.CANCELLED:
            return Calm.CANCELLED
        case Status.RESOLVED:
            return None if level and _awaits_postmortem(level, incident) else Calm.NO_POSTMORTEM
        case Status.MITIGATED:
            return Calm.MITIGATED
    if level is None:
        return None if incident.pages_unassessed else Calm.WAKES_NOBODY
    repeats = level.repeat is not None and incident.status is Status.TRIGGERED
    return None if repeats or level.update_every else Calm.NO_CADENCE


def _awaits_postmortem(level: SeverityLevel, incident: Incident) -> bool:
    is_asked_for = level.postmortem is PostmortemRule.ALWAYS or incident.postmortem.is_requested
    return is_asked_for and level.postmortem_within is not None


def breaches(sop: Sop, incident: Incident, wake_at: datetime | None, now: datetime) -> tuple[Breach, ...]:
    """What is wrong with an incident that is stored to be woken at `wake_at`, as things stand at `now`."""
    return tuple(Breach(number, incident.id, what) for number, what in _faults(sop, incident, wake_at, now))


def _faults(sop: Sop, incident: Incident, wake_at: datetime | None, now: datetime) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    due_at = next_wake_at(sop, incident)
    if wake_at != due_at:
        found.append((5, f"it is to be woken at {_clock(wake_at)}, but what falls due next is due at {_clock(due_at)}"))
    if wake_at is None and why_calm(sop, incident) is None:
        found.append((12, f"nothing is due although it is {incident.status}, and there is no reason to wait"))
    if wake_at is not None and now - wake_at > LATE_BY:
        found.append((7, f"what was due at {_clock(wake_at)} has not been carried out"))
    if incident.status is Status.TRIGGERED and incident.acknowledged_by is not None:
        found.append((18, f"{incident.acknowledged_by} has acknowledged it, and it is triggered all the same"))
    if incident.status.is_over and incident.open_pages:
        found.append((10, f"pages still wait for an answer although it is {incident.status}"))
    return found


def _clock(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "no time"
