"""What happened? The facts of an incident's timeline, in the past tense; each is stored once and never changed.

An event carries what was decided, not how to decide it again: names of people who were reached, not of targets alone.
"""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from tocsin.domain.incident import ActionItem, Audience, Source
from tocsin.sop.durations import Duration
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Role, Severity, Trigger, Urgency


def _kind(class_name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in class_name).lstrip("_")


class Event(Struct, frozen=True, tag_field="kind", tag=_kind, omit_defaults=True):
    """Base of all events; `kind` names it in the database and the API."""


class IncidentOpened(Event, frozen=True):
    """It began: an alert fired, or somebody declared it."""

    id: str
    sop_version: str
    title: str
    service: str
    teams: tuple[str, ...]
    trigger: Trigger
    source: Source
    group_key: str | None = None
    provisional: Severity | None = None
    pages_unassessed: bool = True


class Acknowledged(Event, frozen=True):
    """Somebody confirmed that they respond; `page` is the key of the page that they answered at its provider."""

    note: str = ""
    page: str = ""


class Assessed(Event, frozen=True):
    """The severity was established for the first time, for this reason."""

    severity: Severity
    reason: str
    trigger: Trigger


class SeverityChanged(Event, frozen=True):
    """The severity was raised or lowered, or stays and is due to something else: `trigger`, where that changed."""

    before: Severity
    severity: Severity
    reason: str
    trigger: Trigger | None = None


class RoleAssigned(Event, frozen=True):
    """A person took a role; `before` held it until now (a hand-over)."""

    role: Role
    person: str
    before: str | None = None


class TeamAdded(Event, frozen=True):
    """Another team is affected."""

    team: str


class NoteAdded(Event, frozen=True):
    """Somebody wrote something down. `is_answer`: it answers a command that was given elsewhere."""

    text: str
    is_answer: bool = False


class UpdatePosted(Event, frozen=True):
    """A status update went out; `next_by` is when the next one comes, `next_within` what its author promised for it."""

    text: str
    audience: Audience
    next_within: Duration | None = None
    next_by: datetime | None = None


class Reach(Struct, frozen=True):
    """A person to be reached by a contact method, and by those of `later` while a page is unanswered."""

    person: str
    method: ContactMethod
    later: tuple[ContactMethod, ...] | UnsetType = UNSET  # the soonest first


class StepFired(Event, frozen=True):
    """An escalation step was carried out. `slots` says what is done by it, `unreachable` whom it could not reach."""

    urgency: Urgency
    targets: tuple[str, ...]
    slots: tuple[str, ...]
    reached: tuple[Reach, ...] = ()
    unreachable: tuple[str, ...] = ()  # `primary of platform (nobody)`, `bob (no usable contact method)`
    due_at: datetime | None = None  # when the ladder foresaw it; None: at once
    round: int = 0  # of the repetition; 0: a step of the ladder itself


class PersonPaged(Event, frozen=True):
    """Somebody paged a person by hand."""

    reached: Reach
    reason: str


class PageAccepted(Event, frozen=True):
    """The provider took a page to this person. Nobody has answered it yet.

    `counted_in` is the key of the page that told of it, where it did not leave itself: one page for a storm.
    """

    key: str
    person: str
    via: str
    counted_in: str = ""


class PageFailed(Event, frozen=True):
    """A contact method could not take a page; `next_method` is tried now, None: there is no other.

    `is_retried`: the provider may be back soon, and the page is offered to it all the same until then.
    """

    key: str
    person: str
    reason: str
    next_method: ContactMethod | None = None
    is_retried: bool = False
    via: str = ""  # the contact method; empty in an older record: the one that was being tried


class PageRepeated(Event, frozen=True):
    """Nobody had answered the page when the delay of a further contact method had passed: it goes that way as well."""

    key: str
    person: str
    method: ContactMethod
    due_at: datetime


class ResponseTimeMissed(Event, frozen=True):
    """Nobody acknowledged within the severity's response time."""

    within: Duration


class AssessmentOverdue(Event, frozen=True):
    """Somebody responds, but nobody has said how severe it is; `times` counts the calls, those that were missed too."""

    reached: tuple[Reach, ...]
    due_at: datetime
    times: int


class Reminded(Event, frozen=True):
    """Somebody was reminded that a status update is due soon."""

    reached: Reach | None
    due_at: datetime


class UpdateOverdue(Event, frozen=True):
    """A status update did not come in time; `times` counts the calls since then, those that were missed too."""

    reached: Reach | None
    due_at: datetime
    times: int


class Mitigated(Event, frozen=True):
    """Service was restored."""

    note: str = ""


class AlertsCleared(Event, frozen=True):
    """Monitoring is clean: the last firing alert of the incident has resolved."""

    alerts: int


