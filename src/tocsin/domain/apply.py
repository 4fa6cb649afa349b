"""What is the state after one more event? The fold: the only thing that changes an incident.

`apply` never refuses: an event has happened. It must stay able to read every event that was ever stored.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.incident import (
    CadenceMemory,
    Channel,
    Incident,
    LadderMemory,
    Milestone,
    Newest,
    Page,
    PageStatus,
    Status,
    Update,
)
from tocsin.sop.words import TriageStep, Urgency

_IN_TIME = timedelta(minutes=1)


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


def _reached(incident: Incident, step: TriageStep, recorded: e.Recorded) -> Incident:
    """The incident with the milestone set; the first time counts."""
    if step in incident.milestones:
        return incident
    return replace(incident, milestones={**incident.milestones, step: Milestone(recorded.at, recorded.actor)})


def _acknowledged(incident: Incident, event: e.Acknowledged, recorded: e.Recorded) -> Incident:
    is_first = incident.status is Status.TRIGGERED
    changed = replace(
        incident,
        status=Status.ACKNOWLEDGED if is_first else incident.status,
        acknowledged_by=incident.acknowledged_by or recorded.actor,
        pages=_answered(incident.pages),
        ladder=_answered_ladder(incident.ladder),
    )
    return _reached(changed, TriageStep.ACKNOWLEDGE, recorded)


def _answered_ladder(memory: LadderMemory) -> LadderMemory:
    """Somebody responds: whom a step could not reach need not be stood in for."""
    return replace(memory, paging=Newest(), notifying=replace(memory.notifying, lost_at=None))


def _answered(pages: dict[str, Page]) -> dict[str, Page]:
    """Somebody responds: what demanded an answer has it; notifications are still on their way."""
    return {key: _settled(page) if page.demands_answer else page for key, page in pages.items()}


def _ended(pages: dict[str, Page]) -> dict[str, Page]:
    """It is over: nothing that was sent for it matters any more."""
    return {key: _settled(page) for key, page in pages.items()}


def _settled(page: Page) -> Page:
    return page if page.status is PageStatus.FAILED else replace(page, status=PageStatus.ANSWERED)


def _assessed(incident: Incident, event: e.Assessed, recorded: e.Recorded) -> Incident:
    changed = replace(
        incident,
        severity=event.severity,
        severity_reason=event.reason,
        trigger=event.trigger,
        ladder=_another_ladder(incident.ladder),
        cadence=CadenceMemory(since=recorded.at),
    )
    return _reached(changed, TriageStep.ASSESS, recorded)


def _another_ladder(memory: LadderMemory) -> LadderMemory:
    """What is done stays done, and a page that reached nobody still hurries the next one, whichever ladder it is on.

    But the last notification of one ladder, had it reached nobody, doesn't hurry those of another.
    """
    return replace(memory, notifying=replace(memory.notifying, lost_at=None))


def _severity_changed(incident: Incident, event: e.SeverityChanged, recorded: e.Recorded) -> Incident:
    return replace(
        incident,
        severity=event.severity,
        severity_reason=event.reason,
        ladder=_another_ladder(incident.ladder),
        cadence=CadenceMemory(since=recorded.at),
        is_response_missed=False,
    )


def _role_assigned(incident: Incident, event: e.RoleAssigned, recorded: e.Recorded) -> Incident:
    return replace(incident, roles={**incident.roles, event.role: event.person})


def _team_added(incident: Incident, event: e.TeamAdded, recorded: e.Recorded) -> Incident:
    return replace(incident, teams=(*incident.teams, event.team))


def _unchanged(incident: Incident, event: e.Event, recorded: e.Recorded) -> Incident:
    return incident


def _update_posted(incident: Incident, event: e.UpdatePosted, recorded: e.Recorded) -> Incident:
    update = Update(at=recorded.at, by=recorded.actor, audience=event.audience, text=event.text)
    changed = replace(
        incident,
        updates=(*incident.updates, update),
        cadence=CadenceMemory(since=recorded.at, promised_within=event.next_within),
    )
    return _reached(changed, TriageStep.COMMUNICATE, recorded)


def _step_fired(incident: Incident, event: e.StepFired, recorded: e.Recorded) -> Incident:
    memory = replace(
        incident.ladder,
        done=incident.ladder.done | frozenset(event.slots),
        repeats=max(incident.ladder.repeats, event.round),
    )
    # A repetition that reaches nobody waits for the next: it would go round for ever.
    newest = Newest(recorded.seq, None if event.reached else recorded.at) if not event.round else Newest()
    match event.urgency:
        case Urgency.PAGE:
            memory = replace(memory, paging=newest, last_page_at=_counted_from(event, recorded.at))
        case Urgency.NOTIFY:
            # Where no page was left to be hurried, this was the next step.
            is_stand_in = event.due_at is not None and event.due_at == memory.paging.lost_at
            memory = replace(memory, notifying=newest, paging=Newest() if is_stand_in else memory.paging)
    return _reached(replace(incident, ladder=memory), TriageStep.ESCALATE, recorded)


def _counted_from(event: e.StepFired, at: datetime) -> datetime:
    """From when the next repetition counts: the due time, so that rounds don't drift; after a standstill, from now."""
    was_in_time = event.due_at is not None and at - event.due_at < _IN_TIME
    return event.due_at if was_in_time and event.due_at else at


