"""How does a test run the engine on its own clock? A server without loops: every step is asked for, at an instant.

Store, desk, intake, leases and settlements are the server's own, on a real file; the vendors are the sandbox's, asked
in process. What a loop would do next is done when the test lets time pass, in the order in which it falls due.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from tests.engine.alerts import NOON, minute
from tests.engine.pagerduty import events
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.alert import Alert
from tocsin.domain.incident import Incident
from tocsin.engine import dispatch
from tocsin.engine.deliveries import Provider
from tocsin.engine.desk import ENGINE, Actor, Desk
from tocsin.engine.intake import Intake
from tocsin.engine.providers import providers_for
from tocsin.engine.sops import Sops
from tocsin.engine.unmuter import let_out
from tocsin.integrations.wire import Attempt, Outgoing, Reply, Request, Rung, Then, Verdict
from tocsin.settings import Settings
from tocsin.simulate.sandbox.recording import RecordedRequest
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity, Trigger
from tocsin.store.queries import Queries
from tocsin.store.rows import Delivery, OutboxRow
from tocsin.store.sqlite import SqliteStore

E = TypeVar("E", bound=e.Event)

MONITORING = Actor("monitoring", "alertmanager")
_IN_PROCESS = "http://127.0.0.1:1"  # a loopback address, so that a provider needs no credentials; nobody calls it


def attempt_at(delivery: Delivery) -> Attempt:
    """What the provider is told of the attempt."""
    return Attempt(delivery.key, delivery.created_at, is_repeat=delivery.is_repeat)


class Rehearsal:
    """A server on the test's clock. With `slack`, the incident's channel is kept as well."""

    def __init__(self, path: Path, sop: Sop | None = None, *, slack: bool = False, start: datetime = NOON) -> None:
        self.path = path
        self.sop = sop or default_sop()
        self.now = start
        self.store = SqliteStore(path)
        self.sandbox = Sandbox(clock=lambda: self.now)
        settings = Settings(
            database=f"sqlite:///{path}",
            public_url="https://tocsin.example.org",
            pagerduty_events_url=_IN_PROCESS,
            slack_api_url=_IN_PROCESS if slack else "",
        )
        self.providers: dict[str, Provider] = {it.name: it for it in providers_for(settings, self.sop, "k3x9")}
        self.desk = Desk(Sops(self.sop), frozenset(self.providers))
        self.intake = Intake(self.desk)
        self.console: list[str] = []  # what rang there

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @property
    def queries(self) -> Queries:
        return self.store.queries

    def restart(self) -> Self:
        """Another server takes up the file; whatever the old one was doing is cut off."""
        self.store.close()
        self.store = SqliteStore(self.path)
        with self.store.transaction() as tx:
            tx.outbox.release_all()
        self.desk = Desk(Sops(self.sop), frozenset(self.providers))
        self.intake = Intake(self.desk)
        return self

    # What comes in

    def take(self, *alerts: Alert) -> Self:
        """Monitoring delivers these alerts in one request."""
        with self.store.transaction() as tx:
            learnt = self.intake.take(tx, self.now, MONITORING, alerts)
        self.intake.learn(learnt)
        return self

    def declare(self, severity: Severity | None = None, service: str = "website") -> Incident:
        """Somebody declares an incident."""
        command = c.Declare(
            title="Checkout is down", service=service, trigger=Trigger.SERVICE_DEGRADED, severity=severity
        )
        with self.store.transaction() as tx:
            return self.desk.open(tx, self.now, command, Actor("alice", "test"))

    def change(self, incident: str, command: c.Change, by: str = "alice", seen: int | None = None) -> Incident:
        with self.store.transaction() as tx:
            return self.desk.change(tx, self.now, incident, command, Actor(by, "test", seen))

    # Time

    def at(self, minutes: float) -> Self:
        """Let time pass until that minute, doing what falls due in between at the instant at which it does."""
        until = minute(minutes)
        while (due := min(self._due(), default=until)) < until:
            self.now = max(self.now, due)
            self.work()
        self.now = until
        return self.work()

    def work(self) -> Self:
        """Do what is due now: wake incidents, deliver what may leave."""
        while self._let_out() or self._wake() or self._deliver():
            pass
        return self

    def _due(self) -> Iterator[datetime]:
        instants = [
            self.queries.next_wake_at(),
            self.queries.desk.next_unmuting_at(),
            *(self.queries.outbox.next_delivery_at(name) for name in self.providers),
        ]
        return (it for it in instants if it is not None)

    def _let_out(self) -> bool:
        with self.store.transaction() as tx:
            is_due = bool(tx.silences.due(self.now, 1))
            assert let_out(self.desk, tx, self.now) == []
        return is_due

    def _wake(self) -> bool:
        with self.store.transaction() as tx:
            due = tx.incidents.due(self.now, 200)
            for incident in due:
                self.desk.change(tx, self.now, incident, c.Tick(), ENGINE)
        return bool(due)

    def _deliver(self) -> bool:
        leased = [delivery for name in self.providers for delivery in self.lease(name)]
        for delivery in leased:
            self.settle(delivery, self.send(delivery))
        return bool(leased)

    # Deliveries, step by step

    def lease(self, provider: str = "pagerduty", limit: int = 16) -> list[Delivery]:
        with self.store.transaction() as tx:
            return list(dispatch.lease(tx, self.now, dispatch.Claim("node-1", provider, limit)).deliveries)

    def send(self, delivery: Delivery) -> Verdict:
        """Send the delivery to the sandbox, and say what came of it."""
        effect = delivery.effect
        provider = self.providers[effect.provider]
        step: Outgoing | Verdict = provider.request_for(effect, attempt_at(delivery))
        while isinstance(step, Outgoing):
            assert isinstance(step, Request)
            verdict = provider.classify(effect, step, self._reply_to(step))
            step = verdict.request if isinstance(verdict, Then) else verdict
        if isinstance(step, Rung):
            self.console.append(step.line)
        return step

    def settle(self, delivery: Delivery, verdict: Verdict) -> None:
        with self.store.transaction() as tx:
            is_late = dispatch.settle(self.desk, tx, self.now, delivery, verdict)
        if is_late:
            with self.store.transaction() as tx:
                dispatch.hand_over(
                    self.desk, tx, self.now, self.queries.outbox.counted_in(delivery.id).deliveries, "it is late"
                )
        self.follow(delivery.id)

    def follow(self, lead: int) -> None:
        """What is counted in a page that has ended ends with it."""
        is_more = True
        while is_more:
            with self.store.transaction() as tx:
                is_more = dispatch.follow(self.desk, tx, self.now, lead)

    def _reply_to(self, request: Request) -> Reply:
        parts = urlsplit(request.url)
        recorded = RecordedRequest(self.now, request.method, parts.path, parts.query, request.headers, request.body)
        answer = self.sandbox.answer(recorded)
        return Reply(status=answer.status, headers=answer.headers, body=answer.body)

    # What came of it

    def incidents(self, *, is_open: bool | None = True) -> list[Incident]:
        return self.queries.incidents(is_open=is_open, limit=1_000)

    @property
    def only(self) -> Incident:
        """The only incident that there is."""
        (incident,) = self.incidents(is_open=None)
        return incident

    def happened(self, incident: str, kind: type[E]) -> list[E]:
        """The incident's events of that kind."""
        return [it.event for it in self.queries.timeline(incident) if isinstance(it.event, kind)]

    def story(self, incident: str, *but: type[e.Event]) -> list[str]:
        """The kinds of the incident's events in their order, without those named."""
        return [type(it.event).__name__ for it in self.queries.timeline(incident) if not isinstance(it.event, but)]

    def ends(self) -> list[tuple[str, str, str]]:
        """Of everything in the outbox, in the order decided: what it is, how it ended, and the note on that."""
        return [(type(it.effect).__name__, it.status, it.note) for it in reversed(self.queries.outbox.rows())]

    def outbox(self, provider: str) -> list[OutboxRow]:
        return [it for it in reversed(self.queries.outbox.rows()) if it.provider == provider]

    def pages(self) -> list[tuple[float, str]]:
        """When a page to whom arrived at PagerDuty, taken or not: minutes since noon."""
        arrived = [it for it in events(self.sandbox) if it.action == "trigger" and it.urgency == "page"]
        return [((it.at - NOON) / timedelta(minutes=1), it.person) for it in arrived]


def with_contacts(sop: Sop, contacts: Iterable[str], *people: str) -> Sop:
    """The SOP in which these people are reached by these contact methods, in this order."""
    methods = tuple(replace(sop.people["dana"].contact[0], via=via) for via in contacts)
    changed = {person: replace(sop.people[person], contact=methods) for person in people}
    return replace(sop, people={**sop.people, **changed})
