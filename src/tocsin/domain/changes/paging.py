"""What has the ladder done, and how does each page stand? A step that reaches nobody hurries the next one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.changes.milestones import reached
from tocsin.domain.incident import Further, Incident, Newest, Page, PageStatus
from tocsin.sop.model import ContactMethod
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
    method = _way(event.via, page.ways) or page.method
    if page.status is PageStatus.ACCEPTED and method in page.also and not page.is_lost:
        return incident  # as if it had been taken twice: what holds it already goes on holding it
    is_on_its_way = page.status is PageStatus.PENDING and page.method not in (method, *page.tried)
    also = (*page.also, page.method) if is_on_its_way and page.further else page.also
    taken = replace(
        page,
        method=method,
        status=PageStatus.ACCEPTED,
        tried=tuple(way for way in (*page.tried, page.method) if way != method and way not in also),
        retried=tuple(way for way in page.retried if way != method),
        further=_further(page, also=tuple(way for way in also if way != method)),
    )
    return _with_page(incident, event.key, taken, recorded)


def _way(id_: str, ways: Iterable[ContactMethod]) -> ContactMethod | None:
    return next((way for way in ways if way.id == id_), None)


def _further(page: Page, **changes: tuple[ContactMethod, ...]) -> Further | UnsetType:
    return replace(page.further, **changes) if page.further else UNSET


def page_repeated(incident: Incident, event: e.PageRepeated, recorded: e.Recorded) -> Incident:
    """It goes by a further way, beside those that it went before."""
    page = incident.pages[event.key]
    later = tuple(way for way in page.later if way.id != event.method.id)
    repeated = replace(page, further=_further(page, later=later, also=(*page.also, event.method)))
    return _with_page(incident, event.key, repeated, recorded)


def page_failed(incident: Incident, event: e.PageFailed, recorded: e.Recorded) -> Incident:
    """One way to reach the person has failed, for good or for now."""
    page = incident.pages[event.key]
    never_went = _way(event.via, page.later)
    failed = never_went or _way(event.via, page.ways) or page.method
    page = _without_further(page, failed, event.next_method)
    if never_went is None:
        others = tuple(way for way in page.retried if way != failed)
        retried = (*others, failed) if event.is_retried else others
        page = replace(page, tried=tuple(dict.fromkeys((*page.tried, failed))), retried=retried)
    page = _moved_on(page, failed, event.next_method)
    is_given_up = page.method in page.tried and not page.retried and not page.also
    return _with_page(incident, event.key, replace(page, status=PageStatus.FAILED) if is_given_up else page, recorded)


def _without_further(page: Page, failed: ContactMethod, chosen: ContactMethod | None) -> Page:
    """What has failed is no further way any more; what is tried now need not be tried when its delay has passed."""
    gone = {failed.id, chosen.id if chosen else None}
    also = tuple(way for way in page.also if way.id != failed.id)
    return replace(page, further=_further(page, later=tuple(it for it in page.later if it.id not in gone), also=also))


def _moved_on(page: Page, failed: ContactMethod, chosen: ContactMethod | None) -> Page:
    """The page by the way that is tried now: in place of what failed, or beside it where that was a further way."""
    if failed != page.method:
        return replace(page, further=_further(page, also=(*page.also, chosen))) if chosen else page
    if chosen is not None:
        return replace(page, method=chosen)
    if page.also and page.status is PageStatus.PENDING:
        first, *others = page.also
        return replace(page, method=first, further=_further(page, also=tuple(others)))
    return page


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
