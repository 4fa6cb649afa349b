"""How is the work going? What the watchman asks every few seconds; each question is answered from an index."""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain.incident import Incident
from tocsin.domain.storm import leaves_at
from tocsin.store import codec
from tocsin.store.connection import Reads
from tocsin.store.facts import RESTORED_FROM
from tocsin.store.outbox import FREE
from tocsin.store.queries import Queries
from tocsin.store.rows import SeenMember
from tocsin.store.storms import queues

_AT_RISK = 20  # that many incidents, or rows, say enough
_LEAST_GRAVE = 5
_MICROSECOND = timedelta(microseconds=1)


class Waiting(Struct, frozen=True):
    """What waits for one provider: how many deliveries, and since when the oldest."""

    provider: str
    rows: int
    oldest_at: datetime


class Overdue(Struct, frozen=True):
    """A delivery that may leave, and might have left at `due_at`."""

    key: str
    provider: str
    due_at: datetime


class Unanswered(Struct, frozen=True):
    """An incident that nobody has acknowledged."""

    id: str
    severity: str | None
    service: str
    opened_at: datetime


class Ending(Struct, frozen=True):
    """A token that lets alerts in, has been used, and has an end."""

    name: str
    created_at: datetime
    expires_at: datetime


class Vitals:
    """The watchman's questions."""

    def __init__(self, connection: Reads) -> None:
        self._connection = connection

    def next_wake_at(self) -> datetime | None:
        """When the earliest incident must be looked at."""
        return Queries(self._connection).next_wake_at()

    def nodes(self) -> list[SeenMember]:
        """The nodes that have told of themselves."""
        return Queries(self._connection).nodes()

    def waiting(self) -> tuple[Waiting, ...]:
        """What is to be sent, by provider."""
        sql = """
            SELECT provider, sum(waiting), min(oldest_at) FROM (
                SELECT provider, count(*) AS waiting, min(created_at) AS oldest_at FROM outbox
                WHERE status = 'pending' GROUP BY provider
                UNION ALL
                SELECT provider, count(*), min(created_at) FROM outbox WHERE status = 'counted' GROUP BY provider
            ) AS parts GROUP BY provider ORDER BY provider
        """
        rows = self._connection.all(sql)
        return tuple(Waiting(provider, int(count), codec.from_column(at)) for provider, count, at in rows)

    def overdue(self, provider: str, before: datetime) -> Overdue | None:
        """The delivery that has been due for the longest, since before then, though nothing is in its way."""
        sql = f"""
            SELECT due_at, key FROM outbox
            WHERE provider = ? AND due_at < ? AND status = 'pending' AND recipient IS NULL AND {FREE}
            ORDER BY due_at LIMIT 1
        """
        found = self._connection.all(sql, provider, codec.to_column(before))
        for queue in queues(self._connection, provider):
            turn_at = leaves_at(queue)
            if turn_at is not None and turn_at < before:
                found.append((codec.to_column(turn_at), self._longest_due(provider, queue.recipient)))
        return Overdue(min(found)[1], provider, codec.from_column(min(found)[0])) if found else None

    def _longest_due(self, provider: str, recipient: str) -> str:
        sql = """
            SELECT key FROM outbox WHERE provider = ? AND recipient = ? AND status = 'pending' AND recipient IS NOT NULL
            ORDER BY due_at LIMIT 1
        """
        return str(self._connection.all(sql, provider, recipient)[0][0])

    def forgotten_leases(self, for_longer_than: timedelta) -> list[str]:
        """The keys of leases that ended that long ago by the database's clock, and that nobody has given back."""
        sql = f"""
            SELECT key FROM outbox WHERE status = 'leased' AND leased_until < {self._connection.NOW} - ?
            ORDER BY leased_until LIMIT ?
        """
        rows = self._connection.all(sql, for_longer_than // _MICROSECOND, _AT_RISK)
        return [key for (key,) in rows]

    def open_incidents(self) -> dict[str, int]:
        """How many incidents are open, by severity as it was assessed or as their alerts look."""
        sql = "SELECT severity_rank, count(*) FROM incidents WHERE is_open = 1 GROUP BY severity_rank ORDER BY 1"
        rows = self._connection.all(sql)
        return {f"SEV{rank}" if rank < _LEAST_GRAVE else "none": int(count) for rank, count in rows}

    def unanswered(self) -> tuple[Unanswered, ...]:
        """The open incidents that nobody has acknowledged, the gravest first; some of them where there are many."""
        sql = """
            SELECT id, severity, service, opened_at FROM incidents
            WHERE is_open = 1 AND status = 'triggered' AND wake_at IS NOT NULL
            ORDER BY severity_rank, opened_at LIMIT ?
        """
        rows = self._connection.all(sql, _AT_RISK)
        return tuple(Unanswered(id_, severity, service, codec.from_column(at)) for id_, severity, service, at in rows)

    def held(self) -> tuple[int, str]:
        """How many incidents are held after a restoration, and of when the backup was."""
        count = int(self._connection.all("SELECT count(*) FROM incidents WHERE held_at IS NOT NULL")[0][0])
        return count, Queries(self._connection).meta(RESTORED_FROM) or ""

    def quarantined(self) -> tuple[int, str]:
        """How many bodies are kept aside, and where the newest of them came from."""
        count = int(self._connection.all("SELECT count(*) FROM quarantine")[0][0])
        newest = self._connection.all("SELECT source FROM quarantine ORDER BY last_at DESC LIMIT 1")
        return count, newest[0][0] if newest else ""

    def ending(self) -> tuple[Ending, ...]:
        """The tokens with an end that let alerts in and are in use, or were; by name."""
        sql = """
            SELECT name, created_at, expires_at FROM tokens
            WHERE expires_at IS NOT NULL AND used_at IS NOT NULL AND created_by IS NOT NULL
                AND ' ' || scope || ' ' LIKE '% intake %'
            ORDER BY name
        """
        rows = self._connection.all(sql)
        return tuple(Ending(name, codec.from_column(made), codec.from_column(ends)) for name, made, ends in rows)

    def reached_for(self, since: datetime, limit: int) -> tuple[dict[str, None], datetime | None]:
        """The incidents on which somebody was reached for, or a page failed, since then; None: those are all of them.

        Else the second value is where to go on.
        """
        sql = """
            SELECT incident, at FROM events WHERE kind IN ('step_fired', 'page_failed') AND at >= ?
            ORDER BY at LIMIT ?
        """
        rows = self._connection.all(sql, codec.to_column(since), limit)
        go_on_at = codec.from_column(rows[-1][1]) if len(rows) == limit else None
        return {incident: None for incident, _ in rows}, go_on_at

    def triggered(self, ids: list[str]) -> list[Incident]:
        """Those of the incidents that nobody has acknowledged yet."""
        connection = self._connection
        sql = f"SELECT state FROM incidents WHERE id {connection.ONE_OF} AND status = 'triggered' ORDER BY id"
        return [codec.incident_from(state) for (state,) in connection.all(sql, connection.list_of(ids))]
