"""What falls due next? Deadlines are derived from the SOP and the incident, never stored; only the earliest is.

A deadline that fires becomes an event, and with the event applied it is no longer derived: it can't fire twice.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.incident import Incident, Status
from tocsin.domain.ladder import Rung, ladder_of, pending_rungs
from tocsin.oncall.business_time import add_business_time
from tocsin.sop.model import ContactMethod, PostmortemRule, ResponseClock, SeverityLevel, Sop
from tocsin.sop.words import TriageStep


class DeadlineKind(StrEnum):
    """What is due."""

    ESCALATION = "escalation"
    CONTACT = "contact"  # a further contact method of somebody who has not answered
    RESPONSE = "response"
    ASSESSMENT = "assessment"
    UPDATE_REMINDER = "update_reminder"
    UPDATE = "update"
    POSTMORTEM_REMINDER = "postmortem_reminder"
    POSTMORTEM = "postmortem"


class Deadline(Struct, frozen=True):
    """Something due at `at`; an escalation says which rung, a further contact method of which page, by its key."""

    kind: DeadlineKind
    at: datetime
    rung: Rung | None = None
    page: str | None = None
    method: ContactMethod | None = None


def deadlines(sop: Sop, incident: Incident) -> tuple[Deadline, ...]:
    """Everything that falls due if nobody does anything, the earliest first; at equal times escalation comes first.

    Nothing does while the incident is held (invariant 22).
    """
    if incident.held_since is not None:
        return ()
    found = [Deadline(DeadlineKind.ESCALATION, rung.at, rung) for rung in pending_rungs(sop, incident)]
    found += _contacts(incident)
    found += _assessment(sop, incident)
    level = sop.severities.get(incident.severity) if incident.severity else None
    if level is not None:
        found += _response(sop, level, incident)
        found += _update(sop, level, incident)
        found += _postmortem(sop, level, incident)
    return tuple(sorted(found, key=lambda deadline: deadline.at))


def wake_at(sop: Sop, incident: Incident) -> datetime | None:
    """When the incident must be looked at next; None when nothing will fall due by itself."""
    coming = deadlines(sop, incident)
    return coming[0].at if coming else None


def _contacts(incident: Incident) -> list[Deadline]:
    """The further ways of the pages that nobody has answered."""
    return [
        Deadline(DeadlineKind.CONTACT, page.further.since + (way.after or timedelta()), page=key, method=way)
        for key, page in incident.open_pages.items()
        if page.further
        for way in page.further.later
    ]


def _response(sop: Sop, level: SeverityLevel, incident: Incident) -> list[Deadline]:
    due = response_due_at(sop, level, incident)
    if due is None or incident.status is not Status.TRIGGERED or incident.is_response_missed:
        return []
    return [Deadline(DeadlineKind.RESPONSE, due)]


def response_due_at(sop: Sop, level: SeverityLevel, incident: Incident) -> datetime | None:
    """By when somebody must have acknowledged; None for planned work."""
    if level.respond_within is None:
        return None
    if level.respond_clock is ResponseClock.BUSINESS_HOURS:
        return add_business_time(sop.business_hours, incident.ladder.started_at, level.respond_within)
    return incident.ladder.started_at + level.respond_within


def assessment_due_at(sop: Sop, incident: Incident) -> datetime | None:
    """When whoever responds is first called on to assess; None once assessed, and while nobody responds.

    An acknowledgement stops the ladder of what nobody has assessed, and no severity's own has begun: so as often as
    that ladder would have repeated, the assessment is called for.
    """
    acknowledged_at = incident.milestone_at(TriageStep.ACKNOWLEDGE)
    if incident.status is not Status.ACKNOWLEDGED or incident.severity is not None or acknowledged_at is None:
        return None
    repeat = ladder_of(sop, incident).repeat
    return acknowledged_at + repeat.every if repeat else None


def _assessment(sop: Sop, incident: Incident) -> list[Deadline]:
    due, repeat = assessment_due_at(sop, incident), sop.unassessed.repeat
    if due is None or repeat is None:
        return []
    return [Deadline(DeadlineKind.ASSESSMENT, due + incident.assessment_calls * repeat.every)]


def update_due_at(level: SeverityLevel, incident: Incident) -> datetime | None:
    """When the next status update is due by the cadence; None without one, or once mitigated."""
    since = incident.cadence.since
    if level.update_every is None or since is None or incident.status not in (Status.TRIGGERED, Status.ACKNOWLEDGED):
        return None
    return since + min(level.update_every, incident.cadence.promised_within or level.update_every)


def _update(sop: Sop, level: SeverityLevel, incident: Incident) -> list[Deadline]:
    due = update_due_at(level, incident)
    if due is None or level.update_every is None:
        return []
    found = [Deadline(DeadlineKind.UPDATE, due + incident.cadence.overdue * level.update_every)]
    if not incident.cadence.is_reminded:
        found.append(Deadline(DeadlineKind.UPDATE_REMINDER, due - sop.communication.remind_before))
    return found


def postmortem_due_at(level: SeverityLevel, incident: Incident) -> datetime | None:
    """By when the postmortem must be completed; None when none is needed, or before the resolution."""
    resolved_at = incident.milestone_at(TriageStep.RESOLVE)
    if resolved_at is None or level.postmortem_within is None or not needs_postmortem(level, incident):
        return None
    return resolved_at + level.postmortem_within


def needs_postmortem(level: SeverityLevel, incident: Incident) -> bool:
    """Whether the severity demands a postmortem, or somebody asked for one where it may be asked for."""
    return level.postmortem is PostmortemRule.ALWAYS or incident.postmortem.is_requested


def _postmortem(sop: Sop, level: SeverityLevel, incident: Incident) -> list[Deadline]:
    due = postmortem_due_at(level, incident)
    if due is None or incident.status is not Status.RESOLVED:
        return []
    reminders = incident.postmortem_reminders
    if reminders == 0:
        return [Deadline(DeadlineKind.POSTMORTEM_REMINDER, due - sop.postmortem.remind_before)]
    late_by: timedelta = (reminders - 1) * sop.postmortem.remind_before
    return [Deadline(DeadlineKind.POSTMORTEM, due + late_by)]
