"""Who works on this database? Each node tells of itself every few seconds, by the database's clock."""

from tocsin.store.connection import Connection
from tocsin.store.rows import Member


class Nodes:
    """The table in which nodes tell of themselves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seen(self, member: Member) -> None:
        """The node lives."""
        now = self._connection.NOW
        sql = f"""
            INSERT INTO nodes (id, host, pid, version, url, started_at, seen_at) VALUES (?, ?, ?, ?, ?, {now}, {now})
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
        """
        self._connection.many(sql, [(member.id, member.host, member.pid, member.version, member.url)])

    def gone(self, node: str) -> None:
        """The node has ended in order."""
        self._connection.many("DELETE FROM nodes WHERE id = ?", [(node,)])

    def forget_lost(self) -> None:
        """Nodes that nobody has heard of for a day will not come back."""
        day = 24 * 3600 * 1_000_000
        self._connection.all(f"DELETE FROM nodes WHERE seen_at < {self._connection.NOW} - ?", day)
