"""Open, acknowledge, assess, mitigate, resolve, reopen, cancel: the way of an incident through its statuses."""

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Context, Draft, Refusal
from tocsin.domain.decisions.informing import inform_stakeholders, notice_pattern
from tocsin.domain.incident import Source, Status
from tocsin.domain.text import MAX_LINE, clean_line, clean_text, fault_in
from tocsin.sop.words import Severity, Trigger

MAX_TEAMS = 20


def open_from_alert(draft: Draft, command: c.OpenFromAlert) -> Refusal | None:
    """An alert fired: nobody has assessed it, so the unassessed ladder holds."""
    placement = command.placement
    draft.record(
        e.IncidentOpened(
            id=draft.context.next_id,
            sop_version=draft.context.sop_version,
            title=clean_line(command.title),
            service=placement.service,
            teams=(_team_of(draft.context, placement.service),),
            trigger=placement.trigger,
            source=Source.ALERT,
            group_key=placement.group_key,
            provisional=placement.severity,
            pages_unassessed=placement.page,
        )
    )
    return None


def declare(draft: Draft, command: c.Declare) -> Refusal | None:
    """A person declares; with a severity the incident is assessed at once."""
    context = draft.context
    fault = fault_in(command.title, "title", MAX_LINE) or _unknown_service(context, command.service)
    fault = fault or next(filter(None, (_unknown_team(context, team) for team in command.teams)), None)
    if fault:
        return Refusal("invalid_declaration", fault)
    own = _team_of(context, command.service)
    draft.record(
        e.IncidentOpened(
            id=context.next_id,
            sop_version=context.sop_version,
            title=clean_line(command.title),
            service=command.service,
            teams=tuple(dict.fromkeys((own, *command.teams)))[:MAX_TEAMS],
            trigger=command.trigger,
            source=Source.PERSON,
        )
    )
    if command.severity is not None:
        _assess(draft, command.severity, command.reason or "stated at declaration", command.trigger)
    return None


def _team_of(context: Context, service: str) -> str:
    """The team that owns the service; of a service that the SOP lost, the first team: somebody must be reached."""
    owned = context.roster.sop.services.get(service)
    return owned.team if owned else next(iter(context.roster.sop.teams), "")


def _unknown_service(context: Context, service: str) -> str | None:
    known = context.roster.sop.services
    return None if service in known else f"service: {service!r} is not one of {', '.join(sorted(known))}"


def _unknown_team(context: Context, team: str) -> str | None:
    known = context.roster.sop.teams
    return None if team in known else f"team: {team!r} is not one of {', '.join(sorted(known))}"


def acknowledge(draft: Draft, command: c.Acknowledge) -> Refusal | None:
    """The first acknowledgement stops the ladder; a later one answers pages that are still open, or is refused."""
    incident = draft.incident
    if incident.acknowledged_by is not None and not incident.open_pages:
        return Refusal("already_acknowledged", f"{incident.id} is already acknowledged by {incident.acknowledged_by}")
    draft.record(e.Acknowledged(note=clean_line(command.note), page=command.page))
    return None


def assess(draft: Draft, command: c.Assess) -> Refusal | None:
    """The first assessment establishes the severity, later ones change it or the trigger, or are refused."""
    incident = draft.incident
    fault = fault_in(command.reason, "reason", MAX_LINE)
    if fault:
        return Refusal("reason_missing", fault)
    if incident.severity is None:
        _assess(draft, command.severity, command.reason, command.trigger or incident.trigger)
        return None
    trigger = None if command.trigger is incident.trigger else command.trigger
    if incident.severity is command.severity and trigger is None:
        also = f", and its trigger {incident.trigger}" if command.trigger else ""
        return Refusal("same_severity", f"{incident.id} is {command.severity} already{also}: nothing to change")
    reason = clean_line(command.reason)
    before = incident.severity
    draft.record(e.SeverityChanged(before=before, severity=command.severity, reason=reason, trigger=trigger))
    if before is not command.severity:
        inform_stakeholders(draft)
        notice_pattern(draft)
    return None


def _assess(draft: Draft, severity: Severity, reason: str, trigger: Trigger) -> None:
    draft.record(e.Assessed(severity=severity, reason=clean_line(reason), trigger=trigger))
    inform_stakeholders(draft)
    notice_pattern(draft)


def add_team(draft: Draft, command: c.AddTeam) -> Refusal | None:
    """A further team joins; what the ladder owes its primary is due at once."""
    incident = draft.incident
    fault = _unknown_team(draft.context, command.team)
    if fault:
        return Refusal("unknown_team", fault)
    if command.team in incident.teams:
        return Refusal("team_already_added", f"{incident.id} involves {command.team} already")
    if len(incident.teams) >= MAX_TEAMS:
        return Refusal("too_many_teams", f"{incident.id} involves {MAX_TEAMS} teams, and no more fit")
    draft.record(e.TeamAdded(team=command.team))
    return None


