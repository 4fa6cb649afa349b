"""Does a running incident keep the invariants of the escalation engine? Facts and arithmetic, nothing of the engine's.

The auditor reads what was recorded and what was sent, keeps an account of its own, and holds it against the SOP's
ladders as they are written here and against an organisation that it reads itself (`on_call.py`). Numbers in comments
are those of the list of invariants.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.domain import on_call
from tests.domain.harness import ASSIGN, CL, NOTIFY, PAGE, SEV1, SEV2, SEV3, SEV4, WEDNESDAY_NOON, Story
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.audit import breaches, why_calm
from tocsin.domain.incident import Audience, Incident, Status
from tocsin.sop.words import Role, Severity, Urgency

T, A, M, R, CLOSED, CANCELLED = Status
MINUTE = timedelta(minutes=1)
AGAIN_EVERY = 15 * MINUTE
LONGEST_SILENCE = 30 * MINUTE  # while nobody acknowledges: the ladders' last page step where those before fired at once
INBOX = "inbox"


class Rung(NamedTuple):
    """Minutes from the start, what is done, for whom, and whether an acknowledgement makes it needless."""

    after: int
    urgency: Urgency
    target: str
    until_acknowledged: bool = False


PRIMARY_AT_ONCE = Rung(0, PAGE, "primary")
LADDERS: dict[Severity | None, tuple[Rung, ...]] = {
    SEV1: (
        PRIMARY_AT_ONCE,
        Rung(5, PAGE, "secondary", until_acknowledged=True),
        Rung(15, PAGE, "engineering_manager", until_acknowledged=True),
        Rung(30, NOTIFY, "engineering_director"),
        Rung(30, NOTIFY, "vp_engineering"),
        Rung(60, NOTIFY, "cto"),
    ),
    SEV2: (
        PRIMARY_AT_ONCE,
        Rung(15, PAGE, "secondary", until_acknowledged=True),
        Rung(30, PAGE, "engineering_manager", until_acknowledged=True),
        Rung(120, NOTIFY, "engineering_director"),
    ),
    SEV3: (
        Rung(0, ASSIGN, "team_queue"),
        Rung(4 * 60, NOTIFY, "team_lead", until_acknowledged=True),
        Rung(24 * 60, NOTIFY, "engineering_manager"),
    ),
    SEV4: (Rung(0, ASSIGN, "backlog"),),
    None: (
        PRIMARY_AT_ONCE,
        Rung(15, PAGE, "secondary", until_acknowledged=True),
        Rung(30, PAGE, "engineering_manager", until_acknowledged=True),
    ),
}
AGAIN = ("engineering_manager", "everyone_on_call")
UPDATE_EVERY = {SEV1: 15 * MINUTE, SEV2: 30 * MINUTE}
MOVES: dict[type[e.Event], dict[Status, Status]] = {
    e.Acknowledged: {T: A, A: A, M: M},
    e.Mitigated: {T: M, A: M},
    e.Resolved: {T: R, A: R, M: R},
    e.Cancelled: {T: CANCELLED, A: CANCELLED, M: CANCELLED},
    e.Reopened: dict.fromkeys(Status, T),  # from T and A by a worse alert only
    e.AssessmentOverdue: {A: A},
    e.PostmortemCompleted: {R: CLOSED},
}


class Sent(NamedTuple):
    """A page or notification that leaves."""

    key: str
    person: str
    way: str  # the contact method
    urgency: Urgency


class Paged:
    """How far a page or a notification has come."""

    def __init__(self, sent: Sent, later: dict[str, datetime]) -> None:
        self.demands_answer = sent.urgency is PAGE
        self.ways = [sent.way]
        self.later = later  # contact methods to come while nobody answers, and when
        self.further: set[str] = set()  # those of them by which it went, and what was tried in their place
        self.failed: set[str] = set()  # what could not deliver it, yet or for good
        self.retried: set[str] = set()
        self.state = "open"  # or accepted, answered, failed

    @property
    def is_lost(self) -> bool:
        """15: nothing that was tried can wake anybody; the inbox can't, where something else was tried before it."""
        if not self.demands_answer or self.state in ("failed", "answered"):
            return self.state == "failed"
        return not set(self.ways) - self.failed - ({INBOX} if self.failed else set())

    @property
    def waits(self) -> bool:
        """Whether an answer is waited for."""
        return self.demands_answer and self.state in ("open", "accepted")

    def may_fail(self, via: str) -> bool:
        """15: what was taken can't fail, but for the further ways by which it goes beside.

        And for what is tried still, while nothing has it that wakes anybody.
        """
        is_beside = via in self.later or (via in self.further and via not in self.failed)
        may_wake = self.is_lost and via in self.retried
        return self.state == "open" or (self.state == "accepted" and (is_beside or may_wake))

    def repeat(self, way: str) -> None:
        del self.later[way]
        self.ways.append(way)
        self.further.add(way)

    def fail(self, event: e.PageFailed) -> None:
        is_beside = event.via in self.later or event.via in self.further
        if self.later.pop(event.via, None) is None:
            self.failed.add(event.via)
            self.retried = self.retried - {event.via} | ({event.via} if event.is_retried else set())
        if event.next_method is not None:
            self.later.pop(event.next_method.id, None)
            self.ways.append(event.next_method.id)
            self.further |= {event.next_method.id} if is_beside else set()
        if self.failed == set(self.ways) and not self.retried:
            self.state = "failed"

    def accept(self, via: str) -> None:
        self.state = "accepted"
        self.ways = [*(way for way in self.ways if way != via), via]
        self.failed, self.retried = self.failed - {via}, self.retried - {via}


