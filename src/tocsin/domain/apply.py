"""What is the state after one more event? The fold: the only thing that changes an incident.

`apply` never refuses: an event has happened. It must stay able to read every event that was ever stored. What each one
changes stands in `changes/`; the table below says which function that is.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes import alerts, informing, lifecycle, paging, postmortem, restoring
from tocsin.domain.incident import Further, Incident, LadderMemory, Page
from tocsin.sop.words import Urgency


def fold(timeline: Iterable[e.Recorded]) -> Incident:
    """The incident after all its events, in their order; raises ValueError for an empty timeline."""
    incident = None
    for recorded in timeline:
        incident = apply(incident, recorded)
    if incident is None:
        raise ValueError("an incident has at least one event")
    return incident


def apply(incident: Incident | None, recorded: e.Recorded) -> Incident:
    """The incident after `recorded`; the first event of every incident is IncidentOpened, with None before it."""
    event = recorded.event
    if isinstance(event, e.IncidentOpened):
        return _opened(event, recorded)
    if incident is None:
        raise ValueError(f"{recorded.incident}: the timeline starts with {type(event).__name__}, not with its opening")
    changed = _APPLY[type(event)](incident, event, recorded)
    pages = _with_new_pages(changed.pages, recorded, changed.mark)
    return replace(changed, seq=recorded.seq, changed_at=recorded.at, pages=pages)


def _with_new_pages(pages: dict[str, Page], recorded: e.Recorded, mark: str) -> dict[str, Page]:
    urgency, reaches = e.reaches_of(recorded.event)
    new = {
        e.page_key(recorded, number, mark): Page(
            person=reach.person,
            cause=recorded.seq,
            method=reach.method,
            demands_answer=urgency is Urgency.PAGE,
            further=Further(since=recorded.at, later=reach.later) if reach.later else UNSET,
        )
        for number, reach in enumerate(reaches)
    }
    return {**pages, **new} if new else pages


def _opened(event: e.IncidentOpened, recorded: e.Recorded) -> Incident:
    return Incident(
        id=event.id,
        seq=recorded.seq,
        sop_version=event.sop_version,
        title=event.title,
        service=event.service,
        teams=event.teams,
        trigger=event.trigger,
        source=event.source,
        opened_at=recorded.at,
        changed_at=recorded.at,
        ladder=LadderMemory(started_at=recorded.at),
        group_key=event.group_key,
        provisional=event.provisional,
        pages_unassessed=event.pages_unassessed,
    )


def _unchanged(incident: Incident, event: e.Event, recorded: e.Recorded) -> Incident:
    return incident


# The values take the key's event; the type system can't say so of a dict.
_APPLY: dict[type[e.Event], Callable[[Incident, Any, e.Recorded], Incident]] = {
    e.Acknowledged: lifecycle.acknowledged,
    e.Assessed: lifecycle.assessed,
    e.SeverityChanged: lifecycle.severity_changed,
    e.RoleAssigned: informing.role_assigned,
    e.TeamAdded: informing.team_added,
    e.NoteAdded: _unchanged,
    e.UpdatePosted: informing.update_posted,
    e.StepFired: paging.step_fired,
    e.PersonPaged: _unchanged,
    e.PageAccepted: paging.page_accepted,
    e.PageFailed: paging.page_failed,
    e.PageRepeated: paging.page_repeated,
    e.ResponseTimeMissed: informing.response_time_missed,
    e.AssessmentOverdue: informing.assessment_overdue,
    e.Reminded: informing.reminded,
    e.UpdateOverdue: informing.update_overdue,
    e.Mitigated: lifecycle.mitigated,
    e.AlertsCleared: alerts.alerts_cleared,
    e.AlertsFiring: alerts.alerts_firing,
    e.AlertWorsened: alerts.alert_worsened,
    e.Resolved: lifecycle.resolved,
    e.Reopened: lifecycle.reopened,
    e.Restored: restoring.restored,
    e.Released: restoring.released,
    e.Cancelled: lifecycle.cancelled,
    e.StakeholdersInformed: informing.stakeholders_informed,
    e.PatternNoticed: _unchanged,
    e.ChannelOpened: informing.channel_opened,
    e.ChannelFailed: _unchanged,
    e.SummaryPosted: informing.summary_posted,
    e.PostmortemRequested: postmortem.postmortem_requested,
    e.PostmortemSaved: postmortem.postmortem_saved,
    e.PostmortemReminded: postmortem.postmortem_reminded,
    e.PostmortemCompleted: postmortem.postmortem_completed,
}
