"""What waits in the outbox, and for whom? Read in the transaction that decides what becomes of it."""

from collections.abc import Collection
from datetime import datetime

from tocsin.store import codec
from tocsin.store.connection import Connection
from tocsin.store.leased import COLUMNS, Decoded
from tocsin.store.rows import Delivery

# The two have an index each.
_WAITS = """id IN (
    SELECT id FROM outbox WHERE status = 'pending' UNION ALL SELECT id FROM outbox WHERE status = 'counted'
)"""


class Waiting:
    """The rows of the outbox that have not left."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def since_before(self, provider: str, instant: datetime, but: Collection[int] = ()) -> list[Delivery]:
        """What has waited for the provider since then or longer, the oldest first; `but` are rows that don't count."""
        sql = f"""
            SELECT {COLUMNS} FROM outbox
            WHERE provider = ? AND status = 'pending' AND created_at <= ? AND NOT id {self._connection.ONE_OF}
            ORDER BY id
        """
        values = (provider, codec.to_column(instant), self._connection.list_of(but))
        return list(Decoded.of(self._connection.all(sql, *values)).deliveries)

    def stranded(self, providers: Collection[str]) -> list[Delivery]:
        """What waits for a provider that is not among `providers`, the oldest first."""
        sql = f"""
            SELECT {COLUMNS} FROM outbox
            WHERE {_WAITS} AND NOT provider {self._connection.ONE_OF} ORDER BY +id
        """
        return list(Decoded.of(self._connection.all(sql, self._connection.list_of(sorted(providers)))).deliveries)

    def is_stranded(self, providers: Collection[str]) -> bool:
        """Whether anything waits for a provider that is not among `providers`."""
        sql = f"SELECT 1 FROM outbox WHERE status = 'pending' AND NOT provider {self._connection.ONE_OF} LIMIT 1"
        return bool(self._connection.all(sql, self._connection.list_of(sorted(providers))))

    def pages(self) -> list[Delivery]:
        """The pages and notifications to people that wait, the oldest first."""
        # Not by the index of all pages, of which most have left.
        sql = f"SELECT {COLUMNS} FROM outbox WHERE {_WAITS} AND length(page) > 0 ORDER BY +id"
        return list(Decoded.of(self._connection.all(sql)).deliveries)
