"""How does a test run delivery loops for real? Those of one server, without its waker and its doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace

from tests.rota import alice_always
from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.engine.clock import Clock
from tocsin.engine.deliveries import Deliveries, Provider, Send
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.meters import Meters
from tocsin.engine.parts import Parts
from tocsin.engine.providers import providers_for
from tocsin.engine.sender import Sender
from tocsin.engine.sops import Sops
from tocsin.engine.writer import Writer
from tocsin.settings import Settings
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.model import Sop
from tocsin.sop.words import Severity, Trigger
from tocsin.store.open import Store

SPEED = 20.0  # engine seconds in a real one: a second of back-off is 50 ms
SOP = alice_always()
ALICE = Actor("alice", "test")
CROWD = tuple(f"person{number}" for number in range(40))
CROWDED = replace(SOP, people={**SOP.people, **{id_: replace(SOP.people["alice"], name=id_) for id_ in CROWD}})


class Post:
    """The delivery loops of one server, and the commands that give them something to do."""

    def __init__(
        self,
        store: Store,
        providers: tuple[Provider, ...],
        send: Send,
        *,
        sop: Sop = SOP,
        node: str = "node-1",
        speed: float = SPEED,
    ) -> None:
        self.store = store
        self.wakes = 0
        self._loop = asyncio.get_running_loop()
        clock = Clock(speed)
        self.writer = Writer(store, clock, self._committed)
        self.desk = Desk(Sops(sop), frozenset(it.name for it in providers))
        self._running: list[asyncio.Task[None]] = []
        parts = Parts(node, store, self.writer, self.desk, clock, Meters())
        self.loops = [Deliveries(provider, parts, send) for provider in providers]

    def start(self) -> None:
        self.writer.start()
        self._running = [asyncio.create_task(loop.run()) for loop in self.loops]

    async def stop_loops(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.wait(self._running)
        assert all(task.cancelled() for task in self._running), "a loop has ended by itself"

    def _committed(self) -> None:
        self.store.announce()
        self.heard()

    def heard(self) -> None:
        """Something was committed, here or elsewhere."""
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self.wakes += 1
        for loop in self.loops:
            loop.changed.set()

    async def declare(self, severity: Severity = Severity.SEV1) -> Incident:
        command = c.Declare("Checkout is down", "website", Trigger.SERVICE_DEGRADED, severity)
        return await self.writer.write(lambda tx, now: self.desk.open(tx, now, command, ALICE))

    async def page(self, person: str) -> Incident:
        """Page them, and nobody else."""
        incident = await self.declare(Severity.SEV4)
        return await self.change(incident.id, c.PageByHand(target=person, reason="have a look"))

    async def change(self, incident: str, command: c.Change) -> Incident:
        return await self.writer.write(lambda tx, now: self.desk.change(tx, now, incident, command, ALICE))

    def statuses(self, provider: str = "pagerduty") -> list[str]:
        """How what is to be sent by that provider stands, in the order decided."""
        return [it.status for it in reversed(self.store.queries.outbox.rows()) if it.provider == provider]


def vendors(sandbox: Sandbox, *names: str, sop: Sop = SOP) -> tuple[Provider, ...]:
    """The providers of those names, or all of them, with the sandbox behind them."""
    settings = Settings(
        database="",
        public_url="https://tocsin.example.org",
        pagerduty_events_url=sandbox.url,
        slack_api_url=sandbox.url,
    )
    found = providers_for(settings, sop, "k3x9")
    return tuple(provider for provider in found if provider.name in (names or ("inbox", "pagerduty", "slack")))


@asynccontextmanager
async def delivering(
    store: Store,
    *providers: Provider,
    sender: Sender | None = None,
    send: Send | None = None,
    sop: Sop = SOP,
    node: str = "node-1",
    speed: float = SPEED,
) -> AsyncIterator[Post]:
    """The loops run within, and have stopped afterwards."""
    sender = sender or Sender()
    post = Post(store, providers, send or sender.send, sop=sop, node=node, speed=speed)
    post.start()
    try:
        yield post
    finally:
        await post.stop_loops()
        post.writer.stop()
        await sender.close()
