"""What does the API show of an incident? Its line and its cockpit, made for reading; times are RFC 3339 in UTC."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.domain.checklist import checklist, missing_roles
from tocsin.domain.deadlines import (
    Deadline,
    DeadlineKind,
    assessment_due_at,
    deadlines,
    postmortem_due_at,
    response_due_at,
    update_due_at,
)
from tocsin.domain.incident import Audience, Incident, PageStatus, Status
from tocsin.domain.narrate import name_of, target_words
from tocsin.domain.next_step import NextStep, next_step
from tocsin.domain.text import clean_line
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity, TriageStep, Trigger
from tocsin.store.rows import StoredAlert


class StepView(Struct, frozen=True):
    """A triage step of the checklist."""

    step: TriageStep
    is_done: bool
    is_needed: bool
    at: datetime | None
    by: str | None
    note: str


class DeadlineView(Struct, frozen=True):
    """Something due: `in_seconds` is negative once it is late; `targets` are whom an escalation reaches."""

    kind: DeadlineKind
    at: datetime
    in_seconds: int
    what: str
    targets: tuple[str, ...] = ()


class RoleView(Struct, frozen=True):
    """A role and who holds it."""

    role: Role
    short: str
    title: str
    person: str | None
    name: str | None
    is_required: bool


class AlertLine(Struct, frozen=True):
    """An alert in the cockpit, its text cleaned for people; `/alerts` has it as it came.

    `told_apart_by` are the labels in which it differs from the other ones that are shown.
    """

    name: str
    status: str
    summary: str
    told_apart_by: dict[str, str] = {}


class PagedView(Struct, frozen=True):
    """Somebody who was paged or notified: `status` is pending, accepted, failed or answered."""

    person: str
    name: str
    via: str
    status: PageStatus
    demands_answer: bool


class UpdateView(Struct, frozen=True):
    """A status update."""

    at: datetime
    by: str
    audience: Audience
    text: str


class IncidentLine(Struct, frozen=True):
    """An incident in a list."""

    id: str
    title: str
    status: Status
    severity: Severity | None
    provisional: Severity | None
    service: str
    teams: tuple[str, ...]
    opened_at: datetime
    acknowledged_by: str | None
    next_deadline: DeadlineView | None
    held_since: datetime | None


class IncidentView(Struct, frozen=True):
    """An incident as its cockpit shows it."""

    id: str
    title: str
    status: Status
    severity: Severity | None
    severity_reason: str
    provisional: Severity | None
    service: str
    teams: tuple[str, ...]
    trigger: Trigger
    source: str
    sop_version: str
    opened_at: datetime
    ended_at: datetime | None
    elapsed_seconds: int
    next_step: NextStep | None
    held_since: datetime | None
    acknowledged_by: str | None
    is_monitoring_clean: bool
    roles: list[RoleView]
    missing_roles: tuple[Role, ...]
    checklist: list[StepView]
    deadlines: list[DeadlineView]
    updates: list[UpdateView]
    channel: str | None
    wants_channel: bool
    runbook: str | None
    paged: list[PagedView]
    alerts_total: int
    alerts_firing: int
    alerts: list[AlertLine]


def incident_line(incident: Incident, sop: Sop, now: datetime) -> IncidentLine:
    """The incident in a list."""
    coming = deadlines(sop, incident)
    return IncidentLine(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        severity=incident.severity,
        provisional=incident.provisional,
        service=incident.service,
        teams=incident.teams,
        opened_at=incident.opened_at,
        acknowledged_by=incident.acknowledged_by,
        next_deadline=_deadline(coming[0], now) if coming else None,
        held_since=incident.held_since,
    )


def incident_view(
    incident: Incident, sop: Sop, now: datetime, *, alerts: list[StoredAlert], counts: tuple[int, int]
) -> IncidentView:
    """The incident as its cockpit shows it, with its newest alerts, and how many there are and fire."""
    ended_at = incident.milestone_at(TriageStep.RESOLVE) or incident.cancelled_at
    return IncidentView(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        severity=incident.severity,
        severity_reason=incident.severity_reason,
        provisional=incident.provisional,
        service=incident.service,
        teams=incident.teams,
        trigger=incident.trigger,
        source=incident.source,
        sop_version=incident.sop_version,
        opened_at=incident.opened_at,
        ended_at=ended_at,
        elapsed_seconds=int(((ended_at or now) - incident.opened_at).total_seconds()),
        next_step=next_step(sop, incident),
        held_since=incident.held_since,
        acknowledged_by=incident.acknowledged_by,
        is_monitoring_clean=incident.is_clear,
        roles=[_role(role, incident, sop) for role in Role],
        missing_roles=missing_roles(sop, incident),
        checklist=[
            StepView(item.step, item.is_done, item.is_needed, item.at, item.by, item.note)
            for item in checklist(sop, incident)
        ],
        deadlines=[*_missed(sop, incident, now), *(_deadline(it, now) for it in deadlines(sop, incident))],
        updates=[UpdateView(it.at, it.by, it.audience, it.text) for it in incident.updates],
        channel=incident.channel.name if incident.channel else None,
        wants_channel=incident.severity is not None and sop.severities[incident.severity].channel,
        runbook=_runbook(incident, sop, alerts),
        paged=[
            PagedView(
                page.person,
                name_of(page.person, sop),
                ", ".join(it.id for it in (page.method, *page.also)),
                page.status,
                page.demands_answer,
            )
            for page in incident.pages.values()
        ],
        alerts_total=counts[0],
        alerts_firing=counts[1],
        alerts=_alert_lines(alerts),
    )


def _role(role: Role, incident: Incident, sop: Sop) -> RoleView:
    level = sop.severities.get(incident.severity) if incident.severity else None
    holder = incident.roles.get(role)
    return RoleView(
        role=role,
        short=role.short,
        title=role.title,
        person=holder,
        name=name_of(holder, sop) if holder else None,
        is_required=level is not None and role in level.requires,
    )


_WHAT = {
    DeadlineKind.RESPONSE: "response time",
    DeadlineKind.ASSESSMENT: "assessment",
    DeadlineKind.UPDATE_REMINDER: "reminder: status update",
    DeadlineKind.UPDATE: "status update",
    DeadlineKind.POSTMORTEM_REMINDER: "reminder: postmortem",
    DeadlineKind.POSTMORTEM: "postmortem",
}


def _missed(sop: Sop, incident: Incident, now: datetime) -> list[DeadlineView]:
    """What is late already: its own time, not that of the next call for it."""
    late = {DeadlineKind.ASSESSMENT: assessment_due_at(sop, incident)}
    level = sop.severities.get(incident.severity) if incident.severity else None
    if level is not None and incident.is_response_missed and incident.status is Status.TRIGGERED:
        late[DeadlineKind.RESPONSE] = response_due_at(sop, level, incident)
    if level is not None:
        late[DeadlineKind.UPDATE] = update_due_at(level, incident)
    if level is not None and incident.status is Status.RESOLVED:
        late[DeadlineKind.POSTMORTEM] = postmortem_due_at(level, incident)
    found = [(kind, at) for kind, at in late.items() if at is not None and at <= now]
    return [DeadlineView(kind, at, int((at - now).total_seconds()), _WHAT[kind]) for kind, at in found]


def _runbook(incident: Incident, sop: Sop, alerts: list[StoredAlert]) -> str | None:
    """The runbook of an alert, as Prometheus rules name it, else of the service."""
    named = next((url for alert in alerts if (url := alert.annotations.get("runbook_url"))), None)
    service = sop.services.get(incident.service)
    found = named or (service.runbook if service else None)
    return clean_line(found, 500) if found else None


def _alert_lines(alerts: Sequence[StoredAlert]) -> list[AlertLine]:
    names = sorted({name for alert in alerts for name in alert.labels} - {"alertname"})
    differing = [name for name in names if len({alert.labels.get(name) for alert in alerts}) > 1]
    return [_alert_line(alert, differing) for alert in alerts]


def _alert_line(alert: StoredAlert, differing: list[str]) -> AlertLine:
    summary = alert.annotations.get("description") or alert.annotations.get("summary") or ""
    apart = {clean_line(it): clean_line(alert.labels[it], 100) for it in differing if it in alert.labels}
    return AlertLine(clean_line(alert.labels.get("alertname", "")), alert.status, clean_line(summary, 500), apart)


def _deadline(deadline: Deadline, now: datetime) -> DeadlineView:
    rung = deadline.rung
    if deadline.method is not None:
        what = f"unanswered page: {deadline.method.id} as well"
    elif rung is None:
        what = _WHAT[deadline.kind]
    else:
        again = " again" if rung.round else ""
        what = f"{rung.urgency}{again}: {', '.join(target_words(target) for target in rung.targets)}"
    seconds = int((deadline.at - now).total_seconds())
    return DeadlineView(
        kind=deadline.kind, at=deadline.at, in_seconds=seconds, what=what, targets=rung.targets if rung else ()
    )
