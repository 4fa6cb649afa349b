"""What can be asked of an incident? Commands, in the imperative; `decide` answers each with events or a refusal."""

from datetime import datetime

from msgspec import Struct

from tocsin.domain.incident import ActionItem, Audience
from tocsin.domain.placement import Placement
from tocsin.sop.durations import Duration
from tocsin.sop.words import Role, Severity, Trigger


class OpenFromAlert(Struct, frozen=True):
    """An alert fired that no open incident covers."""

    title: str
    placement: Placement


class Declare(Struct, frozen=True):
    """A person declares an incident; without a severity it waits for an assessment, on the unassessed ladder."""

    title: str
    service: str
    trigger: Trigger
    severity: Severity | None = None
    reason: str = ""
    teams: tuple[str, ...] = ()  # beside the service's own


class Acknowledge(Struct, frozen=True):
    """I respond to this; `page` is the key of the page that was answered at its provider, where it was there."""

    note: str = ""
    page: str = ""


class Assess(Struct, frozen=True):
    """The severity is this, for this reason; the first time assesses, later ones raise or lower."""

    severity: Severity
    reason: str
    trigger: Trigger | None = None


class AssignRole(Struct, frozen=True):
    """This person takes the role, from whoever holds it."""

    role: Role
    person: str


class AddTeam(Struct, frozen=True):
    """Another team is affected: its primary is paged too."""

    team: str


class AddNote(Struct, frozen=True):
    """Write this down in the timeline.

    `is_answer`: it answers a command that somebody gave elsewhere, and is told there as well.
    """

    text: str
    is_answer: bool = False


class PostUpdate(Struct, frozen=True):
    """Tell people how it stands; an external update reaches customers and takes the Communications Lead."""

    text: str
    audience: Audience = Audience.INTERNAL
    next_within: Duration | None = None


class PageByHand(Struct, frozen=True):
    """Page this target (a person, or `secondary`, `cto`…) now."""

    target: str
    reason: str


class Mitigate(Struct, frozen=True):
    """Service is restored."""

    note: str = ""


class Resolve(Struct, frozen=True):
    """The fix is confirmed."""

    note: str = ""


class Reopen(Struct, frozen=True):
    """It came back."""

    reason: str


class Restore(Struct, frozen=True):
    """It comes from a backup of this time; `mark` is the restoration's, and no other's."""

    taken_at: datetime
    mark: str


class Release(Struct, frozen=True):
    """Let it page again, after a restoration."""

    reason: str = ""


class NoteStillFiring(Struct, frozen=True):
    """Monitoring repeats that an alert of the incident fires."""

    title: str


class Cancel(Struct, frozen=True):
    """This is not an incident."""

    reason: str


class NoteAlertsCleared(Struct, frozen=True):
    """The last firing alert has resolved; `alerts` were attached in all."""

    alerts: int


class NoteAlertsFiring(Struct, frozen=True):
    """An alert fires on an incident whose alerts had all cleared."""

    title: str


class NoteAlertWorse(Struct, frozen=True):
    """A further alert of the group looks worse than what opened the incident, or is one that wakes people."""

    title: str
    placement: Placement


class RequestPostmortem(Struct, frozen=True):
    """Have a postmortem although the severity doesn't demand one."""


class SavePostmortem(Struct, frozen=True):
    """Keep what people wrote; it replaces what was saved before."""

    sections: dict[str, str]
    action_items: tuple[ActionItem, ...] = ()


class CompletePostmortem(Struct, frozen=True):
    """The postmortem is done."""


class Tick(Struct, frozen=True):
    """Time has passed: carry out what is due."""


class ReportPageAccepted(Struct, frozen=True):
    """Receipt: the provider took the page, or the page `counted_in` that tells of it."""

    key: str
    via: str
    counted_in: str = ""


class ReportPageFailed(Struct, frozen=True):
    """Receipt: this contact method can't deliver the page; `is_retried`: not yet, and it is still being tried."""

    key: str
    via: str
    reason: str
    is_retried: bool = False


class ReportChannelOpened(Struct, frozen=True):
    """Receipt: the channel exists."""

    channel: str
    name: str


class ReportChannelFailed(Struct, frozen=True):
    """Receipt: the chat provider refused for good."""

    action: str
    reason: str


class ReportSummaryPosted(Struct, frozen=True):
    """Receipt: the summary is in the channel as this message."""

    message: str


Receipt = ReportPageAccepted | ReportPageFailed | ReportChannelOpened | ReportChannelFailed | ReportSummaryPosted
Opening = OpenFromAlert | Declare
Change = (
    Acknowledge
    | Assess
    | AssignRole
    | AddTeam
    | AddNote
    | PostUpdate
    | PageByHand
    | Mitigate
    | Resolve
    | Reopen
    | Restore
    | Release
    | NoteStillFiring
    | Cancel
    | NoteAlertsCleared
    | NoteAlertsFiring
    | NoteAlertWorse
    | RequestPostmortem
    | SavePostmortem
    | CompletePostmortem
    | Tick
    | Receipt
)
