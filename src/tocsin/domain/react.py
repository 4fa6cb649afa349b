"""What must be sent because of what happened? Events to effects; the state decides nothing here that is not shown."""

from functools import partial

from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.channel import channel_effects
from tocsin.domain.context import Draft
from tocsin.domain.counterpart import counterpart_effects
from tocsin.domain.incident import Incident, Page, PageStatus
from tocsin.domain.narrate import narrate, target_words
from tocsin.domain.text import clean_line
from tocsin.sop.model import Sop
from tocsin.sop.words import Urgency

# Providers that keep ringing until they are told to stop.
RINGING = frozenset({"pagerduty"})
# Providers that go on showing a page until something takes its place: once, when nobody needs to answer it any more.
SHOWING = frozenset({"push"})


def effects_of(before: Incident | None, draft: Draft) -> tuple[f.AnyEffect, ...]:
    """Everything that the events of `draft` send out, in the order in which it should leave."""
    found: list[f.AnyEffect] = []
    for recorded in draft.events:
        found += _pages(draft, recorded)
    found += _page_endings(before, draft)
    if "pagerduty_rest" in draft.context.roster.methods:
        found += counterpart_effects(draft)
    if "slack" in draft.context.roster.methods:
        found += channel_effects(before, draft)
    return tuple(found)


def withdrawn(before: Incident | None, after: Incident) -> tuple[str, ...]:
    """Keys of the pages that nobody needs to answer any more: what has not left yet must not leave."""
    if before is None:
        return ()
    waiting = (PageStatus.PENDING, PageStatus.ACCEPTED)
    return tuple(
        key
        for key, page in before.pages.items()
        if page.status in waiting and after.pages[key].status is PageStatus.ANSWERED
    )


def _pages(draft: Draft, recorded: e.Recorded) -> list[f.AnyEffect]:
    if isinstance(recorded.event, e.PageFailed):
        return _next_try(draft, recorded, recorded.event)
    if isinstance(recorded.event, e.PageRepeated):
        return [_further_try(draft, recorded, recorded.event)]
    urgency, reaches = e.reaches_of(recorded.event)
    reason = _reason(recorded.event, draft.context.sop)
    keys = [e.page_key(recorded, number, draft.incident.mark) for number in range(len(reaches))]
    send = partial(_send, draft, recorded, urgency=urgency, reason=reason)
    return [send(key=key, reach=reach) for key, reach in zip(keys, reaches, strict=True)]


def _reason(event: e.AnyEvent, sop: Sop) -> str:
    """Why somebody is reached, in words for them."""
    match event:
        case e.StepFired():
            again = f", again (round {event.round})" if event.round else ""
            return f"escalation to {', '.join(target_words(target) for target in event.targets)}{again}"
        case e.PersonPaged():
            return event.reason
        case e.StakeholdersInformed():
            return "you are a stakeholder of what happens to this service"
        case e.AssessmentOverdue():
            return f"nobody has assessed it since {event.due_at:%H:%M} UTC: say how severe it is"
        case e.Reminded():
            return f"post a status update by {event.due_at:%H:%M} UTC"
        case e.UpdateOverdue():
            return f"the status update is overdue since {event.due_at:%H:%M} UTC: see that one is posted"
        case e.PostmortemReminded():
            state = "is overdue since" if event.times else "is due by"
            return f"the postmortem {state} {event.due_at:%Y-%m-%d %H:%M} UTC"
    return narrate(event, sop)


def _send(draft: Draft, recorded: e.Recorded, *, key: str, reach: e.Reach, urgency: Urgency, reason: str) -> f.SendPage:
    incident = draft.incident
    service = draft.context.sop.services.get(incident.service)
    runbook = (service.runbook if service else None) or ""
    return f.SendPage(
        key=key,
        reach=e.Reach(reach.person, reach.method),
        incident=incident.id,
        title=incident.title,
        service=incident.service,
        urgency=urgency,
        severity=incident.severity or incident.provisional,
        reason=clean_line(reason, 500),
        at=recorded.at,
        runbook=runbook if runbook.startswith(("http://", "https://")) else "",
        channel=incident.channel.id if incident.channel else "",
    )


def _next_try(draft: Draft, recorded: e.Recorded, event: e.PageFailed) -> list[f.AnyEffect]:
    if event.next_method is None:
        return []
    urgency = Urgency.PAGE if draft.incident.pages[event.key].demands_answer else Urgency.NOTIFY
    reach = e.Reach(person=event.person, method=event.next_method)
    reason = f"by another way: {event.reason}"
    return [_send(draft, recorded, key=event.key, reach=reach, urgency=urgency, reason=reason)]


def _further_try(draft: Draft, recorded: e.Recorded, event: e.PageRepeated) -> f.SendPage:
    after = event.method.after.words if event.method.after else "a while"
    reach = e.Reach(person=event.person, method=event.method)
    reason = f"nobody has answered for {after}"
    return _send(draft, recorded, key=event.key, reach=reach, urgency=Urgency.PAGE, reason=reason)


def _page_endings(before: Incident | None, draft: Draft) -> list[f.AnyEffect]:
    """What stops a ringing provider: acknowledgements once somebody responds, resolutions once it is over."""
    if before is None:
        return []
    after = draft.incident
    ends = after.status.is_over and not before.status.is_over
    answered = before.open_pages.keys() - after.open_pages.keys()
    known = _answered_there(draft)
    found: list[f.AnyEffect] = []
    for key, page in before.pages.items():
        ringing = [reach for reach in _ways_of(page) if reach.method.via in RINGING]
        if ends:
            found += [f.ResolvePage(key=key, reach=reach) for reach in ringing]
        elif key in answered:
            found += [f.AcknowledgePage(key=key, reach=it) for it in ringing if (key, it.method.via) not in known]
        if key in answered:
            shown = [reach for reach in _ways_of(page) if reach.method.via in SHOWING]
            found += [f.AcknowledgePage(key=key, reach=reach) for reach in shown]
    return found


def _answered_there(draft: Draft) -> set[tuple[str, str]]:
    """The pages that were answered at the provider itself, each with the provider: it need not be told."""
    return {(it.event.page, it.via) for it in draft.events if isinstance(it.event, e.Acknowledged)}


def _ways_of(page: Page) -> list[e.Reach]:
    """Every way the page was sent; one that answered too late, or not at all, may ring all the same."""
    if page.status is PageStatus.FAILED:
        return []
    return [e.Reach(person=page.person, method=method) for method in page.ways]
