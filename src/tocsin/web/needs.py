"""What needs somebody now? Read from the open incidents: pure, the gravest first."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain.checklist import missing_roles
from tocsin.domain.deadlines import DeadlineKind, deadlines, update_due_at
from tocsin.domain.incident import Incident, Status
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity

_SOON = timedelta(minutes=5)


class Need(Struct, frozen=True):
    """One thing to do: why, in words; `place` is the part of the cockpit where it is done, `due_at` when, if it is."""

    incident: str
    title: str
    severity: Severity | None
    provisional: Severity | None
    why: str
    act: str
    place: str = ""
    due_at: datetime | None = None


def needs_of(person: str | None, sops: Mapping[str, Sop], incidents: Iterable[Incident], now: datetime) -> list[Need]:
    """What waits for `person`, in the order of the incidents; for nobody in particular, what waits for anybody.

    `sops` has the SOP of each incident by its version.
    """
    found = (_need(person, sops[incident.sop_version], incident, now) for incident in incidents)
    return [need for need in found if need is not None]


def _need(person: str | None, sop: Sop, incident: Incident, now: datetime) -> Need | None:
    told = _why(person, sop, incident, now)
    if told is None:
        return None
    why, act, place, due_at = told
    return Need(incident.id, incident.title, incident.severity, incident.provisional, why, act, place, due_at)


_Told = tuple[str, str, str, datetime | None]


def _why(person: str | None, sop: Sop, incident: Incident, now: datetime) -> _Told | None:
    if incident.held_since is not None:
        return "It was restored from a backup, and pages nobody until it is released.", "Release", "", None
    if any(page.person == person for page in incident.open_pages.values()):
        return "You were paged, and haven't answered.", "Acknowledge", "", _next_escalation(sop, incident)
    if incident.status is Status.TRIGGERED and person is None:
        return "Nobody has acknowledged it.", "Acknowledge", "", _next_escalation(sop, incident)
    return _of_a_role(person, sop, incident, now)


def _of_a_role(person: str | None, sop: Sop, incident: Incident, now: datetime) -> _Told | None:
    responds = person is None or person == incident.acknowledged_by or person in incident.roles.values()
    if not responds:
        return None
    if incident.status is Status.ACKNOWLEDGED and incident.severity is None:
        return "It is acknowledged, but nobody has said how severe it is.", "Assess", "assess-form", None
    level = sop.severities.get(incident.severity) if incident.severity else None
    due = update_due_at(level, incident) if level else None
    if due is not None and due - now <= _SOON and _writes_updates(person, incident):
        return "A status update is due.", "Write it", "update", due
    missing = missing_roles(sop, incident)
    if missing and incident.status is Status.ACKNOWLEDGED and _leads(person, incident):
        return f"Nobody is {missing[0].title} yet.", "Fill the role", "roles", None
    return None


def _writes_updates(person: str | None, incident: Incident) -> bool:
    lead = incident.roles.get(Role.COMMUNICATIONS_LEAD) or incident.roles.get(Role.INCIDENT_COMMANDER)
    return person is None or person == lead or lead is None


def _leads(person: str | None, incident: Incident) -> bool:
    lead = incident.roles.get(Role.INCIDENT_COMMANDER) or incident.acknowledged_by
    return person is None or person == lead


def _next_escalation(sop: Sop, incident: Incident) -> datetime | None:
    return next((it.at for it in deadlines(sop, incident) if it.kind is DeadlineKind.ESCALATION), None)
