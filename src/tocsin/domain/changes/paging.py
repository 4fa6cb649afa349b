"""What has the ladder done, and how does each page stand? A step that reaches nobody hurries the next one."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes.milestones import reached
from tocsin.domain.incident import Incident, Newest, Page, PageStatus
from tocsin.sop.words import TriageStep, Urgency

_IN_TIME = timedelta(minutes=1)


def step_fired(incident: Incident, event: e.StepFired, recorded: e.Recorded) -> Incident:
    """The step's slots are done; whether it reached somebody decides when the next one comes."""
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
    return reached(replace(incident, ladder=memory), TriageStep.ESCALATE, recorded)


def _counted_from(event: e.StepFired, at: datetime) -> datetime:
    """From when the next repetition counts: the due time, so that rounds don't drift; after a standstill, from now."""
    was_in_time = event.due_at is not None and at - event.due_at < _IN_TIME
    return event.due_at if was_in_time and event.due_at else at


def page_accepted(incident: Incident, event: e.PageAccepted, recorded: e.Recorded) -> Incident:
    """A provider has taken the page."""
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


def page_failed(incident: Incident, event: e.PageFailed, recorded: e.Recorded) -> Incident:
    """One way to reach the person has failed, for good or for now."""
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
