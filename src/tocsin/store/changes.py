"""What did people change before it broke? Deployments and settings, as other tools tell of them, kept for 90 days."""

from datetime import datetime, timedelta

import msgspec

from tocsin.domain.service_change import ServiceChange
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads

KEPT_FOR = timedelta(days=90)


class Changes:
    """Writes changes down."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, change: ServiceChange) -> None:
        """Remember a change; what is older than 90 days before it is forgotten."""
        self._connection.many("DELETE FROM changes WHERE at < ?", [(codec.to_column(change.at - KEPT_FOR),)])
        sql = """
            INSERT INTO changes (at, service, integration, summary, source, link, details)
            VALUES (?, ?, ?, ?, ?, ?, ?)
        """
        told = (change.service, change.integration, change.summary, change.source, change.link)
        self._connection.many(sql, [(codec.to_column(change.at), *told, codec.to_json(change.details))])


def changes_of(
    reads: Reads, service: str | None, since: datetime, limit: int, *, before: datetime | None = None
) -> list[ServiceChange]:
    """The changes of a service since then and before another instant, or of all, the newest first."""
    where, values = "at >= ?", [codec.to_column(since)]
    if before is not None:
        where, values = f"{where} AND at < ?", [*values, codec.to_column(before)]
    mine = ("service = ? AND ", (service,)) if service else ("", ())
    sql = f"""
        SELECT at, service, integration, summary, source, link, details FROM changes
        WHERE {mine[0]}{where} ORDER BY at DESC, id DESC LIMIT ?
    """
    return [_change(*row) for row in reads.all(sql, *mine[1], *values, limit)]


def _change(
    at: int, service: str, integration: str, summary: str, source: str, link: str, details: str
) -> ServiceChange:
    told = msgspec.json.decode(details, type=dict[str, str])
    return ServiceChange(codec.from_column(at), service, integration, summary, source, link, told)
