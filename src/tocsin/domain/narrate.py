"""How is an event told? One line of plain text an event, for the timeline, the channel and the postmortem.

Names of people are looked up in the SOP where it still knows them; nothing here is escaped for any surface.
"""

import re
from collections.abc import Callable
from typing import Any

from tocsin.domain import events as e
from tocsin.domain.incident import Audience, Source
from tocsin.sop.durations import Duration
from tocsin.sop.model import Sop
from tocsin.sop.words import ACRONYMS, Urgency


def narrate(event: e.AnyEvent, sop: Sop) -> str:
    """What happened, in one line."""
    told = _TELL.get(type(event))
    return told(event, sop) if told else type(event).__name__


def name_of(person: str, sop: Sop) -> str:
    """The person's name, or the id where the SOP doesn't know it."""
    known = sop.people.get(person)
    return known.name if known else person


def target_words(target: str) -> str:
    """A target as people say it: `engineering manager`, `primary on-call`, `everyone on call`, `VP engineering`."""
    words = " ".join(word.upper() if word in ACRONYMS else word for word in re.split("[_-]+", target))
    return f"{words} on-call" if target in ("primary", "secondary") else words


def _names(reached: tuple[e.Reach, ...], sop: Sop) -> str:
    return ", ".join(f"{name_of(reach.person, sop)} ({reach.method.id})" for reach in reached)


def _opened(event: e.IncidentOpened, sop: Sop) -> str:
    how = "opened by an alert" if event.source is Source.ALERT else "declared"
    looks = f", provisionally {event.provisional}" if event.provisional else ""
    return f"Incident {how} on {event.service}{looks}: {event.title} ({event.trigger.meaning})"


def _severity_changed(event: e.SeverityChanged, sop: Sop) -> str:
    is_kept = event.before is event.severity
    how = f"Severity stays {event.severity}" if is_kept else f"Severity {event.before} → {event.severity}"
    because = f" ({event.trigger.meaning})" if event.trigger else ""
    return f"{how}: {event.reason}{because}"


_URGENT_WORDS = {Urgency.PAGE: "Paged", Urgency.NOTIFY: "Notified", Urgency.ASSIGN: "Assigned to"}


def _step_fired(event: e.StepFired, sop: Sop) -> str:
    targets = ", ".join(target_words(target) for target in event.targets)
    again = f"again (round {event.round}) " if event.round else ""
    if event.unreachable and not event.reached:
        return f"Could not {event.urgency} {again}{targets}: {', '.join(event.unreachable)}; the next step follows"
    people = f": {_names(event.reached, sop)}" if event.reached else ""
    missing = f"; could not reach {', '.join(event.unreachable)}" if event.unreachable else ""
    return f"{_URGENT_WORDS[event.urgency]} {again}{targets}{people}{missing}"


def _update_posted(event: e.UpdatePosted, sop: Sop) -> str:
    audience = "External update" if event.audience is Audience.EXTERNAL else "Update"
    promise = f" (next update by {event.next_by:%H:%M} UTC)" if event.next_by else ""
    return f"{audience}: {event.text}{promise}"


def _role_assigned(event: e.RoleAssigned, sop: Sop) -> str:
    taken = f", from {name_of(event.before, sop)}" if event.before else ""
    return f"{event.role.title}: {name_of(event.person, sop)}{taken}"


def _page_accepted(event: e.PageAccepted, sop: Sop) -> str:
    within = f", counted in {event.counted_in}" if event.counted_in else ""
    return f"Page to {name_of(event.person, sop)} accepted ({event.via}{within})"


def _page_failed(event: e.PageFailed, sop: Sop) -> str:
    then = f"trying {event.next_method.id}" if event.next_method else "no other contact method"
    what = "is not delivered yet" if event.is_retried else "failed"
    again = ", and still that way too" if event.is_retried else ""
    return f"Page to {name_of(event.person, sop)} {what}: {event.reason}; {then}{again}"


def _page_repeated(event: e.PageRepeated, sop: Sop) -> str:
    after = f" after {event.method.after.words}" if event.method.after else ""
    return f"Page to {name_of(event.person, sop)} unanswered{after}: {event.method.id} as well"


def _to(reached: e.Reach | None, sop: Sop) -> str:
    return name_of(reached.person, sop) if reached else "nobody could be reached"


def _clock(event: e.AssessmentOverdue | e.Reminded | e.UpdateOverdue | e.PostmortemReminded) -> str:
    return f"{event.due_at:%H:%M} UTC"


