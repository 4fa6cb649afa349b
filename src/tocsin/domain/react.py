"""What must be sent because of what happened? Events to effects; the state decides nothing here that is not shown."""

from functools import partial

from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import Draft
from tocsin.domain.counterpart import counterpart_effects
from tocsin.domain.incident import Incident, Page, PageStatus
from tocsin.domain.narrate import name_of, narrate, target_words
from tocsin.domain.text import clean_line, slug
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity, Urgency

# Providers that keep ringing until they are told to stop.
RINGING = frozenset({"pagerduty"})
_CHANNEL_NAME_LIMIT = 80  # Slack, conversations.create
_SLUG_LIMIT = 40  # what a side bar shows
_SILENT_IN_CHANNEL = (e.PageAccepted, e.SummaryPosted, e.ChannelOpened, e.IncidentOpened, e.Restored)
_TOLD_TO_STAKEHOLDERS = (e.StakeholdersInformed, e.SeverityChanged, e.Mitigated, e.Resolved, e.Reopened)


def effects_of(before: Incident | None, draft: Draft) -> tuple[f.AnyEffect, ...]:
    """Everything that the events of `draft` send out, in the order in which it should leave."""
    found: list[f.AnyEffect] = []
    for recorded in draft.events:
        found += _pages(draft, recorded)
    found += _page_endings(before, draft)
    if "pagerduty_rest" in draft.context.roster.methods:
        found += counterpart_effects(draft)
    if "slack" in draft.context.roster.methods:
        found += _channel(before, draft)
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
    return found


def _answered_there(draft: Draft) -> set[tuple[str, str]]:
    """The pages that were answered at the provider itself, each with the provider: it need not be told."""
    return {(it.event.page, it.via) for it in draft.events if isinstance(it.event, e.Acknowledged)}


def _ways_of(page: Page) -> list[e.Reach]:
    """Every way the page was sent; one that answered too late, or not at all, may ring all the same."""
    if page.status is PageStatus.FAILED:
        return []
    return [e.Reach(person=page.person, method=method) for method in page.ways]


def _channel(before: Incident | None, draft: Draft) -> list[f.AnyEffect]:
    incident, sop = draft.incident, draft.context.sop
    found: list[f.AnyEffect] = []
    if incident.channel is None:
        # A channel that was on its way when the backup was taken is opened after the release, or found to exist.
        had_one = before is not None and _wants_channel(before.severity, sop) and not _is_released(before, incident)
        if _wants_channel(incident.severity, sop) and not had_one:
            found.append(f.OpenChannel(incident=incident.id, name=channel_name(incident)))
    elif before is None or before.channel is None:
        found += _furnish(draft, incident.channel.id)
    else:
        found += _keep_channel_current(before, draft, incident.channel.id)
    return found + _stakeholders(draft)


def _is_released(before: Incident, after: Incident) -> bool:
    return before.held_since is not None and after.held_since is None


def _wants_channel(severity: Severity | None, sop: Sop) -> bool:
    return severity is not None and sop.severities[severity].channel


def channel_name(incident: Incident) -> str:
    """`inc-2026-0042-checkout-is-down`: lower case, at most 80 characters."""
    stem, words = incident.id.lower(), slug(incident.title, _SLUG_LIMIT)
    return f"{stem}-{words}"[:_CHANNEL_NAME_LIMIT] if words else stem


def _furnish(draft: Draft, channel: str) -> list[f.AnyEffect]:
    """A new channel: people, topic, link, summary, and the updates that came before it."""
    incident, sop = draft.incident, draft.context.sop
    return [
        f.SetTopic(incident=incident.id, channel=channel, topic=topic(incident, sop)),
        f.PostSummary(incident=incident.id, channel=channel, text=summary(incident, sop)),
        f.AddBookmark(incident=incident.id, channel=channel, title=f"{incident.id} in Tocsin"),
        f.InviteToChannel(incident=incident.id, channel=channel, people=_involved(incident)),
        *(
            f.PostMessage(incident=incident.id, channel=channel, text=f"{update.at:%H:%M} UTC {update.text}")
            for update in incident.updates
        ),
    ]


def _keep_channel_current(before: Incident, draft: Draft, channel: str) -> list[f.AnyEffect]:
    incident, sop = draft.incident, draft.context.sop
    found: list[f.AnyEffect] = []
    for recorded in draft.events:
        event = recorded.event
        if isinstance(event, e.SummaryPosted):
            found.append(f.PinSummary(incident=incident.id, channel=channel, message=event.message))
        if not isinstance(event, _SILENT_IN_CHANNEL):
            by = f" ({name_of(recorded.actor, sop)})" if recorded.actor != "tocsin" else ""
            text = f"{narrate(event, sop)}{by}"
            found.append(f.PostMessage(incident=incident.id, channel=channel, text=text))
    newcomers = tuple(person for person in _involved(incident) if person not in _involved(before))
    if newcomers:
        found.append(f.InviteToChannel(incident=incident.id, channel=channel, people=newcomers))
    if topic(incident, sop) != topic(before, sop):
        found.append(f.SetTopic(incident=incident.id, channel=channel, topic=topic(incident, sop)))
    message = incident.channel.summary_id if incident.channel else None
    text = summary(incident, sop)
    # What changed while the summary was on its way is not in it yet.
    is_new = any(isinstance(recorded.event, e.SummaryPosted) for recorded in draft.events)
    if message and (is_new or text != summary(before, sop)):
        found.append(f.UpdateSummary(incident=incident.id, channel=channel, message=message, text=text))
    return found


def _involved(incident: Incident) -> tuple[str, ...]:
    """Everybody who belongs into the channel: who holds a role, responds, or was reached."""
    people = dict.fromkeys([*incident.roles.values(), *(page.person for page in incident.pages.values())])
    if incident.acknowledged_by:
        people[incident.acknowledged_by] = None
    return tuple(people)


def _stakeholders(draft: Draft) -> list[f.AnyEffect]:
    incident, sop = draft.incident, draft.context.sop
    channel = draft.context.roster.sop.slack.stakeholders_channel
    if channel is None or not incident.are_stakeholders_informed:
        return []
    told = [recorded.event for recorded in draft.events if isinstance(recorded.event, _TOLD_TO_STAKEHOLDERS)]
    return [
        f.TellStakeholders(incident=incident.id, channel=channel, text=f"{topic(incident, sop)} — {narrate(it, sop)}")
        for it in told
    ]


def topic(incident: Incident, sop: Sop) -> str:
    """How it stands, for the channel's topic: severity, status, IC, title."""
    commander = incident.roles.get(Role.INCIDENT_COMMANDER)
    ic = name_of(commander, sop) if commander else "none yet"
    severity = incident.severity or "not assessed"
    return clean_line(f"{severity} · {incident.status} · IC: {ic} · {incident.id} {incident.title}", 250)


def summary(incident: Incident, sop: Sop) -> str:
    """The pinned summary: everything that somebody who joins asks first."""
    lines = [f"{incident.id}: {incident.title}", f"Severity: {incident.severity or 'not assessed'}"]
    lines += [f"Status: {incident.status}", f"Service: {incident.service} ({', '.join(incident.teams)})"]
    for role in Role:
        holder = incident.roles.get(role)
        lines.append(f"{role.title}: {name_of(holder, sop) if holder else '—'}")
    if incident.updates:
        latest = incident.updates[-1]
        lines.append(f"Last update {latest.at:%H:%M} UTC: {latest.text}")
    return "\n".join(lines)