class Auditor:
    """The account of one incident."""

    def __init__(self) -> None:
        self.seen = 0
        self.status = T
        self.severity: Severity | None = None
        self.wakes_people = True  # before the assessment
        self.teams: tuple[str, ...] = ()
        self.roles: dict[Role, str] = {}
        self.is_postmortem_requested = False
        self.pages: dict[str, Paged] = {}
        self.updates = 0
        self.is_held = False  # since it was restored from a backup
        self.mark = ""  # of the last restoration
        self.used: set[tuple[str, str]] = set()  # key and contact method of everything that was sent
        self.stopped: set[str] = set()  # keys that must not be sent any more
        # Of the epoch
        self.started_at = self.last_page_at = WEDNESDAY_NOON
        self.done: set[str] = set()  # slots
        self.rounds = 0
        self.newest: dict[Urgency, list[Paged] | None] = {}  # whom the newest step of a kind sent; None: can't be lost
        self.lost_at: dict[Urgency, datetime] = {}
        self.is_acknowledged = False
        self.acknowledged_at = WEDNESDAY_NOON
        self.calls = 0  # for the assessment, since the acknowledgement
        self.is_response_missed = False
        # Of the cadence
        self.cadence_since = WEDNESDAY_NOON
        self.promise: timedelta | None = None
        self.is_reminded = False
        self.overdue = 0

    def check(self, story: Story) -> None:
        """After a command: each new event is lawful, what they say was sent and nothing else, somebody will wake."""
        expected: list[Sent] = []
        self.has_cause_to_page = False
        self.now = max([story.now, *(it.at for it in story.events[: self.seen][-1:])])
        for it in story.events[self.seen :]:
            assert it.at == self.now  # 21: the time, but none before what is recorded already
            assert self.status in MOVES.get(type(it.event), Status), f"{it.event} while {self.status}"  # 18
            self._judge(it, story)
            self._account(it)
            expected += self._account_for_pages(it)
        self.seen = len(story.events)
        self._check_state(story.incident)
        self._check_sent(story, expected)
        self._check_owed(story)
        self._check_wake(story)

    # Is the event lawful?

    def _judge(self, it: e.Recorded, story: Story) -> None:
        match it.event:
            case e.StepFired():
                self._judge_step(it.event, story)
            case e.PersonPaged():
                assert self.status in (T, A, M)
            case e.PageAccepted():
                page = self.pages[it.event.key]
                is_further = page.state == "accepted" and it.event.via in page.further
                assert page.state == "open" or page.is_lost or is_further  # 10, 15
                assert it.event.via in page.ways
            case e.PageFailed():
                page = self.pages[it.event.key]
                assert page.may_fail(it.event.via)  # 10, 15
                assert it.event.via in (*page.ways, *page.later)
            case e.PageRepeated():
                page = self.pages[it.event.key]
                assert page.waits  # 10
                assert not self.is_held  # 22
                assert self.now >= page.later[it.event.method.id] == it.event.due_at  # 13, and 8: once
                assert it.event.method.id not in page.ways  # 16
            case e.AssessmentOverdue():
                assert self.severity is None
                assert it.event.times == (it.at - self.acknowledged_at) // AGAIN_EVERY > self.calls  # 8, 13
            case e.Restored():
                may_page = self.status in (T, A, M) or self._awaits_a_postmortem()
                assert it.event.is_held == (may_page or self.is_held)  # 22
            case e.Released():
                assert self.is_held
            case e.RoleAssigned():
                assert self.roles.get(it.event.role) == it.event.before != it.event.person  # 24
            case e.UpdatePosted(audience=Audience.EXTERNAL):
                assert it.actor == self.roles.get(CL)  # 24
            case e.Reminded():
                assert self.status in (T, A)
                assert not self.is_reminded  # 8
                assert it.at < it.event.due_at
            case e.UpdateOverdue():
                assert self.status in (T, A)
                assert it.event.times > self.overdue  # 8
                assert it.at >= self._update_due_at()  # 13
            case e.ResponseTimeMissed():
                assert self.status is T
                assert not self.is_response_missed  # 8
            case e.PostmortemReminded():
                assert self.status is R

    def _judge_step(self, event: e.StepFired, story: Story) -> None:
        remaining = self._remaining()
        if event.round:
            assert event.round == self.rounds + 1  # 8, 11
            assert event.targets == AGAIN  # 12
            due_at = self._repeats_at()
            assert due_at is not None
        else:
            assert event.slots
            assert set(event.slots) <= set(remaining)  # 8 and 11: not done before; 10: still needed
            assert event.urgency is not PAGE or self.status is T or self.has_cause_to_page  # 10
            due_at = max(self._due_at(remaining[slot]) for slot in event.slots)
        is_stand_in = event.urgency is NOTIFY and self._is_lost(PAGE) and not self._pages_to_come()
        assert self.now >= due_at or self._is_lost(event.urgency) or is_stand_in  # 13
        if event.urgency is not ASSIGN:
            self._judge_reached(event, story)

    def _judge_reached(self, event: e.StepFired, story: Story) -> None:
        """14: everybody whom the step is for was reached, or it says why not."""
        organisation, reached = story.organisation, {reach.person for reach in event.reached}
        meant: set[str] = set()
        for target in event.targets:
            named = {slot.partition("@")[2] for slot in event.slots if slot.startswith(f"{event.urgency}:{target}@")}
            for team in named or (self.teams if target in on_call.OF_EACH_TEAM else ("",)):
                people = on_call.meant_by(organisation, target, team, story.now)
                missing = people - reached or set(() if people else (target,))
                assert all(any(who in text for text in event.unreachable) for who in missing)
                meant |= people
        assert reached == {who for who in meant if on_call.can_be_reached(organisation, who, story.methods)}  # 19, 20

    # The account

    def _account(self, it: e.Recorded) -> None:
        event = it.event
        self.status = MOVES[type(event)][self.status] if type(event) in MOVES else self.status
        match event:
            case e.IncidentOpened():
                self.teams, self.wakes_people = event.teams, event.pages_unassessed
                self._begin_epoch(it.at)
            case e.Reopened():
                self.is_held = False
                self._begin_epoch(it.at)
            case e.Restored():
                self.is_held, self.mark = event.is_held, f"-{event.mark}"
                for page in self.pages.values():
                    page.state = "accepted" if page.state == "open" else page.state  # it may have arrived since
                    page.later = {}
            case e.Released():
                self.is_held, self.has_cause_to_page = False, True
                if self.status is T:
                    self._begin_epoch(it.at)
                elif self.status in (A, M):
                    self.started_at, self.is_response_missed = it.at, False
                    self._begin_cadence(it.at)
            case e.Acknowledged() | e.Mitigated():
                self.newest[PAGE] = None
                self._forget_a_lost_notification()
                if isinstance(event, e.Acknowledged) and not self.is_acknowledged:
                    self.is_acknowledged, self.acknowledged_at, self.calls = True, it.at, 0
            case e.AssessmentOverdue():
                self.calls = event.times
            case e.AlertWorsened() if event.pages_unassessed and not self.wakes_people and self.severity is None:
                self.wakes_people, self.has_cause_to_page = True, True
                if self.severity is None:
                    self.started_at = self.last_page_at = it.at
            case e.SeverityChanged() if event.severity is event.before:
                pass  # only what it is due to has changed
            case e.Assessed() | e.SeverityChanged():
                self._forget_a_lost_notification()  # it was of another ladder
                self.severity, self.is_response_missed, self.has_cause_to_page = event.severity, False, True
                self._begin_cadence(it.at)
            case e.TeamAdded():
                self.teams, self.has_cause_to_page = (*self.teams, event.team), True
            case e.RoleAssigned():
                self.roles[event.role] = event.person
            case e.UpdatePosted():
                self.updates += 1
                self._begin_cadence(it.at, event.next_within)
            case e.Reminded():
                self.is_reminded = True
            case e.UpdateOverdue():
                self.is_reminded, self.overdue = True, event.times
            case e.ResponseTimeMissed():
                self.is_response_missed = True
            case e.PostmortemRequested():
                self.is_postmortem_requested = True
            case e.StepFired():
                self._account_for_stand_in(event)
                self.done |= set(event.slots)
                self.rounds = max(self.rounds, event.round)
                self.last_page_at = it.at if event.urgency is PAGE else self.last_page_at

    def _begin_epoch(self, at: datetime) -> None:
        self.started_at = self.last_page_at = at
        self.done, self.rounds, self.newest, self.lost_at = set(), 0, {}, {}
        self.is_response_missed = self.is_acknowledged = False
        self._begin_cadence(at)

    def _account_for_stand_in(self, event: e.StepFired) -> None:
        """A lost page that no page was left to make up for: the notification that came at once has done so."""
        if event.urgency is NOTIFY and self._is_lost(PAGE) and not self._pages_to_come():
            rungs = self._remaining()
            if max(self._due_at(rungs[slot]) for slot in event.slots) >= self.lost_at[PAGE]:
                self.newest[PAGE] = None

    def _forget_a_lost_notification(self) -> None:
        self.newest[NOTIFY] = None if NOTIFY in self.lost_at else self.newest.get(NOTIFY)

    def _begin_cadence(self, at: datetime, promise: timedelta | None = None) -> None:
        self.cadence_since, self.promise = at, promise
        self.is_reminded, self.overdue = False, 0

    def _account_for_pages(self, it: e.Recorded) -> list[Sent]:
        """Keep the pages' states, and return what must leave because of the event."""
        event = it.event
        sent: list[Sent] = []
        if isinstance(event, e.PageAccepted):
            self.pages[event.key].accept(event.via)
        elif isinstance(event, e.PageFailed):
            page = self.pages[event.key]
            page.fail(event)
            if event.next_method is not None:
                urgency = PAGE if page.demands_answer else NOTIFY
                sent = [Sent(event.key, event.person, event.next_method.id, urgency)]
        elif isinstance(event, e.PageRepeated):
            self.pages[event.key].repeat(event.method.id)
            sent = [Sent(event.key, event.person, event.method.id, PAGE)]
        elif isinstance(event, e.Acknowledged | e.Mitigated | e.Resolved | e.Cancelled):
            self._answer()
        else:
            sent = self._account_for_new_pages(it)
        for urgency in (PAGE, NOTIFY):
            self._account_for_loss(urgency, it.at)
        return sent

    def _account_for_loss(self, urgency: Urgency, at: datetime) -> None:
        """15: from when on the newest step counts as lost; what a provider is still offered is not."""
        newest = self.newest.get(urgency)
        if newest is None or not all(page.is_lost and not page.retried for page in newest):
            self.lost_at.pop(urgency, None)
        else:
            self.lost_at[urgency] = min(at, self.lost_at.get(urgency, at))

    def _answer(self) -> None:
        for key, page in self.pages.items():
            if page.state in ("open", "accepted") and (page.demands_answer or self.status in (R, CANCELLED)):
                page.state = "answered"
                self.stopped.add(key)  # 10

    def _account_for_new_pages(self, it: e.Recorded) -> list[Sent]:
        event = it.event
        urgency = PAGE if isinstance(event, e.PersonPaged) or getattr(event, "urgency", None) is PAGE else NOTIFY
        reached = _reached(event)
        sent = [
            Sent(f"{it.incident}-{it.seq}-{number}{self.mark}", reach.person, reach.method.id, urgency)
            for number, reach in enumerate(reached)
        ]
        assert urgency is PAGE or not any(reach.later for reach in reached)
        later = [{way.id: it.at + (way.after or 0 * MINUTE) for way in reach.later or ()} for reach in reached]
        new = {page.key: Paged(page, its) for page, its in zip(sent, later, strict=True)}
        self.pages |= new
        if isinstance(event, e.StepFired) and event.urgency is not ASSIGN:
            self.newest[urgency] = None if event.round else list(new.values())
            self.lost_at.pop(urgency, None)
        return sent

    # What must hold between commands

    def _check_state(self, incident: Incident) -> None:
        """17: the state is what the events say."""
        assert (incident.status, incident.severity) == (self.status, self.severity)
        assert (incident.teams, incident.roles) == (self.teams, self.roles)
        assert len(incident.updates) == self.updates
        assert {key: page.status for key, page in incident.pages.items()} == {
            key: "pending" if page.state == "open" else page.state for key, page in self.pages.items()
        }

    def _check_sent(self, story: Story, expected: list[Sent]) -> None:
        pages = [effect for effect in story.last.effects if isinstance(effect, f.SendPage)]
        sent = [Sent(page.key, page.reach.person, page.way, page.urgency) for page in pages]
        assert sent == expected  # 14, 10: nothing is sent but what the record says
        for page in sent:
            assert (page.key, page.way) not in self.used  # 16
            assert page.key not in self.stopped  # 10, 16
            assert page.person in story.organisation.people  # 19
            assert page.way.partition(":")[0] in story.methods | {INBOX}
            self.used.add((page.key, page.way))
        assert self.stopped >= set(story.last.withdrawn)
        assert self.stopped <= set(story.withdrawn)

    def _check_owed(self, story: Story) -> None:
        """7: what is due has fired. 15: what was lost has been passed on."""
        remaining = self._remaining()
        dues = [*map(self._due_at, remaining.values()), *filter(None, [self._repeats_at(), self._assessment_due_at()])]
        dues += self._further_dues()
        assert all(due_at > self.now for due_at in dues)
        assert not (self._is_lost(PAGE) and self._pages_to_come())
        notifications = [rung for rung in remaining.values() if rung.urgency is NOTIFY]
        pages = any(rung.urgency is PAGE for rung in LADDERS[self.severity])
        assert not ((self._is_lost(NOTIFY) or (self._is_lost(PAGE) and pages)) and notifications)
        if PAGE in self.lost_at and self._pages_to_come():
            dues.append(self.lost_at[PAGE])
        if dues:
            assert story.wake_at is not None
            assert story.wake_at <= min(dues)

    def _check_wake(self, story: Story) -> None:
        """5: there is a next deadline, or a reason why none. 12: a page is coming while it must be answered."""
        reasons_to_wake = (
            self._remaining(),
            self._repeats_at(),
            self._assessment_due_at(),
            self._further_dues(),
            self.status is T and self.severity not in (SEV4, None) and not self.is_response_missed,
            self.status in (T, A) and self.severity in UPDATE_EVERY,
            self._awaits_a_postmortem(),
        )
        assert (story.wake_at is not None) == (any(reasons_to_wake) and not self.is_held)  # 22
        if self.status is T and self._must_be_answered() and not self.is_held:
            assert story.wake_at is not None
            pages = [self._due_at(rung) for rung in self._remaining().values() if rung.urgency is PAGE]
            assert min([*pages, *filter(None, [self._repeats_at()])]) <= self.now + LONGEST_SILENCE
        if story.wake_at is None:
            assert why_calm(story.sop, story.incident) is not None  # 5: and the engine can say why
        assert breaches(story.sop, story.incident, story.wake_at, self.now) == ()  # 25: nor would it raise an alarm

    def _further_dues(self) -> list[datetime]:
        """When the further contact methods of unanswered pages are due."""
        waiting = [page for page in self.pages.values() if page.waits and not self.is_held]
        return [due_at for page in waiting for due_at in page.later.values()]

    def _awaits_a_postmortem(self) -> bool:
        is_requested = self.is_postmortem_requested and self.severity is SEV3
        return self.status is R and (self.severity in UPDATE_EVERY or is_requested)

    def _must_be_answered(self) -> bool:
        return self.severity in (SEV1, SEV2) or (self.severity is None and self.wakes_people)

    def _remaining(self) -> dict[str, Rung]:
        """The rungs that are still to come if nobody does anything, by slot."""
        is_quiet = self.is_held or (self.severity is None and not self.wakes_people)
        if self.status in (R, CLOSED, CANCELLED) or is_quiet:
            return {}
        rungs = [it for it in LADDERS[self.severity] if self.status is T or not it.until_acknowledged]
        slots = {slot: rung for rung in rungs for slot in self._slots(rung)}
        return {slot: rung for slot, rung in slots.items() if not {slot, slot.replace("notify", "page")} & self.done}

    def _slots(self, rung: Rung) -> Iterator[str]:
        for team in self.teams if rung.target in on_call.OF_EACH_TEAM else ("",):
            yield f"{rung.urgency}:{rung.target}@{team}".rstrip("@")

    def _due_at(self, rung: Rung) -> datetime:
        return self.started_at + rung.after * MINUTE

    def _repeats_at(self) -> datetime | None:
        """When the last page step comes again; None while it has not come first, or when nobody need be paged."""
        to_page = any(rung.urgency is PAGE for rung in self._remaining().values())
        if self.status is not T or not self._must_be_answered() or to_page or self.is_held:
            return None
        return self.last_page_at + AGAIN_EVERY

    def _pages_to_come(self) -> bool:
        return self._repeats_at() is not None or any(rung.urgency is PAGE for rung in self._remaining().values())

    def _is_lost(self, urgency: Urgency) -> bool:
        """Whether the newest step of the kind reached nobody, and something should have made up for it at once."""
        return urgency in self.lost_at and self.lost_at[urgency] <= self.now

    def _assessment_due_at(self) -> datetime | None:
        """When the assessment is called for again; None while nobody responds, once assessed, or where nobody wakes."""
        if self.status is not A or self.severity is not None or not self.wakes_people or self.is_held:
            return None
        return self.acknowledged_at + (self.calls + 1) * AGAIN_EVERY

    def _update_due_at(self) -> datetime:
        assert self.severity is not None
        every = UPDATE_EVERY[self.severity]
        return self.cadence_since + min(every, self.promise or every) + self.overdue * every


def _reached(event: e.Event) -> tuple[e.Reach, ...]:
    reached = getattr(event, "reached", None)
    return (reached,) if isinstance(reached, e.Reach) else reached or ()
