"""Which incident of PagerDuty is which page of ours? It says so when it tells of the incident, and not in its notes."""

from datetime import datetime, timedelta

from tocsin.store import codec
from tocsin.store.connection import Connection, Reads

KEPT_FOR = timedelta(days=90)  # since it was last heard of


class Counterparts:
    """The pages, by PagerDuty's id of their incident; several where PagerDuty has grouped them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, id_: str, page: str, now: datetime) -> None:
        """PagerDuty has told of them together. What was not heard of for long is forgotten."""
        at = codec.to_column(now)
        self._connection.many("DELETE FROM pagerduty_incidents WHERE at < ?", [(codec.to_column(now - KEPT_FOR),)])
        sql = """
            INSERT INTO pagerduty_incidents (id, page, at) VALUES (?, ?, ?)
            ON CONFLICT (id, page) DO UPDATE SET at = excluded.at
        """
        self._connection.many(sql, [(id_, page, at)])

    def pages_of(self, id_: str) -> list[str]:
        """The keys of the pages of PagerDuty's incident, in order; none where it isn't known."""
        return counterparts_in(self._connection, id_)


def counterparts_in(reads: Reads, id_: str) -> list[str]:
    """The same for everybody else."""
    return [page for (page,) in reads.all("SELECT page FROM pagerduty_incidents WHERE id = ? ORDER BY page", id_)]
