"""How does a test tell an incident's story? A clock that belongs to the test, verbs to act, and what came of it.

A story runs on the default SOP and its sample organisation, in a week in which alice is the platform team's primary.
After every command it makes sure of what must hold for any incident at any time (`Story._check`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self, TypeVar

import msgspec
from msgspec.structs import replace

from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.domain.apply import apply, fold
from tocsin.domain.context import Context, Decision, PastIncident, Refusal
from tocsin.domain.deadlines import deadlines, wake_at
from tocsin.domain.decide import decide
from tocsin.domain.incident import ActionItem, Audience, Incident, Page, PageStatus
from tocsin.domain.placement import Placement, Placer
from tocsin.oncall.roster import Roster
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, Sop
from tocsin.sop.version import version_of
from tocsin.sop.words import Role, Severity, Trigger, Urgency

SEV1, SEV2, SEV3, SEV4 = Severity
PAGE, NOTIFY, ASSIGN = Urgency
IC, CL, TL = Role

WEDNESDAY_NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PRIMARY, SECONDARY, MANAGER, DIRECTOR, VP, CTO = "alice", "bob", "erin", "dana", "victor", "carla"
BACKEND_PRIMARY, BACKEND_SECONDARY = "chris", "deniz"
EVERYONE_ON_CALL = ("chris", "deniz", "farid", "emma", "alice", "bob")
TOCSIN = "tocsin"
WRITTEN = {  # all that a postmortem needs of people
    "summary": "Checkout was down for 20 minutes.",
    "root_cause": "A migration locked the orders table.",
    "impact": "Every third customer could not pay.",
    "went_well": "The rollback took a minute.",
    "went_poorly": "The alert came late.",
    "lessons": "Locks need a time-out.",
}

E = TypeVar("E", bound=e.Event)
F = TypeVar("F", bound=f.Effect)


class Step(NamedTuple):
    """An escalation step as it was carried out: minutes since the start, what it did, and to whom."""

    minute: float
    urgency: Urgency
    people: tuple[str, ...]


def step(minute: float, urgency: Urgency, *people: str) -> Step:
    return Step(minute, urgency, people)


class Story:
    """One incident from its beginning, told by the test. Verbs return the story itself, so that they can be chained."""

    def __init__(
        self,
        sop: Sop | None = None,
        *,
        start: datetime = WEDNESDAY_NOON,
        methods: Iterable[str] = ("pagerduty", "slack"),
        recent: tuple[PastIncident, ...] = (),
    ) -> None:
        self.sop = sop or default_sop()  # the version that the incident runs under
        self.sop_version = version_of(self.sop)
        self.organisation = self.sop  # who there is today: a test may change it as the story goes
        self.start = self.now = start
        self.methods = frozenset(methods)
        self.recent = recent
        self.events: list[e.Recorded] = []
        self.effects: list[f.AnyEffect] = []
        self.withdrawn: list[str] = []  # keys of pages that must not leave any more
        self.wake_at: datetime | None = None
        self.last: Decision  # on the last command that was carried out
        self._incident: Incident | None = None

    # Acting

    def send(self, command: c.Opening | c.Change, by: str = PRIMARY) -> Self:
        """Carry out `command`; it must not be refused."""
        answer = self.attempt(command, by)
        assert isinstance(answer, Decision), answer
        return self

    def refusal(self, command: c.Opening | c.Change, by: str = PRIMARY) -> Refusal:
        """Why `command` is refused; it must be."""
        answer = self.attempt(command, by)
        assert isinstance(answer, Refusal), f"carried out: {command}"
        return answer

    def attempt(self, command: c.Opening | c.Change, by: str = PRIMARY) -> Decision | Refusal:
        """Carry out `command` unless it is refused; whichever it is, is returned."""
        answer = self.decide(command, by)
        if isinstance(answer, Decision):
            self._check(answer)
            self._incident, self.wake_at = answer.incident, answer.wake_at
            self.events += answer.events
            self.effects += answer.effects
            self.withdrawn += answer.withdrawn
            self.last = answer
            self.after_command()
        return answer

    def after_command(self) -> None:
        """For tests that look on."""

    def decide(self, command: c.Opening | c.Change, by: str = PRIMARY) -> Decision | Refusal:
        """What would follow from `command` now; the story doesn't go on by it."""
        context = Context(
            now=self.now,
            sop=self.sop,
            sop_version=self.sop_version,
            roster=Roster(self.organisation, self.now, self.methods),
            actor=by,
            via="test",
            next_id="INC-2026-0042",
            recent=self.recent,
        )
        return decide(self._incident, command, context)

    def declare(
        self, severity: Severity | None = None, *, title: str = "Checkout is down", teams: tuple[str, ...] = ()
    ) -> Self:
        """Somebody declares an incident on the website, which is the platform team's."""
        trigger = Trigger.SERVICE_DEGRADED
        return self.send(c.Declare(title=title, service="website", trigger=trigger, severity=severity, teams=teams))

    def alert(self, **labels: str) -> Self:
        """An alert with these labels fires, and the SOP's routes say where it belongs."""
        return self.send(c.OpenFromAlert("Checkout is down", self._placement(labels)), by="alertmanager")

    def join(self, **labels: str) -> Self:
        """A further alert fires that belongs to the incident."""
        return self.send(c.NoteAlertWorse("Checkout is down for all", self._placement(labels)), by="alertmanager")

    def acknowledge(self, by: str = PRIMARY) -> Self:
        return self.send(c.Acknowledge(), by)

    def assess(self, severity: Severity, reason: str = "as the table says") -> Self:
        return self.send(c.Assess(severity=severity, reason=reason))

    def assign(self, role: Role, person: str) -> Self:
        return self.send(c.AssignRole(role=role, person=person))

    def add_team(self, team: str) -> Self:
        return self.send(c.AddTeam(team=team))

    def note(self, text: str) -> Self:
        return self.send(c.AddNote(text=text))

    def update(self, text: str = "We are on it", *, by: str = PRIMARY, next_within: str | None = None) -> Self:
        promise = Duration.parse(next_within) if next_within else None
        return self.send(c.PostUpdate(text=text, next_within=promise), by)

    def tell_customers(self, text: str, by: str) -> Self:
        return self.send(c.PostUpdate(text=text, audience=Audience.EXTERNAL), by)

    def page(self, target: str, reason: str = "need a second pair of eyes") -> Self:
        return self.send(c.PageByHand(target=target, reason=reason))

    def mitigate(self, note: str = "") -> Self:
        return self.send(c.Mitigate(note=note))

    def resolve(self, note: str = "") -> Self:
        return self.send(c.Resolve(note=note))

    def reopen(self, reason: str = "it came back") -> Self:
        return self.send(c.Reopen(reason=reason))

    def cancel(self, reason: str = "a test that was not announced") -> Self:
        return self.send(c.Cancel(reason=reason))

    def clear_alerts(self, alerts: int = 1) -> Self:
        return self.send(c.NoteAlertsCleared(alerts=alerts), by="alertmanager")

    def fire_alerts(self) -> Self:
        return self.send(c.NoteAlertsFiring(title="Checkout is down"), by="alertmanager")

    def request_postmortem(self) -> Self:
        return self.send(c.RequestPostmortem())

    def save_postmortem(self, sections: dict[str, str], *action_items: ActionItem) -> Self:
        return self.send(c.SavePostmortem(sections=sections, action_items=action_items))

    def complete_postmortem(self) -> Self:
        return self.send(c.CompletePostmortem())

    # What the providers report

    def accept(self, person: str) -> Self:
        """The provider took the newest page to `person`."""
        key, page = self.page_to(person)
        return self.send(c.ReportPageAccepted(key=key, via=page.method.id), by=TOCSIN)

    def take(self, key: str, way: str) -> Self:
        """The provider took that page by that contact method."""
        return self.send(c.ReportPageAccepted(key=key, via=way), by=TOCSIN)

    def fail(self, person: str) -> Self:
        """The contact method that is tried now can't deliver the newest page to `person`."""
        key, page = self.page_to(person)
        return self.send(c.ReportPageFailed(key=key, via=page.method.id, reason="the provider refused"), by=TOCSIN)

    def delay(self, person: str) -> Self:
        """The contact method that is tried now can't deliver the newest page to `person` yet, and is tried again."""
        key, page = self.page_to(person)
        failure = c.ReportPageFailed(key=key, via=page.method.id, reason="the provider is down", is_retried=True)
        return self.send(failure, by=TOCSIN)

    def refuse(self, person: str, via: str) -> Self:
        """That provider gives up the newest page to `person`, whatever else is tried."""
        key, _ = self.page_to(person)
        return self.send(c.ReportPageFailed(key=key, via=via, reason="given up after 24 h"), by=TOCSIN)

    def fail_every_way(self, person: str) -> Self:
        """No contact method can deliver the newest page to `person`."""
        key, _ = self.page_to(person)
        while self.incident.pages[key].status is PageStatus.PENDING:
            via = self.incident.pages[key].method.id
            self.send(c.ReportPageFailed(key=key, via=via, reason="the provider refused"), by=TOCSIN)
        return self

    def restore(self) -> Self:
        """A backup gives it back."""
        return self.send(c.Restore(taken_at=self.now, mark="r0a1b2c"), by=TOCSIN)

    def release(self) -> Self:
        return self.send(c.Release())

    def channel_opens(self) -> Self:
        return self.send(c.ReportChannelOpened(channel="C042", name="inc-2026-0042"), by=TOCSIN)

    def channel_is_refused(self) -> Self:
        return self.send(c.ReportChannelFailed(action="OpenChannel", reason="missing_scope"), by=TOCSIN)

    def summary_appears(self) -> Self:
        return self.send(c.ReportSummaryPosted(message="1764072000.000100"), by=TOCSIN)

    # The clock

    def at(self, minutes: float = 0, *, hours: float = 0, days: float = 0) -> Self:
        """Let time pass until that long after the start, the engine waking punctually."""
        until = self._instant(minutes, hours, days)
        while self.wake_at is not None and self.wake_at <= until:
            self.now = self.wake_at
            self.tick()
        self.now = until
        return self

    def asleep_until(self, minutes: float = 0, *, hours: float = 0, days: float = 0) -> Self:
        """Let time pass until that long after the start, the engine missing what falls due meanwhile."""
        self.now = self._instant(minutes, hours, days)
        return self

    def crash(self) -> Self:
        """Everything is lost but the events, as they were stored; the state is folded from them again."""
        before, wakes_at = self.incident, self.wake_at
        self._incident = fold(stored(self.events, list[e.Recorded]))
        self.wake_at = wake_at(self.sop, self._incident)
        assert (self._incident, self.wake_at) == (before, wakes_at)
        return self

    def tick(self) -> Self:
        return self.send(c.Tick(), by=TOCSIN)

    # What came of it

    @property
    def incident(self) -> Incident:
        assert self._incident is not None, "the story has not begun"
        return self._incident

    @property
    def ladder(self) -> list[Step]:
        """The escalation steps that were carried out."""
        return [
            Step(self.minute(it.at), it.event.urgency, tuple(reach.person for reach in it.event.reached))
            for it in self.events
            if isinstance(it.event, e.StepFired)
        ]

    def happened(self, kind: type[E]) -> list[E]:
        """The events of that kind."""
        return [it.event for it in self.events if isinstance(it.event, kind)]

    def minutes_of(self, kind: type[e.Event]) -> list[float]:
        """The minutes at which events of that kind happened."""
        return [self.minute(it.at) for it in self.events if isinstance(it.event, kind)]

    def told(self, kind: type[e.Event]) -> list[str]:
        """Whom the events of that kind had somebody reach."""
        return [reach.person for it in self.events if isinstance(it.event, kind) for reach in e.reaches_of(it.event)[1]]

    def sent(self, kind: type[F]) -> list[F]:
        """The effects of that kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def just_sent(self, kind: type[F]) -> list[F]:
        """The effects of that kind which the last command had."""
        return [effect for effect in self.last.effects if isinstance(effect, kind)]

    @property
    def ringing(self) -> list[str]:
        """Who is paged and has not been answered for, in the order of their pages."""
        return [page.person for page in self.incident.open_pages.values()]

    @property
    def wakes_in(self) -> timedelta | None:
        return self.wake_at - self.now if self.wake_at else None

    def page_to(self, person: str) -> tuple[str, Page]:
        """The newest page (or notification) to `person`, and its key."""
        return [(key, page) for key, page in self.incident.pages.items() if page.person == person][-1]

    def minute(self, at: datetime) -> float:
        return (at - self.start) / timedelta(minutes=1)

    def _placement(self, labels: dict[str, str]) -> Placement:
        return Placer(self.sop).place(Alert(labels, {}, AlertStatus.FIRING, self.now))

    def _instant(self, minutes: float, hours: float, days: float) -> datetime:
        instant = self.start + timedelta(days=days, hours=hours, minutes=minutes)
        assert instant >= self.now, "time only goes forward"
        return instant

    def _check(self, decision: Decision) -> None:
        """The state is the fold of a dense timeline, and nothing that is due is left behind."""
        folded = self._incident
        for seq, it in enumerate(decision.events, start=len(self.events) + 1):
            assert (it.incident, it.seq) == (decision.incident.id, seq)
            assert not self.events or it.at >= self.events[-1].at
            folded = apply(folded, it)
        assert folded == decision.incident
        coming = [deadline.at for deadline in deadlines(self.sop, decision.incident)]
        assert decision.wake_at == min(coming, default=None)
        assert decision.wake_at is None or decision.wake_at > self.now


def stored(value: object, kind: Any) -> Any:
    """What is read back of a value that was written down as JSON."""

    def read(kind: type[Duration], written: str) -> Duration:
        return kind.parse(written)

    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str), type=kind, dec_hook=read)


def with_rotation(sop: Sop, team: str, *, primary: tuple[str, ...], secondary: tuple[str, ...]) -> Sop:
    """The SOP with other people in the team's rotation."""
    old = sop.teams[team]
    rotation = replace(old.rotation, primary=primary, secondary=secondary)
    return replace(sop, teams={**sop.teams, team: replace(old, rotation=rotation)})


def with_contact(sop: Sop, person: str, *methods: ContactMethod) -> Sop:
    """The SOP with these contact methods for the person, in this order; a Slack id included."""
    known = replace(sop.people[person], slack_user="U042", contact=methods)
    return replace(sop, people={**sop.people, person: known})


def without(sop: Sop, *people: str) -> Sop:
    """The SOP once these people have left: the rotations and targets still name them."""
    return replace(sop, people={id_: person for id_, person in sop.people.items() if id_ not in people})