def add_note(draft: Draft, command: c.AddNote) -> Refusal | None:
    """A note may be added at any time, after the end as well."""
    fault = fault_in(command.text, "note")
    if fault:
        return Refusal("invalid_note", fault)
    draft.record(e.NoteAdded(text=clean_text(command.text), is_answer=command.is_answer))
    return None


def _fault_in_note(note: str) -> str | None:
    return fault_in(note, "note") if note.strip() else None


def mitigate(draft: Draft, command: c.Mitigate) -> Refusal | None:
    """Service is restored: the update cadence ends."""
    fault = _fault_in_note(command.note)
    if fault:
        return Refusal("invalid_note", fault)
    draft.record(e.Mitigated(note=clean_text(command.note)))
    return None


def resolve(draft: Draft, command: c.Resolve) -> Refusal | None:
    """The fix is confirmed. Whether monitoring was clean by then stands in the record (SOP, triage step 6)."""
    fault = _fault_in_note(command.note)
    if fault:
        return Refusal("invalid_note", fault)
    draft.record(e.Resolved(note=clean_text(command.note), is_monitoring_clean=_is_monitoring_clean(draft)))
    return None


def _is_monitoring_clean(draft: Draft) -> bool:
    return draft.incident.is_clear or draft.incident.source is Source.PERSON


def reopen(draft: Draft, command: c.Reopen) -> Refusal | None:
    """It came back: the ladder counts anew, and pages again."""
    fault = fault_in(command.reason, "reason", MAX_LINE)
    if fault:
        return Refusal("reason_missing", fault)
    draft.record(e.Reopened(reason=clean_line(command.reason)))
    return None


def cancel(draft: Draft, command: c.Cancel) -> Refusal | None:
    """It was not an incident: everything stops, and the record says why."""
    fault = fault_in(command.reason, "reason", MAX_LINE)
    if fault:
        return Refusal("reason_missing", fault)
    draft.record(e.Cancelled(reason=clean_line(command.reason)))
    return None


def note_alerts_cleared(draft: Draft, command: c.NoteAlertsCleared) -> Refusal | None:
    """Monitoring is clean; only if the SOP says so does that resolve the incident."""
    if draft.incident.status.is_over or draft.incident.is_clear:
        return None
    draft.record(e.AlertsCleared(alerts=command.alerts))
    if draft.context.sop.alerts.resolve_when_clear:
        draft.record(e.Resolved(note="every alert has cleared", is_monitoring_clean=True))
    return None


def note_alerts_firing(draft: Draft, command: c.NoteAlertsFiring) -> Refusal | None:
    """Monitoring is not clean any more; after a mitigation that means that it came back."""
    if draft.incident.is_clear:
        draft.record(e.AlertsFiring(title=clean_line(command.title)))
        if draft.incident.status is Status.MITIGATED:
            draft.record(e.Reopened(reason="its alerts fire again after the mitigation"))
    return None


def note_alert_worse(draft: Draft, command: c.NoteAlertWorse) -> Refusal | None:
    """The worst alert counts: a quiet incident begins to page when a loud alert joins.

    Somebody's assessment stands against alerts like those that were seen; one that looks worse than all of them, and
    than the assessment, raises the severity and needs an answer of its own. So does one that joins what nobody has
    assessed, where whoever responds has seen nothing that wakes people, or thinks the service restored.
    """
    incident, placement = draft.incident, command.placement
    if incident.status.is_over:
        return None
    reason = clean_line(f"a worse alert joined: {command.title}")
    looks_worse = _rank(placement.severity) < _rank(incident.provisional)
    begins_to_page = placement.page and not incident.pages_unassessed and incident.severity is None
    is_beyond = looks_worse and placement.page and _rank(placement.severity) < _rank(incident.severity)
    comes_back = is_beyond and incident.severity is None and incident.status is Status.MITIGATED
    if comes_back or (begins_to_page and incident.status is not Status.TRIGGERED):
        draft.record(e.Reopened(reason=reason))
    if incident.severity is not None and placement.severity is not None and is_beyond:
        # Where somebody is being paged already, to begin anew would only delay the next.
        if incident.status is not Status.TRIGGERED or not incident.open_pages:
            draft.record(e.Reopened(reason=reason))
        draft.record(e.SeverityChanged(before=incident.severity, severity=placement.severity, reason=reason))
        inform_stakeholders(draft)
    if looks_worse or begins_to_page:
        draft.record(
            e.AlertWorsened(
                title=clean_line(command.title),
                provisional=placement.severity if looks_worse else incident.provisional,
                pages_unassessed=placement.page or incident.pages_unassessed,
            )
        )
    return None


def _rank(severity: Severity | None) -> int:
    return severity.rank if severity else len(Severity) + 1
