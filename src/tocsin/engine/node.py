"""What runs in one server? The store, the writer, the waker and the delivery workers, started and stopped together."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Self, TypeVar

from tocsin.accounts.page_links import PageLinks
from tocsin.domain import commands as c
from tocsin.domain.alert import Alert
from tocsin.domain.incident import Incident
from tocsin.engine import dispatch
from tocsin.engine.accounts import Accounts
from tocsin.engine.browsers import Browsers
from tocsin.engine.checkups import Ask
from tocsin.engine.clock import Clock
from tocsin.engine.deliveries import Deliveries
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.funnel import Funnel
from tocsin.engine.gate import Gate
from tocsin.engine.heads import Heads
from tocsin.engine.indexer import Indexer
from tocsin.engine.intake import Intake
from tocsin.engine.loops import Loop
from tocsin.engine.membership import Membership, this_member
from tocsin.engine.meters import Meters
from tocsin.engine.once import done_once
from tocsin.engine.pagerduty.line import PagerDutyLine
from tocsin.engine.parts import Parts
from tocsin.engine.passkeys import Passkeys
from tocsin.engine.proof import Proof
from tocsin.engine.providers import providers_for
from tocsin.engine.record import tell_command
from tocsin.engine.ringing import Ringing
from tocsin.engine.sender import Sender, make_room_for_names
from tocsin.engine.sign_in import SignIn
from tocsin.engine.single_sign_on import SingleSignOn, sign_in_file
from tocsin.engine.slack.line import SlackLine, line_of
from tocsin.engine.sops import Sops
from tocsin.engine.throttle import Throttle
from tocsin.engine.unmuter import Unmuter
from tocsin.engine.waker import Waker
from tocsin.engine.watch.watchman import Watchman
from tocsin.engine.writer import Writer
from tocsin.integrations.push.services import contact_of
from tocsin.integrations.wire import Single
from tocsin.settings import Settings
from tocsin.sop.model import Sop
from tocsin.store.audit_log import Deed
from tocsin.store.open import open_store
from tocsin.store.queries import Queries
from tocsin.store.rederive import rederive_if_older
from tocsin.store.rows import Member
from tocsin.store.transaction import Transaction

T = TypeVar("T")


class Node:
    """One running Tocsin; use it as an async context manager. Commands return once they are durable."""

    def __init__(self, settings: Settings, sop: Sop) -> None:
        self.settings = settings
        self.sop = sop
        self.clock = Clock(settings.clock_speed)
        self.started_at = self.clock.now()
        self._stack = contextlib.AsyncExitStack()
        self._listeners: set[asyncio.Event] = set()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._store = open_store(self.settings.database)
            stack.callback(self._store.close)
            stack.enter_context(self._store.served())
            self._loop = asyncio.get_running_loop()
            make_room_for_names()
            self._meters = Meters()
            self._writer = Writer(self._store, self.clock, self._committed)
            installation, link_secret = self._prepare()
            self.links = PageLinks(self.settings.public_url, link_secret)
            self._sender = Sender()
            stack.push_async_callback(self._sender.close)
            providers = providers_for(self.settings, self.sop, installation, self.links.secret)
            self.desk = Desk(Sops(self.sop), frozenset(provider.name for provider in providers))
            self._funnel = Funnel(self._store, self._writer, Intake(self.desk))
            member = this_member(self.settings.public_url, self.desk)
            self._join(member)
            self._waker = Waker(self._store, self._writer, self.desk, self.clock)
            parts = Parts(member.id, self._store, self._writer, self.desk, self.clock, self._meters)
            self.pagerduty = PagerDutyLine(self.settings, parts, installation, self._sender.ask)
            self.browsers = Browsers(self._store, self._writer, self.settings)
            contact = contact_of(self.settings.public_url, self.sop.email.sender)
            ringing = Ringing(self.browsers, self._sender.send, self.clock, contact)
            self._deliveries = [Deliveries(provider, parts, ringing.send) for provider in providers]
            self._membership = Membership(member, self.desk, self._writer, self._under_way, self._meters)
            self.watch = Watchman(self.settings, parts)
            stack.push_async_callback(self.watch.close)
            self.proof = Proof(self._store, self.clock, self.watch.alarms)
            self._unmuter = Unmuter(self._store, self._writer, self.desk, self.clock)
            self._indexer = Indexer(self._store, self._writer, self.clock)
            stack.callback(self._indexer.close)
            self.gate = Gate(self._store, self._writer, self.clock, self.sop.people)
            self.slack: SlackLine | None = line_of(
                self.settings, parts, self.gate, self.watch.alarms, self._sender.send
            )
            if self.slack:
                stack.push_async_callback(self.slack.close)
            self.sign_in = SignIn(self._store, self._writer, self.clock, self.gate)
            stack.callback(self.sign_in.close)
            self.passkeys = Passkeys(parts, self.gate, self.sign_in, self.links)
            self.accounts = Accounts(
                self._store, self._writer, self.clock, gate=self.gate, sign_in=self.sign_in, sop=self.sop
            )
            provider = sign_in_file(self.settings)
            self.single_sign_on = (
                SingleSignOn(provider, self.settings, self.clock, self._sender.send) if provider else None
            )
            self._writer.start()
            stack.callback(self._writer.stop)
            stack.push_async_callback(self._membership.leave)
            stack.enter_context(self._store.listening(self._committed_elsewhere))
            for loop in (*self._loops(), self._membership, self.gate, Heads(self._store), *self._beside()):
                stack.push_async_callback(_cancel, asyncio.create_task(loop.run()))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _beside(self) -> list[Loop]:
        """The loops for which nothing that pages waits, beside those of silences that end."""
        slack = self.slack.loops() if self.slack else []
        return [self._unmuter, self._indexer, self.proof, *self.pagerduty.loops(), *self.watch.loops(), *slack]

    def _prepare(self) -> tuple[str, str]:
        """Begin engine time where the record ends; this installation's id and its secret, made at the first start."""
        rederive_if_older(self._store)
        with self._store.transaction() as tx:
            if self._store.keeps_time:
                self.clock.follow(tx.database_now())
                self.clock.begin_at(self.clock.wall_now())
            installation = tx.facts.first_meta("installation", secrets.token_hex(4))
            link_secret = tx.facts.first_meta("link_secret", secrets.token_hex(32))
        self.clock.not_before(self._store.queries.recorded_until() or self.clock.now())
        return installation, link_secret

    def _join(self, member: Member) -> None:
        """Tell the others what this node serves, before it sends anything; what nobody serves goes another way."""
        with self._store.transaction() as tx:
            tx.nodes.seen(member)
            dispatch.give_up_stranded(self.desk, tx, self.clock.now())

    def _committed(self) -> None:
        self._meters.commits += 1
        self._store.announce()
        self._committed_elsewhere()

    def _committed_elsewhere(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._poke)

    def _poke(self) -> None:
        for loop in self._loops():
            loop.changed.set()
        for listener in self._listeners:
            listener.set()

    @contextlib.contextmanager
    def bell(self, rung: asyncio.Event) -> Iterator[None]:
        """Set `rung` after every commit, this node's and those that it hears of; nobody waits for who listens."""
        self._listeners.add(rung)
        try:
            yield
        finally:
            self._listeners.discard(rung)

    def _loops(self) -> list[Waker | Deliveries]:
        return [self._waker, *self._deliveries]

    @property
    def database_name(self) -> str:
        """The database as people know it, without a password."""
        return self._store.name

    @property
    def is_alone(self) -> bool:
        """Whether no other node can serve this database."""
        return not self._store.keeps_time

    def _under_way(self) -> list[int]:
        return [id_ for loop in self._deliveries for id_ in loop.under_way()]

    @property
    def throttles(self) -> dict[str, Throttle]:
        """What is known of each provider's capacity; its `breaker` says how well it is."""
        return {loop.name: loop.throttle for loop in self._deliveries}

    @property
    def ask(self) -> Ask:
        """What asks what is no delivery; raises Unreachable."""
        return self._sender.ask

    @property
    def queries(self) -> Queries:
        """The reading side for tools and tests; the event loop asks by `read`."""
        return self._store.queries

    async def read(self, ask: Callable[[Queries], T]) -> T:
        """The answer to `ask`, from committed state; raises what it raises, and StoreError."""
        return await self._store.read(ask)

    async def open(self, command: c.Declare, actor: Actor, *, key: str = "") -> Incident:
        """Open an incident, once for each key of the actor's (`engine/once.py`); raises Refused."""

        def open_it(tx: Transaction, now: datetime) -> Incident:
            incident = self.desk.open(tx, now, command, actor)
            tell_command(tx, now, actor, command=command, incident=incident)
            return incident

        asked = ("", command, key)
        return await self._writer.write(
            lambda tx, now: done_once(tx, now, actor, asked=asked, work=lambda: open_it(tx, now))
        )

    async def change(self, incident_id: str, command: c.Change, actor: Actor, *, key: str = "") -> Incident:
        """Carry out a command on an incident, once for each key of the actor's; raises NotFound and Refused."""

        def change_it(tx: Transaction, now: datetime) -> Incident:
            incident = self.desk.change(tx, now, incident_id, command, actor)
            tell_command(tx, now, actor, command=command, incident=incident)
            return incident

        asked = (incident_id, command, key)
        return await self._writer.write(
            lambda tx, now: done_once(tx, now, actor, asked=asked, work=lambda: change_it(tx, now))
        )

    async def save_postmortem(self, incident_id: str, command: c.SavePostmortem, actor: Actor) -> Incident:
        """Put on record what people wrote; what was kept as a draft is over then. Raises NotFound and Refused."""

        def work(tx: Transaction, now: datetime) -> Incident:
            incident = self.desk.change(tx, now, incident_id, command, actor)
            tell_command(tx, now, actor, command=command, incident=incident)
            tx.drafts.end(incident.id, actor.name, now)
            return incident

        return await self._writer.write(work)

    async def take_alerts(self, alerts: Sequence[Alert], actor: Actor) -> None:
        """Take in a batch of alerts, all or none; raises Overloaded while the disk is too full for new ones."""
        await self._funnel.take(alerts, actor)

    async def write(self, work: Callable[[Transaction, datetime], T]) -> T:
        """The value of `work`, once what it has written is durable; raises what it raises, StoreError, Overloaded."""
        return await self._writer.write(work)

    async def quarantine(self, source: str, single: Single, error: str) -> int:
        """Keep an alert aside of which a bug of ours can make nothing; returns its number."""
        return await self._writer.write(
            lambda tx, now: tx.quarantine.add(source, single.identity, single.body, error, now)
        )

    async def drop_quarantined(self, id_: int, deed: Deed) -> None:
        """Forget what was kept aside, and tell who wants that; raises NotFound."""

        def work(tx: Transaction, now: datetime) -> None:
            tx.quarantine.drop(id_)
            tx.audit.add(deed, now)

        await self._writer.write(work)

    async def set_token(self, hashed: str, name: str, scope: str) -> list[str]:
        """Let the bearer of a token in, under a name; an older token of that name is out: the hashes of those."""
        out = await self._writer.write(lambda tx, now: tx.facts.set_token(hashed, name, scope, now))
        self.gate.changed()
        return out


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
