"""Who works on this database? Each node tells of itself every few seconds, by the database's clock."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tocsin.store import codec
from tocsin.store.connection import Connection
from tocsin.store.rows import Member

_LATELY_MICROS = 60 * 1_000_000


def member_of(row: Sequence[Any]) -> Member:
    """The node of a row `id, host, pid, version, url, sop, providers`."""
    id_, host, pid, version, url, sop, providers = row
    return Member(id_, host, pid, version, url, sop, tuple(msgspec.json.decode(providers)))


class Nodes:
    """The table in which nodes tell of themselves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seen(self, member: Member) -> None:
        """The node lives."""
        now = self._connection.NOW
        sql = f"""
            INSERT INTO nodes (id, host, pid, version, url, sop, providers, started_at, seen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, {now}, {now})
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
        """
        it = member
        providers = codec.to_json(it.providers)
        self._connection.many(sql, [(it.id, it.host, it.pid, it.version, it.url, it.sop, providers)])

    def living(self) -> tuple[Member, ...]:
        """The nodes that have been heard of lately."""
        sql = f"""
            SELECT id, host, pid, version, url, sop, providers FROM nodes WHERE seen_at > {self._connection.NOW} - ?
        """
        return tuple(member_of(row) for row in self._connection.all(sql, _LATELY_MICROS))

    def gone(self, node: str) -> None:
        """The node has ended in order."""
        self._connection.many("DELETE FROM nodes WHERE id = ?", [(node,)])

    def forget_all(self) -> None:
        """Nobody works on the database."""
        self._connection.all("DELETE FROM nodes")

    def forget_lost(self) -> None:
        """Nodes that nobody has heard of for a day will not come back."""
        day = 24 * 3600 * 1_000_000
        self._connection.all(f"DELETE FROM nodes WHERE seen_at < {self._connection.NOW} - ?", day)
