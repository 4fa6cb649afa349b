"""When are the emergency contacts called? For an alarm that may lose a page; for each at most once in a quarter hour.

One node calls for all, while the database can be asked; a node that can't reach it calls by itself. It stands in
nobody's way: what it waits for, no page waits for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

from tocsin.engine.watch.alarms import Alarm, Alarms
from tocsin.engine.watch.contacts import Emergency
from tocsin.engine.watch.cry import Cry, Told
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError
from tocsin.store.vitals import Unanswered

logger = logging.getLogger(__name__)

QUIET_FOR = timedelta(minutes=15)
_CLAIMED_FOR = timedelta(seconds=45)  # longer than a call takes
_NOBODY_TOLD_FOR = timedelta(minutes=1)
_DATABASE_PATIENCE_SECONDS = 3.0
_MOST_LISTED = 10

Calling = Callable[[Cry], Awaitable[tuple[Told, ...]]]


class Outcry:
    """Calls the emergency contacts for the alarms of this node."""

    def __init__(
        self,
        alarms: Alarms,
        emergency: Emergency,
        *,
        node: str,
        writer: Writer,
        now: Callable[[], datetime],
        call: Calling,
    ) -> None:
        self._alarms = alarms
        self._emergency = emergency
        self._node = node
        self._writer = writer
        self._now = now
        self._call = call
        self._quiet_until: dict[str, datetime] = {}

    async def call_for_help(self, unanswered: Collection[Unanswered]) -> tuple[Told, ...]:
        """Call for every alarm that is due for it; `unanswered` are the incidents that may be in danger."""
        now = self._now()
        self._quiet_until = {id_: until for id_, until in self._quiet_until.items() if until > now}
        due = [it for it in self._alarms.all if it.kind.may_lose_a_page and it.id not in self._quiet_until]
        if not due or not self._emergency.contacts:
            return ()
        claimed = await self._claimed(frozenset(it.id for it in due), now)
        told = [it for it in due if it.id in claimed]
        self._quiet_until |= {it.id: now + _CLAIMED_FOR for it in due}
        if not told:
            return ()
        outcome = await self._call(_cry(told, unanswered, self._emergency, self._node))
        await self._settle(frozenset(it.id for it in told), outcome)
        return outcome

    async def _claimed(self, ids: frozenset[str], now: datetime) -> frozenset[str]:
        """Those that this node is to tell; all of them where the database doesn't answer."""
        try:
            async with asyncio.timeout(_DATABASE_PATIENCE_SECONDS):
                return await self._writer.write(lambda tx, _: tx.cries.claim(ids, now, now + _CLAIMED_FOR))
        except (TocsinError, TimeoutError):
            return ids

    async def _settle(self, ids: frozenset[str], outcome: tuple[Told, ...]) -> None:
        reached = [it for it in outcome if not it.fault]
        for it in outcome:
            if it.fault:
                logger.critical("the emergency contact %s could not be called by %s: %s", it.name, it.way, it.fault)
        if reached:
            names = ", ".join(f"{it.name} ({it.way})" for it in reached)
            logger.critical("called the emergency contacts %s for %s", names, ", ".join(sorted(ids)))
        if self._emergency.phones:
            logger.critical("whoever reads this: call %s", self._emergency.phones)
        until = self._now() + (QUIET_FOR if reached else _NOBODY_TOLD_FOR)
        self._quiet_until |= dict.fromkeys(ids, until)
        try:
            async with asyncio.timeout(_DATABASE_PATIENCE_SECONDS):
                await self._writer.write(lambda tx, _: tx.cries.keep_quiet(ids, until))
        except (TocsinError, TimeoutError):
            return  # this node remembers it


def _cry(alarms: list[Alarm], unanswered: Collection[Unanswered], emergency: Emergency, node: str) -> Cry:
    incidents = tuple(f"{it.id} {it.severity or 'not assessed'} {it.service}" for it in unanswered)
    lines = [f"Tocsin on {node} may not be able to page anybody:"]
    lines += [f"- {it.text} (since {it.since:%H:%M:%S} UTC)" for it in alarms[:_MOST_LISTED]]
    if incidents:
        lines += [
            "Nobody has acknowledged, as far as this node knows:",
            *(f"- {it}" for it in incidents[:_MOST_LISTED]),
        ]
    if emergency.phones:
        lines.append(f"Others who are told of this: {emergency.phones}")
    return Cry(
        subject=f"Tocsin needs help: {', '.join(dict.fromkeys(str(it.kind) for it in alarms))}",
        text="\n".join(lines),
        alarms=tuple(it.id for it in alarms),
        incidents=incidents,
        node=node,
    )
