"""What is known of an incident? The state that its events fold to; nothing here changes it (see `apply.py`).

Instants are aware UTC. An *epoch* is the span between reopenings: the ladder counts from the epoch's start, and what
it has done is remembered for one epoch.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType, field

from tocsin.oncall.roster import INBOX
from tocsin.sop.durations import Duration
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Role, Severity, TriageStep, Trigger


class Status(StrEnum):
    """Where the response stands."""

    TRIGGERED = "triggered"  # nobody has acknowledged
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"  # service restored, cause perhaps not
    RESOLVED = "resolved"  # fix confirmed
    CLOSED = "closed"  # postmortem completed
    CANCELLED = "cancelled"  # not an incident

    @property
    def is_over(self) -> bool:
        """Nobody is to be paged for it any more."""
        return self in (Status.RESOLVED, Status.CLOSED, Status.CANCELLED)


class Source(StrEnum):
    """Who opened it."""

    ALERT = "alert"
    PERSON = "person"


class Audience(StrEnum):
    """Who reads a status update."""

    INTERNAL = "internal"
    EXTERNAL = "external"  # customers: the Communications Lead alone may publish


class PageStatus(StrEnum):
    """How far a page has come."""

    PENDING = "pending"  # on its way: written to the outbox
    ACCEPTED = "accepted"  # the provider took it; nobody has answered yet
    FAILED = "failed"  # no contact method took it
    ANSWERED = "answered"  # acknowledged, or no longer needed


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a state is made of. What a newer Tocsin has put into one is left to it, not written back without.

    So fields are added, each with a default, and none is ever removed.
    """


class Further(Kept, frozen=True):
    """By which further contact methods a page goes while nobody answers it, counted from `since`.

    `later` are those whose delay has not passed, the soonest first; `also` those by which it went, and that have not
    failed.
    """

    since: datetime
    later: tuple[ContactMethod, ...] = ()
    also: tuple[ContactMethod, ...] = ()


class Page(Kept, frozen=True):
    """One person being paged for one reason; `cause` is the sequence number of the event that did it."""

    person: str
    cause: int
    method: ContactMethod
    demands_answer: bool
    status: PageStatus = PageStatus.PENDING
    tried: tuple[ContactMethod, ...] = ()  # what could not deliver it, in the order of trying
    retried: tuple[ContactMethod, ...] = ()  # those of them whose provider may be back soon: it is offered it still
    # Not written where it isn't used: what an older Tocsin has written, and can read, stays as it is.
    further: Further | UnsetType = UNSET

    @property
    def also(self) -> tuple[ContactMethod, ...]:
        """The further contact methods by which it went; without those that failed."""
        return self.further.also if self.further else ()

    @property
    def later(self) -> tuple[ContactMethod, ...]:
        """The further contact methods by which it is still to go, the soonest first."""
        return self.further.later if self.further else ()

    @property
    def ways(self) -> tuple[ContactMethod, ...]:
        """Every contact method by which it was sent."""
        return tuple(dict.fromkeys((*self.tried, self.method, *self.also)))

    @property
    def is_lost(self) -> bool:
        """Whether it counts as having reached nobody: everything that wakes has failed, for the time being at least.

        The inbox wakes nobody. Where other ways have failed it holds the page, but doesn't stand for an answer to come;
        where it is the only way, it is the one that was chosen. A notification is well kept there.
        """
        if not self.demands_answer or self.status is PageStatus.FAILED:
            return self.status is PageStatus.FAILED
        if any(way.via != INBOX for way in self.also):
            return False
        is_left_to_the_inbox = self.method.via == INBOX and bool(self.tried)
        return self.status is not PageStatus.ANSWERED and (is_left_to_the_inbox or self.method in self.tried)


class Milestone(Kept, frozen=True):
    """A triage step taken: when, by whom."""

    at: datetime
    by: str


class Update(Kept, frozen=True):
    """A status update as posted."""

    at: datetime
    by: str
    audience: Audience
    text: str


class Channel(Kept, frozen=True):
    """The incident's chat channel."""

    id: str
    name: str
    summary_id: str | None = None  # the pinned message that is kept current


class ActionItemPriority(StrEnum):
    """How urgent an action item is."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


class ActionItem(Struct, frozen=True):
    """Something to do so that it doesn't happen again. `due_on` is a local date, `YYYY-MM-DD`, or empty."""

    text: str
    owner: str
    priority: ActionItemPriority
    due_on: str = ""
    status: str = "open"


class Postmortem(Kept, frozen=True):
    """What people wrote: section key to Markdown; everything else in a postmortem is drafted from the record."""

    sections: dict[str, str] = field(default_factory=dict)
    action_items: tuple[ActionItem, ...] = ()
    is_requested: bool = False
    completed_at: datetime | None = None


class Newest(Kept, frozen=True):
    """The newest step of a kind: the sequence number of the event that fired it; None before it, and for a repetition.

    `lost_at`: from when on it counts as having reached nobody, so that the next one doesn't wait.
    """

    step: int | None = None
    lost_at: datetime | None = None


class LadderMemory(Kept, frozen=True):
    """What the ladder has done in this epoch."""

    started_at: datetime
    done: frozenset[str] = frozenset()  # `page:primary@platform`: urgency, target and team
    last_page_at: datetime | None = None
    repeats: int = 0
    paging: Newest = Newest()
    notifying: Newest = Newest()


class CadenceMemory(Kept, frozen=True):
    """How the updates stand since the last one."""

    since: datetime | None = None  # the last update, assessment or change of severity: the cadence counts from here
    promised_within: Duration | None = None  # the author promised the next one sooner than the SOP asks
    is_reminded: bool = False
    overdue: int = 0  # how often it has been called overdue since the last update


class Incident(Kept, frozen=True):
    """The state of one incident after `seq` events."""

    id: str
    seq: int
    sop_version: str
    title: str
    service: str
    teams: tuple[str, ...]
    trigger: Trigger
    source: Source
    opened_at: datetime
    changed_at: datetime  # when the newest event was recorded; none is recorded before it
    ladder: LadderMemory
    group_key: str | None = None
    pages_unassessed: bool = True
    provisional: Severity | None = None
    severity: Severity | None = None
    severity_reason: str = ""
    status: Status = Status.TRIGGERED
    epoch: int = 1
    acknowledged_by: str | None = None
    assessment_calls: int = 0  # how often the assessment has been called for since the acknowledgement
    is_clear: bool = False  # every attached alert has resolved
    is_response_missed: bool = False
    roles: dict[Role, str] = field(default_factory=dict)
    milestones: dict[TriageStep, Milestone] = field(default_factory=dict)
    updates: tuple[Update, ...] = ()
    cadence: CadenceMemory = CadenceMemory()
    pages: dict[str, Page] = field(default_factory=dict)
    channel: Channel | None = None
    are_stakeholders_informed: bool = False
    postmortem: Postmortem = Postmortem()
    postmortem_reminders: int = 0
    cancelled_at: datetime | None = None
    held_since: datetime | None = None  # restored from a backup: nothing falls due until somebody releases it
    mark: str = ""  # of the newest restoration; in the keys of its pages since then

    def milestone_at(self, step: TriageStep) -> datetime | None:
        """When the triage step was taken in this epoch; None while it is missing."""
        milestone = self.milestones.get(step)
        return milestone.at if milestone else None

    @property
    def open_pages(self) -> dict[str, Page]:
        """The pages that still demand an answer, by key."""
        waiting = (PageStatus.PENDING, PageStatus.ACCEPTED)
        return {key: page for key, page in self.pages.items() if page.demands_answer and page.status in waiting}
