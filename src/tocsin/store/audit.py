"""Which rows break an invariant? The auditor's questions; cheap, whatever the number of open incidents.

What only a decoded incident can tell is asked of some of them at a time, by id, so that each has its turn.
"""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from tocsin.domain.apply import fold
from tocsin.domain.incident import Incident, PageStatus
from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.connection import Reads, Row
from tocsin.store.queries import Queries
from tocsin.store.storms import TOLD_LATER
from tocsin.store.vitals import Vitals

_MOST_NAMED = 20
_STORED = "SELECT wake_at, state FROM incidents"


class StoredIncident(Struct, frozen=True):
    """An incident as it lies in the database."""

    incident: Incident
    wake_at: datetime | None


class Audit:
    """The auditor's questions; a breach is named by the row that shows it."""

    def __init__(self, connection: Reads) -> None:
        self._connection = connection
        self.queries = Queries(connection)

    def groups_with_two_open_incidents(self) -> list[tuple[str, str]]:
        """Invariant 3: two open incidents each that share their alerts' group."""
        sql = """
            SELECT min(id), max(id) FROM incidents WHERE is_open = 1 AND group_key IS NOT NULL
            GROUP BY group_key HAVING count(*) > 1 ORDER BY 1 LIMIT ?
        """
        return [(first, second) for first, second in self._connection.all(sql, _MOST_NAMED)]

    def overdue(self, before: datetime) -> list[tuple[str, datetime]]:
        """Invariant 7: incidents that should have been looked at before then, and since when."""
        sql = "SELECT id, wake_at FROM incidents WHERE wake_at < ? ORDER BY wake_at LIMIT ?"
        rows = self._connection.all(sql, codec.to_column(before), _MOST_NAMED)
        return [(id_, codec.from_column(at)) for id_, at in rows]

    def unsettled(self, before: datetime) -> list[str]:
        """Invariant 15: keys of deliveries from before then that still wait for their outcome."""
        sql = """
            SELECT key FROM outbox WHERE status = 'pending' AND provider = ? AND created_at < ?
            ORDER BY created_at LIMIT ?
        """
        providers = [it.provider for it in Vitals(self._connection).waiting() if it.oldest_at < before]
        values = codec.to_column(before), _MOST_NAMED
        return [key for provider in providers for (key,) in self._connection.all(sql, provider, *values)]

    def overdue_mutes(self, before: datetime) -> list[tuple[int, datetime]]:
        """Invariant 7: muted alerts that should have been let out before then, and since when."""
        sql = """
            SELECT muted.alert, silences.ends_at FROM muted JOIN silences ON silences.id = muted.silence
            WHERE silences.ends_at < ? ORDER BY silences.ends_at, muted.alert LIMIT ?
        """
        rows = self._connection.all(sql, codec.to_column(before), _MOST_NAMED)
        return [(alert, codec.from_column(at)) for alert, at in rows]

    def alerts_of_nobody(self) -> list[int]:
        """Invariant 14: alerts that fire and have neither an incident nor a silence that mutes them."""
        sql = """
            SELECT id FROM alerts WHERE incident IS NULL AND status = 'firing'
                AND NOT EXISTS (SELECT 1 FROM muted JOIN silences ON silences.id = silence WHERE alert = alerts.id)
            ORDER BY id LIMIT ?
        """
        return [id_ for (id_,) in self._connection.all(sql, _MOST_NAMED)]

    def triggered_without_a_deadline(self, after: str, limit: int) -> list[str]:
        """Incidents that nobody has acknowledged and nothing will wake, those after that id first come."""
        sql = """
            SELECT id FROM incidents WHERE is_open = 1 AND wake_at IS NULL AND status = 'triggered' AND id > ?
            ORDER BY id LIMIT ?
        """
        return [id_ for (id_,) in self._connection.all(sql, after, limit)]

    def open_incidents(self, after: str, limit: int) -> list[str]:
        """The ids of open incidents after that one, in order."""
        sql = "SELECT id FROM incidents WHERE is_open = 1 AND id > ? ORDER BY id LIMIT ?"
        return [id_ for (id_,) in self._connection.all(sql, after, limit)]

    def stored(self, ids: Collection[str]) -> list[StoredIncident]:
        """Those incidents; what can't be read is left out: another version may have written it, and can."""
        connection = self._connection
        sql = f"{_STORED} WHERE id {connection.ONE_OF} ORDER BY id"
        rows = connection.all(sql, connection.list_of(sorted(ids)))
        return [found for row in rows if (found := _stored(row)) is not None]

    def lost_pages(self, incident: Incident) -> list[str]:
        """Invariant 15: keys of pages that are on their way by the record, while nothing of them is to be sent.

        A page that a later one stands for has come to its end: it is left out, and the record says so in the outbox.
        """
        sql = """
            SELECT DISTINCT page FROM outbox
            WHERE incident = ? AND page IS NOT NULL
                AND (status IN ('pending', 'leased', 'counted') OR (status = 'suppressed' AND note = ?))
        """
        known = {page for (page,) in self._connection.all(sql, incident.id, TOLD_LATER)}
        return [key for key, it in incident.pages.items() if it.status is PageStatus.PENDING and key not in known]

    def differs_from_its_events(self, incident: Incident) -> bool:
        """Invariant 17, as far as people see it; `tocsin verify` compares everything.

        Events that came after `incident` was read don't count. What an older Tocsin did not keep in the state may be
        missing there, which is no breach.
        """
        timeline = self.queries.timeline(incident.id)[: incident.seq]
        if [it.seq for it in timeline] != list(range(1, incident.seq + 1)):
            return True
        return _seen(fold(timeline)) != _seen(incident)


def _seen(it: Incident) -> tuple[object, ...]:
    return it.title, it.status, it.severity, it.epoch, it.acknowledged_by, it.roles, it.teams, it.group_key


def _stored(row: Row) -> StoredIncident | None:
    wake_at, state = row
    try:
        return StoredIncident(codec.incident_from(state), codec.optional_from_column(wake_at))
    except StoreError:
        return None