def _page_accepted(incident: Incident, event: e.PageAccepted, recorded: e.Recorded) -> Incident:
    page = incident.pages[event.key]
    ways = (*page.tried, page.method)
    method = next((way for way in ways if way.via == event.via), page.method)
    taken = replace(
        page,
        method=method,
        status=PageStatus.ACCEPTED,
        tried=tuple(way for way in ways if way != method),
        retried=tuple(way for way in page.retried if way != method),
    )
    return _with_page(incident, event.key, taken, recorded)


def _page_failed(incident: Incident, event: e.PageFailed, recorded: e.Recorded) -> Incident:
    page = incident.pages[event.key]
    failed = next((way for way in (*page.tried, page.method) if way.via == event.via), page.method)
    tried = tuple(dict.fromkeys((*page.tried, failed)))
    others = tuple(way for way in page.retried if way != failed)
    retried = (*others, failed) if event.is_retried else others
    method = event.next_method or page.method
    is_given_up = method in tried and not retried
    status = PageStatus.FAILED if is_given_up else page.status
    return _with_page(
        incident, event.key, replace(page, method=method, status=status, tried=tried, retried=retried), recorded
    )


def _with_page(incident: Incident, key: str, page: Page, recorded: e.Recorded) -> Incident:
    """The incident with this page changed; a step whose every page is lost by it hurries the next one."""
    pages = {**incident.pages, key: page}
    siblings = [other for other in pages.values() if other.cause == page.cause]
    # What its provider is still offered has not failed: to wake everybody whenever a provider is down for a while would
    # be worse than the ladder's own next step, a few minutes later.
    is_lost = all(other.is_lost and not other.retried for other in siblings)
    lost_at = recorded.at if is_lost else None
    memory = incident.ladder
    ladder = replace(
        memory,
        paging=_newest(memory.paging, page.cause, lost_at),
        notifying=_newest(memory.notifying, page.cause, lost_at),
    )
    return replace(incident, pages=pages, ladder=ladder)


def _newest(newest: Newest, cause: int, lost_at: datetime | None) -> Newest:
    if newest.step != cause:
        return newest
    return replace(newest, lost_at=min(lost_at, newest.lost_at or lost_at) if lost_at else None)


def _response_time_missed(incident: Incident, event: e.ResponseTimeMissed, recorded: e.Recorded) -> Incident:
    return replace(incident, is_response_missed=True)


def _assessment_overdue(incident: Incident, event: e.AssessmentOverdue, recorded: e.Recorded) -> Incident:
    return replace(incident, assessment_calls=event.times)


def _reminded(incident: Incident, event: e.Reminded, recorded: e.Recorded) -> Incident:
    return replace(incident, cadence=replace(incident.cadence, is_reminded=True))


def _update_overdue(incident: Incident, event: e.UpdateOverdue, recorded: e.Recorded) -> Incident:
    return replace(incident, cadence=replace(incident.cadence, is_reminded=True, overdue=event.times))


def _mitigated(incident: Incident, event: e.Mitigated, recorded: e.Recorded) -> Incident:
    changed = replace(
        incident,
        status=Status.MITIGATED,
        pages=_answered(incident.pages),
        ladder=_answered_ladder(incident.ladder),
    )
    return _reached(changed, TriageStep.MITIGATE, recorded)


def _alerts_cleared(incident: Incident, event: e.AlertsCleared, recorded: e.Recorded) -> Incident:
    return replace(incident, is_clear=True)


def _alerts_firing(incident: Incident, event: e.AlertsFiring, recorded: e.Recorded) -> Incident:
    return replace(incident, is_clear=False)


def _alert_worsened(incident: Incident, event: e.AlertWorsened, recorded: e.Recorded) -> Incident:
    starts_paging = event.pages_unassessed and not incident.pages_unassessed and incident.severity is None
    # Counting from the quiet beginning would fire the whole ladder at once.
    ladder = replace(incident.ladder, started_at=recorded.at) if starts_paging else incident.ladder
    return replace(incident, provisional=event.provisional, pages_unassessed=event.pages_unassessed, ladder=ladder)


def _resolved(incident: Incident, event: e.Resolved, recorded: e.Recorded) -> Incident:
    changed = replace(incident, status=Status.RESOLVED, pages=_ended(incident.pages))
    return _reached(changed, TriageStep.RESOLVE, recorded)


_UNDONE_BY_REOPENING = (
    TriageStep.ACKNOWLEDGE,
    TriageStep.ESCALATE,
    TriageStep.MITIGATE,
    TriageStep.RESOLVE,
    TriageStep.POSTMORTEM,
)


