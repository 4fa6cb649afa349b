"""What has been heard already? Vendors tell a thing again when our answer was lost; it is done once all the same.

An id is kept in the transaction that does what it tells, so that both are durable or neither is.
"""

from datetime import datetime, timedelta

from tocsin.store import codec
from tocsin.store.connection import Connection

KEPT_FOR = timedelta(days=7)  # longer than any vendor repeats itself: Slack for hours, PagerDuty for a day


class Heard:
    """The ids of what vendors have told, by who told it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_new(self, source: str, id_: str, now: datetime) -> bool:
        """Whether `source` tells this for the first time; from now on it doesn't. What is old is forgotten."""
        self._connection.many("DELETE FROM heard WHERE at < ?", [(codec.to_column(now - KEPT_FOR),)])
        sql = "INSERT INTO heard (source, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
        return bool(self._connection.all(sql, source, id_, codec.to_column(now)))
