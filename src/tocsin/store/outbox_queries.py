"""What can be read of the outbox? What is to leave and when, what waits, and what was sent to whom."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from tocsin.domain.storm import leaves_at
from tocsin.sop.words import Urgency
from tocsin.store import codec
from tocsin.store.connection import Reads
from tocsin.store.leased import COLUMNS, Decoded
from tocsin.store.outbox import FREE, ONLY
from tocsin.store.rows import Delivery, Only, OutboxRow
from tocsin.store.storms import WHOM, leads_that_ended, queues, sent_to

_TIME_TO_LEAVE = 5_000_000  # microseconds of a lease: nobody takes over what is just leaving


class OutboxQueries:
    """The part of the reading side that is about what is sent."""

    def __init__(self, connection: Reads) -> None:
        self._connection = connection

    def rows(self, *, incident: str | None = None, limit: int = 500) -> list[OutboxRow]:
        """What was or is to be sent, the newest first."""
        where, values = ("WHERE incident = ?", (incident,)) if incident else ("", ())
        return self._rows(f"SELECT id FROM outbox {where} ORDER BY id DESC LIMIT ?", *values, limit)

    def pages(self, limit: int = 200, person: str | None = None) -> list[OutboxRow]:
        """The pages and notifications to people, or to one, the newest first."""
        if person is None:
            return self._rows("SELECT id FROM outbox WHERE page IS NOT NULL ORDER BY id DESC LIMIT ?", limit)
        theirs = f"SELECT id FROM outbox WHERE page IS NOT NULL AND {WHOM} >= ? AND {WHOM} < ?"
        which = f"SELECT id FROM ({theirs} UNION ALL {theirs}) AS theirs ORDER BY id DESC LIMIT ?"
        whom = (*sent_to(Urgency.PAGE, person), *sent_to(Urgency.NOTIFY, person))
        return self._rows(which, *whom, limit)

    def unanswered_pages(self, person: str, limit: int = 50) -> list[OutboxRow]:
        """The pages to a person of incidents that nobody has acknowledged, the newest first; not the notifications."""
        # By the incidents, which are few: the person's pages are years of them.
        which = f"""
            SELECT outbox.id FROM incidents CROSS JOIN outbox
            WHERE incidents.is_open = 1 AND incidents.status = 'triggered' AND outbox.incident = incidents.id
                AND outbox.page IS NOT NULL AND {WHOM} >= ? AND {WHOM} < ?
            ORDER BY outbox.id DESC LIMIT ?
        """
        return self._rows(which, *sent_to(Urgency.PAGE, person), limit)

    def next_delivery_at(self, provider: str, but: Collection[int] = (), only: Only = Only.ANYTHING) -> datetime | None:
        """When the earliest delivery of a provider may leave; what waits for another, or for its turn, is passed over.

        `but` are the rows that don't count.
        """
        sql = f"""
            SELECT due_at FROM outbox
            WHERE provider = ? AND status = 'pending' AND recipient IS NULL AND {FREE}
                AND NOT outbox.id {self._connection.ONE_OF} {ONLY[only]}
            ORDER BY due_at LIMIT 1
        """
        rows = self._connection.all(sql, provider, self._connection.list_of(but))
        others = [codec.from_column(due_at) for (due_at,) in rows]
        pages = [leaves_at(queue) for queue in queues(self._connection, provider, but, only)]
        return min((at for at in (*others, *pages) if at is not None), default=None)

    def leads_that_ended(self, provider: str) -> list[int]:
        """The pages that have ended while something is still counted in them: a server died in between."""
        return leads_that_ended(self._connection, provider)

    def may_leave(self, delivery: Delivery, node: str) -> bool:
        """Whether the delivery is still this node's to send, for long enough to send it, and still needed."""
        sql = f"""
            SELECT 1 FROM outbox
            WHERE id = ? AND attempts = ? AND claimed_by = ? AND status = 'leased' AND stopped_at IS NULL
                AND leased_until > {self._connection.NOW} + ?
        """
        return bool(self._connection.all(sql, delivery.id, delivery.attempts, node, _TIME_TO_LEAVE))

    def waiting_pages(self, provider: str, but: Collection[int] = ()) -> Decoded:
        """The pages that wait for a provider, the gravest first; `but` are rows that don't count."""
        sql = f"""
            SELECT {COLUMNS} FROM outbox
            WHERE id IN (
                SELECT id FROM outbox WHERE provider = ? AND status = 'pending' AND page IS NOT NULL
                UNION ALL SELECT id FROM outbox WHERE provider = ? AND status = 'counted' AND page IS NOT NULL
            ) AND NOT id {self._connection.ONE_OF}
            ORDER BY rank, id LIMIT 200
        """
        return Decoded.of(self._connection.all(sql, provider, provider, self._connection.list_of(but)))

    def counted_in(self, lead: int) -> Decoded:
        """The pages that are counted in another, the gravest first."""
        sql = f"SELECT {COLUMNS} FROM outbox WHERE counted_in = ? AND status = 'counted' ORDER BY rank, id"
        return Decoded.of(self._connection.all(sql, lead))

    def _rows(self, ids: str, *values: Any) -> list[OutboxRow]:
        sql = f"""
            SELECT id, key, incident, provider, effect, status, attempts, created_at, settled_at, note FROM outbox
            WHERE id IN ({ids}) ORDER BY id DESC
        """
        return [_row_of(row) for row in self._connection.all(sql, *values)]


def _row_of(row: Iterable[Any]) -> OutboxRow:
    id_, key, incident, provider, effect, status, attempts, created_at, settled_at, note = row
    return OutboxRow(
        id=id_,
        key=key,
        incident=incident,
        provider=provider,
        effect=codec.known_effect(effect),
        status=status,
        attempts=attempts,
        created_at=codec.from_column(created_at),
        settled_at=codec.optional_from_column(settled_at),
        note=note,
    )
