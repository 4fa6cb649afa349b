"""Whatever people, providers, alerts and the clock do, in whatever order: the invariants of the escalation engine hold.

After each step the `Auditor` reads the timeline and what was sent, and knows nothing of how either came about.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec.structs import replace

from tests.domain.auditor import Auditor
from tests.domain.harness import TOCSIN, WRITTEN, Story, with_contact, with_rotation, without
from tests.searching import LIVES
from tocsin.domain import commands as c
from tocsin.domain.context import Decision, Refusal
from tocsin.domain.incident import Audience, Status
from tocsin.domain.placement import Placement
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, Sop
from tocsin.sop.words import Role, Severity, Trigger

PAGERDUTY, SLACK, INBOX = (ContactMethod(via=via) for via in ("pagerduty", "slack", "inbox"))
SMS, CALL = (
    ContactMethod(via="apprise", name=name, url=f"env:{name.upper()}", after=Duration(minutes=minutes))
    for name, minutes in (("sms", 2), ("call", 5))
)
SOP = default_sop()
SILENT: dict[str, Any] = {"escalation": (), "repeat": None, "update_every": None, "respond_within": None}
# The statuses in which a command is legal, where it isn't in all.
LEGAL = {
    c.Acknowledge: "triggered acknowledged mitigated",
    c.Assess: "triggered acknowledged mitigated resolved",
    c.AddTeam: "triggered acknowledged mitigated",
    c.PageByHand: "triggered acknowledged mitigated",
    c.Mitigate: "triggered acknowledged",
    c.Resolve: "triggered acknowledged mitigated",
    c.Reopen: "mitigated resolved closed cancelled",
    c.Cancel: "triggered acknowledged mitigated",
    c.RequestPostmortem: "triggered acknowledged mitigated resolved",
    c.CompletePostmortem: "resolved",
}

people = st.sampled_from(sorted(SOP.people))
teams = st.sampled_from(sorted(SOP.teams))
severities = st.sampled_from(Severity)
targets = st.sampled_from(["primary", "secondary", "everyone_on_call", "cto", "alice", "mallory"])
contacts = st.lists(st.sampled_from([PAGERDUTY, SLACK, SMS, CALL, INBOX]), max_size=5)
placements = st.builds(
    Placement,
    service=st.sampled_from(sorted(SOP.services)),
    severity=st.none() | severities,
    trigger=st.just(Trigger.SERVICE_DEGRADED),
    page=st.booleans(),
    group_key=st.just("website{}"),
)
providers = st.sampled_from(["pagerduty", "slack", "apprise:sms", "apprise:call", "inbox"])
moments = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 12, 15, 20, 30, 61]) | st.integers(0, 120)

acts = st.tuples(
    st.sampled_from(
        [
            c.Acknowledge(),
            c.Assess(severity=Severity.SEV1, reason="as the table says"),
            c.Assess(severity=Severity.SEV3, reason="as the table says"),
            c.AddNote(text="a note"),
            c.AddTeam(team="backend"),
            c.AssignRole(role=Role.INCIDENT_COMMANDER, person="erin"),
            c.Mitigate(),
            c.Resolve(),
            c.Reopen(reason="it came back"),
            c.Tick(),
        ]
    ),
    people,
)


class Audited(Story):
    """A story that is audited after every command, those of a clock that passes several deadlines included."""

    def __init__(self, sop: Sop, methods: Sequence[str]) -> None:
        super().__init__(sop, methods=methods)
        self.auditor = Auditor()

    def after_command(self) -> None:
        self.auditor.check(self)


class Incidents(RuleBasedStateMachine):
    """One incident's life at random."""

    @initialize(
        opening=st.builds(
            c.Declare,
            title=st.just("Checkout is down"),
            service=st.sampled_from(sorted(SOP.services)),
            trigger=st.just(Trigger.SERVICE_DEGRADED),
            severity=st.none() | severities,
            teams=st.lists(teams, max_size=2).map(tuple),
        )
        | st.builds(c.OpenFromAlert, title=st.just("Checkout is down"), placement=placements),
        methods=st.sets(st.sampled_from(["pagerduty", "slack", "apprise"])),
        edits=st.lists(st.tuples(people, contacts), max_size=4),
        resolves_when_clear=st.booleans(),
    )
    def open(
        self,
        opening: c.Opening,
        methods: set[str],
        edits: list[tuple[str, list[ContactMethod]]],
        *,
        resolves_when_clear: bool,
    ) -> None:
        sop = replace(SOP, alerts=replace(SOP.alerts, resolve_when_clear=resolves_when_clear))
        self.story = Audited(sop, sorted(methods))
        self.restorations = 0
        for person, contact in edits:
            self.edit_contact(person, contact)
        self.story.send(opening)

    def attempt(self, command: c.Change, by: str = "alice") -> None:
        """Carry it out, or have it refused by the status, exactly when the status forbids it."""
        status = self.story.incident.status
        answer = self.story.attempt(command, by)
        is_forbidden = status not in LEGAL.get(type(command), " ".join(Status)).split()
        is_refused_by_status = isinstance(answer, Refusal) and answer.code.startswith("cannot_")
        assert is_refused_by_status == is_forbidden

    # People

    @rule(by=people)
    def acknowledge(self, by: str) -> None:
        before = self.story.incident
        self.attempt(c.Acknowledge(), by)
        if before.acknowledged_by and not before.open_pages:
            assert self.story.incident == before

    @rule(severity=severities, trigger=st.none() | st.sampled_from(Trigger))
    def assess(self, severity: Severity, trigger: Trigger | None) -> None:
        self.attempt(c.Assess(severity=severity, reason="as the table says", trigger=trigger))

    @rule(role=st.sampled_from(Role), person=people)
    def assign_role(self, role: Role, person: str) -> None:
        self.attempt(c.AssignRole(role=role, person=person))

    @rule(team=teams)
    def add_team(self, team: str) -> None:
        self.attempt(c.AddTeam(team=team))

    @rule(
        by=people,
        audience=st.sampled_from(Audience),
        promise=st.none() | st.integers(0, 40).map(lambda minutes: Duration(minutes=minutes)),
    )
    def post_update(self, by: str, audience: Audience, promise: Duration | None) -> None:
        self.attempt(c.PostUpdate(text="Searching", audience=audience, next_within=promise), by)

    @rule(whom=targets)
    def page_by_hand(self, whom: str) -> None:
        self.attempt(c.PageByHand(target=whom, reason="need help"))

    @rule(
        command=st.sampled_from([c.AddNote(text="a note"), c.SavePostmortem(sections=WRITTEN), c.RequestPostmortem()])
    )
    def write(self, command: c.Change) -> None:
        self.attempt(command)

    @rule(command=st.sampled_from([c.Mitigate(), c.Resolve(), c.Cancel(reason="a test"), c.CompletePostmortem()]))
    def end(self, command: c.Change) -> None:
        self.attempt(command)

    @rule()
    def reopen(self) -> None:
        self.attempt(c.Reopen(reason="it came back"))

    # Alerts

    @rule(
        command=st.sampled_from([c.NoteAlertsCleared(alerts=2), c.NoteAlertsFiring(title="Checkout is down")])
        | st.builds(c.NoteAlertWorse, title=st.just("Checkout is down"), placement=placements)
    )
    def hear_from_monitoring(self, command: c.Change) -> None:
        self.attempt(command, "alertmanager")

    # Providers: receipts come in any order, late, twice, and for what never was

    @precondition(lambda self: self.story.incident.pages)
    @rule(number=st.integers(0, 30), via=st.none() | providers, is_newest=st.booleans())
    def accept(self, number: int, via: str | None, is_newest: bool) -> None:
        key = self._key(number, is_newest=is_newest)
        self.attempt(c.ReportPageAccepted(key=key, via=via or self.story.incident.pages[key].method.id), TOCSIN)

    @precondition(lambda self: self.story.incident.pages)
    @rule(
        number=st.integers(0, 30),
        via=st.none() | providers,
        is_retried=st.booleans(),
    )
    def fail(self, number: int, via: str | None, is_retried: bool) -> None:
        key = self._key(number, is_newest=via is None)
        self._fail(key, via or self.story.incident.pages[key].method.id, is_retried=is_retried)

    @precondition(lambda self: self.story.incident.pages)
    @rule()
    def fail_all_that_is_on_its_way(self) -> None:
        for key, page in list(self.story.incident.pages.items()):
            self._fail(key, page.method.id)

    @rule(
        receipt=st.sampled_from(
            [
                c.ReportChannelOpened(channel="C042", name="inc-2026-0042"),
                c.ReportChannelFailed(action="OpenChannel", reason="missing_scope"),
                c.ReportSummaryPosted(message="1764072000.000100"),
                c.ReportPageFailed(key="INC-2026-0042-999-0", via="pagerduty", reason="refused"),
            ]
        )
    )
    def hear_from_slack(self, receipt: c.Receipt) -> None:
        self.attempt(receipt, TOCSIN)

    def _fail(self, key: str, via: str, *, is_retried: bool = False) -> None:
        self.attempt(c.ReportPageFailed(key=key, via=via, reason="refused", is_retried=is_retried), TOCSIN)

    def _key(self, number: int, *, is_newest: bool) -> str:
        keys = list(self.story.incident.pages)
        return keys[-1 - number % len(keys)] if is_newest else keys[number % len(keys)]

    # The organisation

    @rule(person=people)
    def leave(self, person: str) -> None:
        self.story.organisation = without(self.story.organisation, person)

    @rule(team=teams, primary=st.lists(people, max_size=2), secondary=st.lists(people, max_size=2))
    def edit_rotation(self, team: str, primary: list[str], secondary: list[str]) -> None:
        if team in self.story.organisation.teams:
            self.story.organisation = with_rotation(
                self.story.organisation, team, primary=tuple(primary), secondary=tuple(secondary)
            )

    @rule(person=people, contact=contacts)
    def edit_contact(self, person: str, contact: list[ContactMethod]) -> None:
        if person in self.story.organisation.people:
            self.story.organisation = with_contact(self.story.organisation, person, *contact)

    @rule()
    def come_back(self) -> None:
        self.story.organisation = SOP

    @rule(team=teams)
    def dissolve(self, team: str) -> None:
        rest = {name: kept for name, kept in self.story.organisation.teams.items() if name != team}
        self.story.organisation = replace(self.story.organisation, teams=rest)

    @rule(post=st.sampled_from(sorted(SOP.targets)))
    def vacate(self, post: str) -> None:
        rest = {name: person for name, person in self.story.organisation.targets.items() if name != post}
        self.story.organisation = replace(self.story.organisation, targets=rest)

    @rule()
    def rewrite_the_procedure(self) -> None:
        """19: nobody is to be reached any more, but the incident runs under the version it was opened under."""
        silent = {name: replace(level, **SILENT) for name, level in SOP.severities.items()}
        unassessed = replace(SOP.unassessed, escalation=(), repeat=None)
        self.story.organisation = replace(self.story.organisation, severities=silent, unassessed=unassessed)

    # A backup

    @rule()
    def restore(self) -> None:
        self.restorations += 1
        self.attempt(c.Restore(taken_at=self.story.now, mark=f"r{self.restorations}"), TOCSIN)

    @rule(command=st.sampled_from([c.Release(), c.NoteStillFiring(title="Checkout is down")]))
    def let_go_on(self, command: c.Change) -> None:
        self.attempt(command)

    # Several nodes, of which any may crash

    @rule()
    def crash(self) -> None:
        self.story.crash()

    @rule(first=acts, second=acts)
    def decide_at_once(self, first: tuple[c.Change, str], second: tuple[c.Change, str]) -> None:
        """9, 18: two decide on the same state, one commits, and the other finds out, and decides again."""
        seen = self.story.incident
        stale = self.story.decide(*first)
        assert self.story.incident is seen  # to decide changes nothing
        self.attempt(*second)
        if isinstance(stale, Decision) and stale.events and self.story.incident.seq > seen.seq:
            assert stale.events[0].seq <= self.story.incident.seq  # so that it can't be stored
        if self.story.incident == seen:
            assert self.story.decide(*first) == stale
        self.attempt(*first)

    @rule(seconds=st.integers(-600, 60), act=acts)
    def hear_from_a_node_whose_clock_is_off(self, seconds: int, act: tuple[c.Change, str]) -> None:
        now = self.story.now
        self.story.now = now + timedelta(seconds=seconds)
        self.attempt(*act)
        self.story.now = now

    # The clock

    @rule(minutes=moments)
    def set_the_clock_back(self, minutes: int) -> None:
        self.story.now -= timedelta(minutes=minutes)

    @rule(minutes=moments)
    def wait(self, minutes: int) -> None:
        self.story.at(self._passed + minutes)

    @rule(minutes=moments | st.integers(0, 60 * 24 * 7))
    def stand_still(self, minutes: int) -> None:
        self.story.asleep_until(self._passed + minutes)
        self.story.tick().tick()
        assert self.story.last.events == ()  # the second tick finds nothing left to do

    @rule(minutes=moments)
    def miss_wakes_until_the_next_command(self, minutes: int) -> None:
        self.story.asleep_until(self._passed + minutes)

    @property
    def _passed(self) -> float:
        return (self.story.now - self.story.start) / timedelta(minutes=1)


TestIncidents = Incidents.TestCase
TestIncidents.settings = settings(max_examples=LIVES, stateful_step_count=50)