class AlertsFiring(Event, frozen=True):
    """Monitoring is not clean any more."""

    title: str


class AlertWorsened(Event, frozen=True):
    """A further alert looks worse than the first; `pages_unassessed` from now on, if it did not before."""

    title: str
    provisional: Severity | None
    pages_unassessed: bool


class Resolved(Event, frozen=True):
    """The fix was confirmed; the triage step asks for clean monitoring as well."""

    note: str = ""
    is_monitoring_clean: bool = False


class Reopened(Event, frozen=True):
    """It came back: the ladder counts anew from here."""

    reason: str


class Restored(Event, frozen=True):
    """It comes from a backup of this time: what happened after that is not on record.

    `mark` goes into the keys of all its pages from here on: whoever was paged in the lost time must not be taken for
    whoever is paged from now on. `is_held`: nothing falls due until somebody releases it.
    """

    taken_at: datetime
    mark: str
    is_held: bool


class Released(Event, frozen=True):
    """It is not held any more: what is due counts from here, and where nobody has acknowledged, the ladder too."""

    reason: str


class Cancelled(Event, frozen=True):
    """It was not an incident."""

    reason: str


class StakeholdersInformed(Event, frozen=True):
    """The stakeholders were told of an incident of this severity."""

    reached: tuple[Reach, ...]


class PatternNoticed(Event, frozen=True):
    """Small incidents add up: this is the `count`-th of its severity on the service within `within`."""

    severity: Severity
    count: int
    within: Duration
    reached: tuple[Reach, ...]


class ChannelOpened(Event, frozen=True):
    """The incident channel exists."""

    channel: str
    name: str


class ChannelFailed(Event, frozen=True):
    """The chat provider refused something for good; the response goes on without it."""

    action: str
    reason: str


class SummaryPosted(Event, frozen=True):
    """The summary that is kept current in the channel was posted as this message."""

    message: str


class PostmortemRequested(Event, frozen=True):
    """The Incident Commander asked for a postmortem that the severity doesn't demand."""


class PostmortemSaved(Event, frozen=True):
    """Somebody wrote on the postmortem."""

    sections: dict[str, str]
    action_items: tuple[ActionItem, ...]


class PostmortemReminded(Event, frozen=True):
    """Somebody was reminded of the postmortem; `times` counts the calls since it is overdue."""

    reached: Reach | None
    due_at: datetime
    times: int = 0


class PostmortemCompleted(Event, frozen=True):
    """The postmortem is done: the last triage step."""


AnyEvent = (
    IncidentOpened
    | Acknowledged
    | Assessed
    | SeverityChanged
    | RoleAssigned
    | TeamAdded
    | NoteAdded
    | UpdatePosted
    | StepFired
    | PersonPaged
    | PageAccepted
    | PageFailed
    | PageRepeated
    | ResponseTimeMissed
    | AssessmentOverdue
    | Reminded
    | UpdateOverdue
    | Mitigated
    | AlertsCleared
    | AlertsFiring
    | AlertWorsened
    | Resolved
    | Reopened
    | Restored
    | Released
    | Cancelled
    | StakeholdersInformed
    | PatternNoticed
    | ChannelOpened
    | ChannelFailed
    | SummaryPosted
    | PostmortemRequested
    | PostmortemSaved
    | PostmortemReminded
    | PostmortemCompleted
)


class Recorded(Struct, frozen=True):
    """An event in its place on the timeline: dense `seq` from 1, the engine's time, who did it and through what."""

    incident: str
    seq: int
    at: datetime
    actor: str
    via: str
    event: AnyEvent


def reaches_of(event: AnyEvent) -> tuple[Urgency, tuple[Reach, ...]]:
    """Whom the event had somebody reach, and how urgently; the n-th of them is the event's n-th page."""
    match event:
        case StepFired():
            return event.urgency, event.reached
        case PersonPaged():
            return Urgency.PAGE, (event.reached,)
        case StakeholdersInformed() | PatternNoticed() | AssessmentOverdue():
            return Urgency.NOTIFY, event.reached
        case Reminded() | UpdateOverdue() | PostmortemReminded():
            return Urgency.NOTIFY, (event.reached,) if event.reached else ()
        case _:
            return Urgency.NOTIFY, ()


def page_key(recorded: Recorded, number: int, mark: str) -> str:
    """The stable key of the `number`-th page of an event: every attempt to deliver that page carries it.

    `mark` is the incident's from its last restoration: the numbers of the events after it were given out before.
    """
    key = f"{recorded.incident}-{recorded.seq}-{number}"
    return f"{key}-{mark}" if mark else key


def incident_of(page: str) -> str:
    """The incident that the page with that key was sent for: `INC-2026-0042` of `INC-2026-0042-3-0`."""
    return "-".join(page.split("-")[:3])
