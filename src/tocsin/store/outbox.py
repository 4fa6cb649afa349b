"""What is to be sent? A row is leased, sent, settled; never marked as sent before it is.

A lease ends by itself, so that a dead node's deliveries go on elsewhere; the count of attempts is its fence: an outcome
is written only where nobody has begun a later attempt (invariant 9).
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from tocsin.domain.context import Decision
from tocsin.domain.effects import AnyEffect, PageEffect, SendPage
from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.connection import Connection, Row
from tocsin.store.incidents import rank_of
from tocsin.store.rows import Delivery

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
_LEASE_MICROS = LEASE // timedelta(microseconds=1)


class Leased(Struct, frozen=True):
    """What a node has leased, and the ids of the rows that it can't read: a newer Tocsin may have written them."""

    deliveries: tuple[Delivery, ...]
    unreadable: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """Read the rows, in their order."""
        deliveries: list[Delivery] = []
        unreadable: list[int] = []
        for row in rows:
            try:
                deliveries.append(_delivery(row))
            except StoreError as error:
                logger.critical("%s: this node can't deliver it: %s", row[1], error)
                unreadable.append(row[0])
        return cls(tuple(deliveries), tuple(unreadable))


class Outbox:
    """The rows of the outbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def withdraw(self, pages: Sequence[str], now: datetime) -> None:
        """Pages that nobody needs any more don't leave; what is leaving this moment is marked as such."""
        at = codec.to_column(now)
        self._connection.many(
            """
            UPDATE outbox SET status = 'suppressed', settled_at = ?, note = 'no longer needed'
            WHERE page = ? AND status = 'pending'
            """,
            [(at, page) for page in pages],
        )
        self._connection.many(
            "UPDATE outbox SET stopped_at = ? WHERE page = ? AND status = 'leased' AND stopped_at IS NULL",
            [(at, page) for page in pages],
        )

    def enqueue(self, decision: Decision) -> None:
        """Write down what a decision sends; the keys follow from its last event."""
        sql = """
            INSERT INTO outbox (key, incident, provider, lane, page, rank, effect, status, due_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)
        """
        last = decision.events[-1]
        at = codec.to_column(last.at)
        rank = rank_of(decision.incident)
        rows = [
            (
                f"{last.incident}-{last.seq}-{number}",
                last.incident,
                effect.provider,
                effect.lane,
                _page_of(effect),
                rank,
                codec.to_json(effect),
                at,
                at,
            )
            for number, effect in enumerate(decision.effects)
        ]
        self._connection.many(sql, rows)

    # --- leases ------------------------------------------------------------------------------------------------------

    def lease(self, provider: str, node: str, now: datetime, limit: int, but: Collection[int] = ()) -> Leased:
        """Lease what is due, the gravest severity first, at most one row a lane: the earliest that is not finished.

        The lease is the node's until LEASE from now by the database's clock. `but` are rows that are left alone.
        """
        connection = self._connection
        pick = f"""
            SELECT id FROM outbox_next WHERE provider = ? AND due_at <= ? AND NOT id {connection.ONE_OF}
            ORDER BY rank, id LIMIT ?{connection.UNLOCKED_ONLY}
        """
        due_at = codec.to_column(now)
        picked = [id_ for (id_,) in connection.all(pick, provider, due_at, connection.list_of(but), limit)]
        if not picked:
            return Leased((), ())
        sql = f"""
            UPDATE outbox SET
                status = 'leased', attempts = attempts + 1, claimed_by = ?, leased_until = {connection.NOW} + ?
            WHERE id {connection.ONE_OF} AND status = 'pending'
            RETURNING rank, id, key, incident, effect, attempts, created_at
        """
        rows = sorted(connection.all(sql, node, _LEASE_MICROS, connection.list_of(picked)))
        return Leased.of([tuple(row) for _, *row in rows])

    def give_back(self, ids: Collection[int]) -> None:
        """End leases without an outcome: another node may be able to do what this one can't."""
        sql = f"UPDATE outbox SET status = 'pending' WHERE status = 'leased' AND id {self._connection.ONE_OF}"
        self._connection.all(sql, self._connection.list_of(ids))

    def renew(self, node: str, ids: Collection[int]) -> None:
        """The node is alive: what it is delivering stays its own."""
        connection = self._connection
        sql = f"""
            UPDATE outbox SET leased_until = {connection.NOW} + ?
            WHERE id {connection.ONE_OF} AND status = 'leased' AND claimed_by = ?
        """
        connection.all(sql, _LEASE_MICROS, connection.list_of(ids), node)

    def release_expired(self) -> list[str]:
        """Give back what a node that died or stands still was delivering; returns the keys."""
        sql = f"""
            UPDATE outbox SET status = 'pending'
            WHERE status = 'leased' AND (leased_until IS NULL OR leased_until <= {self._connection.NOW}) RETURNING key
        """
        return [key for (key,) in self._connection.all(sql)]

    def release_all(self) -> None:
        """Give back every lease: whoever had one is known to be dead. It is sent again, under its old key."""
        self._connection.all("UPDATE outbox SET status = 'pending' WHERE status = 'leased'")

    # --- outcomes ----------------------------------------------------------------------------------------------------

    def was_never_sent(self, delivery: Delivery) -> bool:
        """Whether what a follow-up follows was withdrawn before its first attempt: then there is nothing to follow."""
        effect = delivery.effect
        if not isinstance(effect, PageEffect) or isinstance(effect, SendPage):
            return False
        sql = "SELECT max(attempts) FROM outbox WHERE lane = ? AND page IS NOT NULL AND id < ?"
        return not self._connection.all(sql, effect.lane, delivery.id)[0][0]

    def settle(self, delivery: Delivery, status: str, now: datetime, note: str) -> bool:
        """End a delivery: `done`, `failed` or `suppressed`; False where a later attempt has begun meanwhile."""
        sql = """
            UPDATE outbox SET status = ?, settled_at = ?, note = ?
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased') RETURNING id
        """
        at = codec.to_column(now)
        return bool(self._connection.all(sql, status, at, note, delivery.id, delivery.attempts))

    def postpone(self, delivery: Delivery, due_at: datetime, note: str) -> bool:
        """Give a delivery back, to be tried again at `due_at`; False where a later attempt has begun meanwhile."""
        sql = """
            UPDATE outbox SET status = 'pending', due_at = ?, note = ?
            WHERE id = ? AND attempts = ? AND status IN ('pending', 'leased') RETURNING id
        """
        return bool(self._connection.all(sql, codec.to_column(due_at), note, delivery.id, delivery.attempts))

    def is_stopped(self, delivery: Delivery) -> bool:
        """Whether it has become needless while it was being sent."""
        rows = self._connection.all("SELECT 1 FROM outbox WHERE id = ? AND stopped_at IS NOT NULL", delivery.id)
        return bool(rows)

    def stranded(self, providers: Collection[str]) -> list[Delivery]:
        """What waits for a provider that is not among `providers`, the oldest first."""
        sql = f"""
            SELECT id, key, incident, effect, attempts, created_at FROM outbox
            WHERE status = 'pending' AND NOT provider {self._connection.ONE_OF} ORDER BY id
        """
        return [_delivery(row) for row in self._connection.all(sql, self._connection.list_of(sorted(providers)))]


def _delivery(row: Row) -> Delivery:
    id_, key, incident, effect, attempts, created_at = row
    return Delivery(id_, key, incident, codec.effect_from(effect), attempts, codec.from_column(created_at))


def _page_of(effect: AnyEffect) -> str | None:
    return effect.key if isinstance(effect, SendPage) else None