def _overdue(event: e.UpdateOverdue, sop: Sop) -> str:
    times = f" (call {event.times})" if event.times > 1 else ""
    return f"Status update overdue since {_clock(event)}{times}: told {_to(event.reached, sop)}"


def _assessment_overdue(event: e.AssessmentOverdue, sop: Sop) -> str:
    times = f" (call {event.times})" if event.times > 1 else ""
    told = ", ".join(name_of(reach.person, sop) for reach in event.reached) or "nobody could be reached"
    return f"Acknowledged but not assessed, due since {_clock(event)}{times}: told {told}"


def _postmortem_reminded(event: e.PostmortemReminded, sop: Sop) -> str:
    state = "overdue since" if event.times else "due at"
    return f"Postmortem {state} {event.due_at:%Y-%m-%d} {_clock(event)}: told {_to(event.reached, sop)}"


def _restored(event: e.Restored, sop: Sop) -> str:
    held = "; held: nobody is paged for it until it is released" if event.is_held else ""
    return f"Restored from the backup of {event.taken_at:%Y-%m-%d %H:%M} UTC{held}"


def _channel_failed(event: e.ChannelFailed, sop: Sop) -> str:
    who = "PagerDuty" if "PagerDuty" in event.action else "Slack"
    return f"{who} refused ({event.action}): {event.reason}"


def _resolved(event: e.Resolved, sop: Sop) -> str:
    clean = "" if event.is_monitoring_clean else ", with alerts still firing"
    return _with_note(f"Resolved{clean}", event.note)


def _with_note(text: str, note: str) -> str:
    return f"{text}: {note}" if note else text


# Each teller takes the key's event; the type system can't say so of a dict.
_TELL: dict[type[e.Event], Callable[[Any, Sop], str]] = {
    e.IncidentOpened: _opened,
    e.Acknowledged: lambda event, sop: _with_note("Acknowledged", event.note),
    e.Assessed: lambda event, sop: f"Assessed as {event.severity} and declared: {event.reason}",
    e.SeverityChanged: _severity_changed,
    e.RoleAssigned: _role_assigned,
    e.TeamAdded: lambda event, sop: f"Team added: {event.team}",
    e.NoteAdded: lambda event, sop: f"Note: {event.text}",
    e.UpdatePosted: _update_posted,
    e.StepFired: _step_fired,
    e.PersonPaged: lambda event, sop: f"Paged by hand: {_names((event.reached,), sop)}: {event.reason}",
    e.PageAccepted: _page_accepted,
    e.PageFailed: _page_failed,
    e.PageRepeated: _page_repeated,
    e.ResponseTimeMissed: lambda event, sop: f"Response time missed: nobody acknowledged within {event.within.words}",
    e.AssessmentOverdue: _assessment_overdue,
    e.Reminded: lambda event, sop: f"Status update due at {_clock(event)}: reminded {_to(event.reached, sop)}",
    e.UpdateOverdue: _overdue,
    e.Mitigated: lambda event, sop: _with_note("Mitigated", event.note),
    e.AlertsCleared: lambda event, sop: f"Monitoring clean: {_alerts(event.alerts)} resolved",
    e.AlertsFiring: lambda event, sop: f"Monitoring not clean any more: {event.title}",
    e.AlertWorsened: lambda event, sop: f"It looks worse, provisionally {event.provisional}: {event.title}",
    e.Resolved: _resolved,
    e.Reopened: lambda event, sop: f"Reopened: {event.reason}",
    e.Restored: _restored,
    e.Released: lambda event, sop: _with_note("Released, what is due counts from here", event.reason),
    e.Cancelled: lambda event, sop: f"Cancelled, not an incident: {event.reason}",
    e.StakeholdersInformed: lambda event, sop: f"Stakeholders informed: {_names(event.reached, sop) or 'none named'}",
    e.PatternNoticed: lambda event, sop: (
        f"Pattern: {event.severity} number {event.count} on this service within "
        f"{Duration.of(event.within).words}; told {_names(event.reached, sop) or 'nobody'}"
    ),
    e.ChannelOpened: lambda event, sop: f"Channel opened: #{event.name}",
    e.ChannelFailed: _channel_failed,
    e.SummaryPosted: lambda event, sop: "Summary posted and pinned in the channel",
    e.PostmortemRequested: lambda event, sop: "Postmortem asked for",
    e.PostmortemSaved: lambda event, sop: f"Postmortem saved ({len(event.action_items)} action items)",
    e.PostmortemReminded: _postmortem_reminded,
    e.PostmortemCompleted: lambda event, sop: "Postmortem completed",
}


def _alerts(count: int) -> str:
    return "the alert has" if count == 1 else f"all {count} alerts have"
