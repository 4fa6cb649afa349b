"""Who watches Tocsin itself? Loops beside the paging path: they look, audit, beat, listen for jobs, and call for help.

None of them is waited for by anything that pages; what they find goes to the alarms.
"""

import asyncio
from collections.abc import Awaitable, Callable

from tocsin.engine.desk import Desk
from tocsin.engine.loops import Every, Loop
from tocsin.engine.parts import Parts
from tocsin.engine.sender import Sender
from tocsin.engine.watch import metrics
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.engine.watch.auditor import Auditor
from tocsin.engine.watch.contacts import emergency_of
from tocsin.engine.watch.cry import cry_out
from tocsin.engine.watch.heartbeats import Heartbeats
from tocsin.engine.watch.look import Look, Observer
from tocsin.engine.watch.onlooker import Onlooker
from tocsin.engine.watch.outcry import Outcry
from tocsin.engine.watch.pulse import Pulse
from tocsin.engine.watch.readiness import Check, Readiness
from tocsin.engine.watch.troubles import troubles
from tocsin.settings import Settings

LOOK_SECONDS = 5.0
_LOST_AFTER_SECONDS = 60.0
_BLIND_AFTER_SECONDS = 60.0


class Since:
    """For how long a count has stood still, in real seconds."""

    def __init__(self) -> None:
        self._count = -1
        self._at = 0.0

    def seconds(self, count: int) -> float:
        """The time since the count was first seen to be this one."""
        now = asyncio.get_running_loop().time()
        if count != self._count:
            self._count, self._at = count, now
        return now - self._at


class Watchman:
    """The watchman of one node. Close it before the store."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        node, desk, clock = parts.node, parts.desk, parts.clock
        self.alarms = Alarms()
        self.emergency = emergency_of(settings)
        self._node = node
        self._store = parts.store
        self._writer = parts.writer
        self._clock = clock
        self._meters = parts.meters
        self.onlooker = Onlooker(parts.store)
        self._observer = Observer(desk.sops, clock.now, clock.speed)
        self._look = Look(clock.now())
        self._looked_at = self._now()
        self._last_commit = Since()
        self._attempts: dict[str, Since] = {}
        self._sender = Sender()
        self.heartbeats = Heartbeats(desk, parts.writer, clock.speed)
        self._auditor = Auditor(desk.sops, self.onlooker, self.alarms, clock.now, clock.speed)
        self._check = Check(self._write, self._audit_age)
        self._outcry = Outcry(
            self.alarms,
            self.emergency,
            node=node,
            writer=parts.writer,
            now=clock.now,
            call=lambda cry: cry_out(cry, self.emergency, settings, self._sender.send),
        )
        self._guarding = Every(LOOK_SECONDS, self.guard, "the watchman can't guard")
        self._pulse = _pulse_of(settings, desk, self._why_not_ready)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def loops(self) -> list[Loop]:
        """What the node starts."""
        pulse = [self._pulse] if self._pulse else []
        looking = Every(LOOK_SECONDS, self.look, "the watchman sees nothing")
        return [looking, self._guarding, self.heartbeats, self._auditor, *pulse]

    async def close(self) -> None:
        """End what was opened."""
        await self._sender.close()
        self.onlooker.close()

    # --- what the loops do -------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """One look at the database; what it shows of troubles goes to the alarms."""
        look = await self.onlooker.look(self._observer.look)
        self._look, self._looked_at = look, self._now()
        idle = {
            it.provider: self._attempts.setdefault(it.provider, Since()).seconds(self._meters.attempts[it.provider])
            for it in look.waiting
        }
        found = troubles(look, idle=idle, behind=self._clock.behind(), speed=self._clock.speed)
        for kind, of_a_kind in found.items():
            self.alarms.state(kind, of_a_kind, look.at)

    async def guard(self) -> None:
        """Without asking the database: is it there, does the watchman see, must somebody be called?"""
        now = self._clock.now()
        silent_for = self._last_commit.seconds(self._meters.commits)
        lost = {"": f"{self._node} has not reached its database for {silent_for:.0f} s"}
        self.alarms.state(Trouble.DATABASE, lost if silent_for > _LOST_AFTER_SECONDS else {}, now)
        full = {"": "the disk is full: new alerts are refused, and what runs has the ballast's space"}
        self.alarms.state(Trouble.DISK, full if self._store.is_short_of_space else {}, now)
        blind_for = self._now() - self._looked_at
        blind = {"": f"the watchman of {self._node} has seen nothing for {blind_for:.0f} s"}
        self.alarms.state(Trouble.BLIND, blind if blind_for > _BLIND_AFTER_SECONDS else {}, now)
        await self._outcry.call_for_help(self._look.unanswered)

    async def audit(self) -> None:
        """One audit, now."""
        await self._auditor.audit()

    async def _write(self) -> None:
        await self._writer.write(lambda tx, now: tx.facts.set_meta("checked_at", now.isoformat()))

    async def _why_not_ready(self) -> tuple[str, ...]:
        return (await self.readiness()).why

    def _audit_age(self) -> float:
        return self._now() - self._auditor.audited_at

    # --- what is asked of it -----------------------------------------------------------------------------------------

    async def readiness(self) -> Readiness:
        """Whether this node is ready, looked at now; never raises."""
        seen = await self._check.seen()
        return Readiness(seen, self._node, self._look.nodes, self.alarms.all)

    async def metrics(self) -> bytes:
        """The figures, for Prometheus."""
        pulse = self._pulse
        figures = metrics.Figures(
            meters=self._meters,
            look=self._look,
            alarms=self.alarms.all,
            is_ready=not any(alarm.kind.keeps_from_work for alarm in self.alarms.all),
            behind=self._clock.behind(),
            look_age=self._now() - self._looked_at,
            audit_age=self._audit_age(),
            beats=pulse.beats if pulse else 0,
            beat_failures=pulse.failures if pulse else 0,
            loop_lag=self._guarding.lag,
        )
        return await asyncio.to_thread(metrics.render, figures)


def _pulse_of(settings: Settings, desk: Desk, why_not_ready: Callable[[], Awaitable[tuple[str, ...]]]) -> Pulse | None:
    switch = desk.sops.current.heartbeat
    url = settings.secret(switch.url)
    return Pulse(url, switch.every.total_seconds(), why_not_ready) if url else None
