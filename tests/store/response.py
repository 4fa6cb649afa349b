"""What does a response leave in the store? Commands decided by the domain, each kept in a transaction of its own."""

from datetime import UTC, datetime, timedelta
from typing import Self

from msgspec.structs import replace

from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain.context import Context, Decision, Refusal
from tocsin.domain.decide import decide
from tocsin.domain.decisions.postmortem import JUDGEMENT_SECTIONS
from tocsin.domain.events import Recorded
from tocsin.domain.incident import ActionItem, ActionItemPriority, Incident, Page
from tocsin.domain.placement import Placement
from tocsin.oncall.roster import Roster
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, PagerDuty, Slack, Sop
from tocsin.sop.version import encode, version_of
from tocsin.sop.words import Role, Severity, Trigger
from tocsin.store.open import Store

SEV1, SEV2, SEV3, SEV4 = Severity
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _sop() -> Sop:
    """The default, in which bob gets an e-mail as well while he doesn't answer, and PagerDuty hears of alice."""
    sop = default_sop()
    mail = ContactMethod(via="email", after=Duration(minutes=2))
    bob = replace(sop.people["bob"], contact=(*sop.people["bob"].contact, mail))
    alice = replace(sop.people["alice"], pagerduty_user="PALICE")
    return replace(
        sop,
        slack=Slack(stakeholders_channel="C0BOARD"),
        pagerduty=PagerDuty(from_email="tocsin@example.com", notes=True, responders=True),
        people={**sop.people, "alice": alice, "bob": bob},
    )


SOP = _sop()
QUIET = Placement("website", SEV4, Trigger.SERVICE_DEGRADED, page=False, group_key="website{}")
LOUD = replace(QUIET, severity=SEV2, page=True)
WRITTEN = {section.key: f"What we say of it: {section.title} ☎" for section in JUDGEMENT_SECTIONS}


class Response:
    """An incident from its opening, on a clock that belongs to the test; `events` and `effects` are all so far."""

    def __init__(self, store: Store, opening: c.Opening, *, now: datetime = NOON) -> None:
        self.store = store
        self.now = now
        self.events: list[Recorded] = []
        self.effects: list[f.AnyEffect] = []
        self.incident = self._kept(None, opening, "alice")

    @property
    def id(self) -> str:
        return self.incident.id

    def send(self, command: c.Change, *, by: str = "alice", after: float = 0) -> Self:
        """Carry out `command` that many minutes after the one before."""
        self.now += timedelta(minutes=after)
        self.incident = self._kept(self.incident, command, by)
        return self

    def page_to(self, person: str) -> tuple[str, Page]:
        """The newest page to `person`, and its key."""
        return [(key, page) for key, page in self.incident.pages.items() if page.person == person][-1]

    def _kept(self, incident: Incident | None, command: c.Opening | c.Change, by: str) -> Incident:
        with self.store.transaction() as tx:
            tx.facts.keep_sop(version_of(SOP), encode(SOP).decode(), self.now)
            service = incident.service if incident else "website"
            but = incident.id if incident else ""
            counted = getattr(command, "severity", None) or SEV3
            context = Context(
                now=self.now,
                sop=SOP,
                sop_version=version_of(SOP),
                roster=Roster(SOP, self.now, frozenset({"pagerduty", "pagerduty_rest", "slack", "email", "inbox"})),
                actor=by,
                via="test",
                next_id="" if incident else tx.incidents.next_id(self.now),
                recent=tx.incidents.recent(service, counted, self.now - timedelta(days=7), but),
            )
            decision = _decided(incident, command, context)
            tx.save(decision)
        self.events += decision.events
        self.effects += decision.effects
        return decision.incident


def _decided(incident: Incident | None, command: c.Opening | c.Change, context: Context) -> Decision:
    decision = decide(incident, command, context)
    assert not isinstance(decision, Refusal), decision
    return decision


def declared(
    store: Store,
    severity: Severity | None = SEV1,
    *,
    title: str = "Checkout is down",
    now: datetime = NOON,
    trigger: Trigger = Trigger.SERVICE_DEGRADED,
) -> Response:
    """Somebody declares an incident on the website."""
    command = c.Declare(title=title, service="website", trigger=trigger, severity=severity)
    return Response(store, command, now=now)


def from_alert(store: Store, placement: Placement = LOUD, *, now: datetime = NOON) -> Response:
    """An alert opens an incident."""
    return Response(store, c.OpenFromAlert(title="5xx above 2 %", placement=placement), now=now)


def whole_responses(store: Store) -> tuple[Response, ...]:
    """Responses in which everything happens that can happen, at least once."""
    grave = from_alert(store, QUIET)
    grave.send(c.NoteAlertWorse(title="Checkout is down — „all“ of it", placement=LOUD), after=1)
    key, _ = grave.page_to("alice")
    grave.send(c.ReportPageFailed(key=key, via="pagerduty", reason="HTTP 400"))
    grave.send(c.ReportPageAccepted(key=key, via="inbox"))
    grave.send(c.Acknowledge(), by="alice").send(c.Tick(), after=15).send(c.Mitigate()).send(c.Reopen(reason="not yet"))
    key, _ = grave.page_to("alice")
    grave.send(c.ReportPageAccepted(key=key, via="pagerduty"))
    grave.send(c.Assess(severity=SEV1, reason="all users are affected"), after=1)
    grave.send(c.ReportChannelOpened(channel="C042", name="inc-2026-0001-checkout"))
    grave.send(c.ReportSummaryPosted(message="1764072000.000100"))
    grave.send(c.ReportChannelFailed(action="SetTopic", reason="missing_scope"))
    grave.send(c.Tick(), after=13).send(c.Tick(), after=5)  # a reminder; overdue, and the response time missed
    grave.send(c.Acknowledge(), by="bob")
    grave.send(c.AssignRole(role=Role.INCIDENT_COMMANDER, person="erin"))
    grave.send(c.AddTeam(team="backend")).send(c.AddNote(text="The disk is full\nagain"))
    grave.send(c.PostUpdate(text="Rolling back", next_within=Duration.parse("10m")))
    grave.send(c.PageByHand(target="cto", reason="a decision is needed"))
    grave.send(c.Assess(severity=SEV2, reason="only a subset now"))
    grave.send(c.NoteAlertsCleared(alerts=2)).send(c.NoteAlertsFiring(title="5xx"))
    grave.send(c.Mitigate(note="rolled back"), after=3).send(c.Resolve(note="fixed")).send(
        c.Reopen(reason="it is back")
    )
    grave.send(c.Resolve()).send(c.Tick(), after=25 * 60)  # and the postmortem is due in a day
    item = ActionItem("Stage roll-outs", "bob", ActionItemPriority.P1, "2026-12-24")
    grave.send(c.SavePostmortem(sections=WRITTEN, action_items=(item,))).send(c.CompletePostmortem())
    grave.send(c.Reopen(reason="and again"), after=60)
    first, second, third = (declared(store, SEV3) for _ in range(3))
    first.send(c.RequestPostmortem())
    second.send(c.Restore(taken_at=NOON, mark="r0a1b2c")).send(c.Release(reason="it goes on"))
    third.send(c.Cancel(reason="a drill"))
    breach = declared(store, SEV1, trigger=Trigger.SECURITY_BREACH)
    return grave, first, second, third, breach
