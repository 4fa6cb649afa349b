"""What becomes of the incident's channel? Events to effects on it, and on the stakeholders' channel."""

from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import Draft
from tocsin.domain.incident import Incident, Status
from tocsin.domain.narrate import name_of, narrate
from tocsin.domain.standing import card, in_words, topic
from tocsin.domain.text import slug
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity

_CHANNEL_NAME_LIMIT = 80  # Slack, conversations.create
_SLUG_LIMIT = 40  # what a side bar shows
# What Slack has refused to say it would refuse as well.
_SILENT_IN_CHANNEL = (
    e.PageAccepted,
    e.SummaryPosted,
    e.ChannelOpened,
    e.ChannelFailed,
    e.IncidentOpened,
    e.Restored,
)
_TOO_LATE_TO_HIDE = (
    "This incident is not everybody's any more. A channel that is public stays so, for Slack lets no app change that: "
    "until somebody has made it private in its settings, write here only what everybody may read."
)
_TOLD_TO_STAKEHOLDERS = (e.StakeholdersInformed, e.SeverityChanged, e.Mitigated, e.Resolved, e.Reopened)


def channel_effects(before: Incident | None, draft: Draft) -> list[f.AnyEffect]:
    """What the incident's channel and that of the stakeholders are told, in order."""
    incident, sop = draft.incident, draft.context.sop
    found: list[f.AnyEffect] = []
    if incident.channel is None:
        # A channel that was on its way when the backup was taken is opened after the release, or found to exist.
        had_one = before is not None and _wants_channel(before.severity, sop) and not _is_released(before, incident)
        if _wants_channel(incident.severity, sop) and not had_one:
            found.append(_opening(incident, sop))
    elif before is None or before.channel is None:
        found += _furnish(draft, incident.channel.id)
    elif before.status is not Status.CLOSED:
        found += _keep_channel_current(before, draft, incident.channel.id)
        if incident.status is Status.CLOSED:
            found.append(f.ArchiveChannel(incident=incident.id, channel=incident.channel.id))
    elif incident.status is not Status.CLOSED:
        found.append(f.UnarchiveChannel(incident=incident.id, channel=incident.channel.id))
        found += _keep_channel_current(before, draft, incident.channel.id)
    return found + _stakeholders(draft)


def _opening(incident: Incident, sop: Sop) -> f.OpenChannel:
    opening = f.OpenPrivateChannel if _is_private(incident, sop) else f.OpenChannel
    return opening(incident=incident.id, name=channel_name(incident))


def _is_private(incident: Incident, sop: Sop) -> bool:
    return incident.trigger in sop.slack.private_channel


def _is_released(before: Incident, after: Incident) -> bool:
    return before.held_since is not None and after.held_since is None


def _wants_channel(severity: Severity | None, sop: Sop) -> bool:
    return severity is not None and sop.severities[severity].channel


def channel_name(incident: Incident) -> str:
    """`inc-2026-0042-checkout-is-down`: lower case, at most 80 characters."""
    stem, words = incident.id.lower(), slug(incident.title, _SLUG_LIMIT)
    return f"{stem}-{words}"[:_CHANNEL_NAME_LIMIT] if words else stem


def _furnish(draft: Draft, channel: str) -> list[f.AnyEffect]:
    """A new channel: people, topic, links, summary, and the updates that came before it."""
    incident, sop = draft.incident, draft.context.sop
    shown = card(incident, sop)
    return [
        f.SetTopic(incident=incident.id, channel=channel, topic=topic(incident, sop)),
        f.PostSummary(incident=incident.id, channel=channel, text=in_words(shown), card=shown),
        f.AddBookmark(incident=incident.id, channel=channel, title=f"{incident.id} in Tocsin"),
        *_runbook(incident, sop, channel),
        f.InviteToChannel(incident=incident.id, channel=channel, people=_involved(incident)),
        *(
            f.PostMessage(
                incident=incident.id, channel=channel, text=f"{update.at:%H:%M} UTC {update.text}", is_update=True
            )
            for update in incident.updates
        ),
    ]


def _runbook(incident: Incident, sop: Sop, channel: str) -> list[f.AnyEffect]:
    service = sop.services.get(incident.service)
    url = service.runbook if service else None
    if not url or not url.startswith(("https://", "http://")):
        return []
    return [f.AddLink(incident=incident.id, channel=channel, title="Runbook", url=url)]


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
            said = f.PostMessage(
                incident=incident.id,
                channel=channel,
                text=text,
                is_update=isinstance(event, e.UpdatePosted),
                mention=_called_upon(event),
            )
            found.append(said)
    if _is_private(incident, sop) and not _is_private(before, sop):
        found.append(f.PostMessage(incident=incident.id, channel=channel, text=_TOO_LATE_TO_HIDE))
    newcomers = tuple(person for person in _involved(incident) if person not in _involved(before))
    if newcomers:
        found.append(f.InviteToChannel(incident=incident.id, channel=channel, people=newcomers))
    if topic(incident, sop) != topic(before, sop):
        found.append(f.SetTopic(incident=incident.id, channel=channel, topic=topic(incident, sop)))
    message = incident.channel.summary_id if incident.channel else None
    shown = card(incident, sop)
    # What changed while the summary was on its way is not in it yet.
    is_new = any(isinstance(recorded.event, e.SummaryPosted) for recorded in draft.events)
    if message and (is_new or shown != card(before, sop)):
        found.append(
            f.UpdateSummary(incident=incident.id, channel=channel, message=message, text=in_words(shown), card=shown)
        )
    return found


def _called_upon(event: e.AnyEvent) -> str:
    """Whose turn it is: the CL before a status update is due, the IC once it is overdue."""
    match event:
        case e.Reminded(reached=e.Reach(person=person)) | e.UpdateOverdue(reached=e.Reach(person=person)):
            return person
    return ""


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
    return [f.TellStakeholders(incident=incident.id, channel=channel, text=_for_all(incident, it, sop)) for it in told]


def _for_all(incident: Incident, event: e.AnyEvent, sop: Sop) -> str:
    """What stakeholders may know: of what is not everybody's, no more than how grave it is, and how it stands."""
    if _is_private(incident, sop):
        return f"{incident.severity} · {incident.status} · {incident.id}, which is private"
    return f"{topic(incident, sop)} — {narrate(event, sop)}"