def _reopened(incident: Incident, event: e.Reopened, recorded: e.Recorded) -> Incident:
    kept = {step: made for step, made in incident.milestones.items() if step not in _UNDONE_BY_REOPENING}
    return replace(
        incident,
        status=Status.TRIGGERED,
        epoch=incident.epoch + 1,
        ladder=LadderMemory(started_at=recorded.at),
        acknowledged_by=None,
        assessment_calls=0,
        is_response_missed=False,
        milestones=kept,
        cadence=CadenceMemory(since=recorded.at if incident.severity else None),
        postmortem=replace(incident.postmortem, completed_at=None),
        postmortem_reminders=0,
        cancelled_at=None,
        held_since=None,
    )


def _restored(incident: Incident, event: e.Restored, recorded: e.Recorded) -> Incident:
    """What was on its way when the backup was taken may have arrived since: it is taken as such, and not sent again."""
    pages = {
        key: replace(page, status=PageStatus.ACCEPTED) if page.status is PageStatus.PENDING else page
        for key, page in incident.pages.items()
    }
    return replace(incident, mark=event.mark, held_since=recorded.at if event.is_held else None, pages=pages)


def _released(incident: Incident, event: e.Released, recorded: e.Recorded) -> Incident:
    """The ladder counts anew; where somebody responds, what it has done stays done."""
    released = replace(incident, held_since=None)
    if incident.status.is_over:
        return released
    is_unanswered = incident.status is Status.TRIGGERED
    fresh = LadderMemory(started_at=recorded.at)
    return replace(
        released,
        epoch=incident.epoch + is_unanswered,
        ladder=fresh if is_unanswered else replace(incident.ladder, started_at=recorded.at),
        is_response_missed=False,
        cadence=CadenceMemory(since=recorded.at if incident.severity else None),
    )


def _cancelled(incident: Incident, event: e.Cancelled, recorded: e.Recorded) -> Incident:
    return replace(incident, status=Status.CANCELLED, pages=_ended(incident.pages), cancelled_at=recorded.at)


def _stakeholders_informed(incident: Incident, event: e.StakeholdersInformed, recorded: e.Recorded) -> Incident:
    return replace(incident, are_stakeholders_informed=True)


def _channel_opened(incident: Incident, event: e.ChannelOpened, recorded: e.Recorded) -> Incident:
    changed = replace(incident, channel=Channel(id=event.channel, name=event.name))
    return _reached(changed, TriageStep.COMMUNICATE, recorded)


def _summary_posted(incident: Incident, event: e.SummaryPosted, recorded: e.Recorded) -> Incident:
    channel = replace(incident.channel, summary_id=event.message) if incident.channel else None
    return replace(incident, channel=channel)


def _postmortem_requested(incident: Incident, event: e.PostmortemRequested, recorded: e.Recorded) -> Incident:
    return replace(incident, postmortem=replace(incident.postmortem, is_requested=True))


def _postmortem_saved(incident: Incident, event: e.PostmortemSaved, recorded: e.Recorded) -> Incident:
    saved = replace(incident.postmortem, sections=event.sections, action_items=event.action_items)
    return replace(incident, postmortem=saved)


def _postmortem_reminded(incident: Incident, event: e.PostmortemReminded, recorded: e.Recorded) -> Incident:
    return replace(incident, postmortem_reminders=event.times + 1)


def _postmortem_completed(incident: Incident, event: e.PostmortemCompleted, recorded: e.Recorded) -> Incident:
    done: datetime = recorded.at
    changed = replace(incident, status=Status.CLOSED, postmortem=replace(incident.postmortem, completed_at=done))
    return _reached(changed, TriageStep.POSTMORTEM, recorded)


# The values take the key's event; the type system can't say so of a dict.
_APPLY: dict[type[e.Event], Callable[[Incident, Any, e.Recorded], Incident]] = {
    e.Acknowledged: _acknowledged,
    e.Assessed: _assessed,
    e.SeverityChanged: _severity_changed,
    e.RoleAssigned: _role_assigned,
    e.TeamAdded: _team_added,
    e.NoteAdded: _unchanged,
    e.UpdatePosted: _update_posted,
    e.StepFired: _step_fired,
    e.PersonPaged: _unchanged,
    e.PageAccepted: _page_accepted,
    e.PageFailed: _page_failed,
    e.ResponseTimeMissed: _response_time_missed,
    e.AssessmentOverdue: _assessment_overdue,
    e.Reminded: _reminded,
    e.UpdateOverdue: _update_overdue,
    e.Mitigated: _mitigated,
    e.AlertsCleared: _alerts_cleared,
    e.AlertsFiring: _alerts_firing,
    e.AlertWorsened: _alert_worsened,
    e.Resolved: _resolved,
    e.Reopened: _reopened,
    e.Restored: _restored,
    e.Released: _released,
    e.Cancelled: _cancelled,
    e.StakeholdersInformed: _stakeholders_informed,
    e.PatternNoticed: _unchanged,
    e.ChannelOpened: _channel_opened,
    e.ChannelFailed: _unchanged,
    e.SummaryPosted: _summary_posted,
    e.PostmortemRequested: _postmortem_requested,
    e.PostmortemSaved: _postmortem_saved,
    e.PostmortemReminded: _postmortem_reminded,
    e.PostmortemCompleted: _postmortem_completed,
}
