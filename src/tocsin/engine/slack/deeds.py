"""How is what somebody asks for in Slack carried out? Once, however often Slack tells it, durable when this returns."""

from datetime import datetime

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.engine.newcomers import brief_newcomer
from tocsin.engine.parts import Parts
from tocsin.engine.record import tell_command
from tocsin.errors import InvalidInput
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

SOURCE = "slack"
_FEW = 5


class Deeds:
    """Commands from Slack, through the node's writer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def open(self, once: str, command: c.Declare, actor: Actor) -> Incident | None:
        """Open an incident; None where this was done before. Raises Refused."""
        desk = self._parts.desk

        def work(tx: Transaction, now: datetime) -> Incident | None:
            if not tx.heard.is_new(SOURCE, once, now):
                return None
            incident = desk.open(tx, now, command, actor)
            tell_command(tx, now, actor, command=command, incident=incident)
            return incident

        return await self._parts.writer.write(work)

    async def change(self, once: str, incident_id: str, command: c.Change, actor: Actor) -> Incident | None:
        """Carry out a command; None where this was done before. Raises NotFound and Refused."""
        desk = self._parts.desk

        def work(tx: Transaction, now: datetime) -> Incident | None:
            if not tx.heard.is_new(SOURCE, once, now):
                return None
            incident = desk.change(tx, now, incident_id, command, actor)
            if actor.key:
                tell_command(tx, now, actor, command=command, incident=incident)
            return incident

        return await self._parts.writer.write(work)

    async def brief(self, once: str, channel: str, user: str) -> None:
        """Have somebody who joins an incident's channel told how it stands; nobody elsewhere."""
        incident = await self.incident_of_channel(channel)
        if incident is None or incident.status.is_over:
            return
        found = incident.id

        def work(tx: Transaction, now: datetime) -> None:
            if tx.heard.is_new(SOURCE, once, now):
                brief_newcomer(self._parts.desk, tx, now, found, user)

        await self._parts.writer.write(work)

    async def incident_meant(self, named: str, channel: str) -> Incident:
        """The incident that is named, or whose channel it is, or the only open one; raises NotFound, InvalidInput."""

        def look(queries: Queries) -> Incident:
            if named:
                return queries.incident(named)
            found = queries.incident_in_channel(channel)
            opened = [found] if found else queries.incidents(is_open=True, limit=_FEW + 1)
            if len(opened) == 1:
                return opened[0]
            raise InvalidInput(_which(opened))

        return await self._parts.store.read(look)

    async def incident_of_channel(self, channel: str) -> Incident | None:
        """The incident whose channel it is."""
        return await self._parts.store.read(lambda queries: queries.incident_in_channel(channel))


def _which(opened: list[Incident]) -> str:
    if not opened:
        return "no incident is open: name one, `INC-2026-0042`, or declare one"
    ids = ", ".join(it.id for it in opened[:_FEW])
    more = " and others" if len(opened) > _FEW else ""
    return f"several incidents are open: name the one that you mean after the command ({ids}{more})"
