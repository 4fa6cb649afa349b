"""What can be read? Committed state, on a connection that only reads."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.events import ChannelOpened, Recorded
from tocsin.domain.incident import Incident
from tocsin.errors import NotFound
from tocsin.store import codec
from tocsin.store.account_queries import AccountQueries
from tocsin.store.audit_queries import AuditQueries
from tocsin.store.connection import Reads
from tocsin.store.desk_queries import DeskQueries
from tocsin.store.incidents import NO_END, events_between, timeline_of
from tocsin.store.monitors import monitors_in
from tocsin.store.nodes import member_of
from tocsin.store.outbox_queries import OutboxQueries
from tocsin.store.passkeys import PasskeyQueries
from tocsin.store.quarantine import no_such
from tocsin.store.rows import Monitor, Quarantined, SeenMember, StoredAlert

_ALERT = (
    "a.id, a.fingerprint, a.incident, a.status, a.starts_at, a.ends_at, a.first_seen_at, a.last_seen_at, a.received, "
    "a.labels, a.annotations, a.generator_url, coalesce(s.times, 0), coalesce(s.last_at, 0)"
)
_SIGHTED = "LEFT JOIN alert_sightings AS s ON s.alert = a.id"
_QUARANTINED = "id, source, error, times, length(body), received_at, last_at"
_GRAVEST_FIRST = "severity_rank, opened_at, id"


class Queries:
    """The reading side of the store."""

    def __init__(self, connection: Reads) -> None:
        self._connection = connection
        self.desk = DeskQueries(connection)
        self.accounts = AccountQueries(connection)
        self.passkeys = PasskeyQueries(connection)
        self.audit = AuditQueries(connection)
        self.outbox = OutboxQueries(connection)

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.all(sql, *values)

    def incident(self, incident_id: str) -> Incident:
        """The incident's state; raises NotFound."""
        rows = self._all("SELECT state FROM incidents WHERE id = ?", incident_id)
        if not rows:
            raise NotFound(f"incident: there is no {incident_id!r}")
        return codec.incident_from(rows[0][0])

    def incident_in_channel(self, channel: str) -> Incident | None:
        """The incident whose chat channel has that id; the newest where a channel was given to another one."""
        # The event as it is stored, up to the channel's name: both databases find it in an index of such events.
        start = codec.to_json(ChannelOpened(channel=channel, name="")).removesuffix('"}')
        sql = """
            SELECT incident FROM events WHERE kind = 'channel_opened' AND event >= ? AND event < ?
            LIMIT 100
        """
        rows = self._all(sql, start, f"{start[:-1]}#")  # " and the character after it
        return self.incident(max(id_ for (id_,) in rows)) if rows else None

    def incidents(self, *, is_open: bool | None, limit: int, offset: int = 0) -> list[Incident]:
        """Incidents: open ones the gravest and then oldest first, others the newest first; None is all of them."""
        if is_open:
            where, order = "WHERE is_open = 1", _GRAVEST_FIRST
        else:
            where, order = "" if is_open is None else "WHERE is_open = 0", "opened_at DESC, id DESC"
        return self._states(where, order, limit, offset)

    def held(self, limit: int, offset: int = 0) -> list[Incident]:
        """Incidents that are held after a restoration, the gravest and then oldest first."""
        return self._states("WHERE held_at IS NOT NULL", _GRAVEST_FIRST, limit, offset)

    def _states(self, where: str, order: str, limit: int, offset: int) -> list[Incident]:
        """A part of a list: what comes before it is passed over in an index, not row by row."""
        part = f"SELECT id FROM incidents {where} ORDER BY {order} LIMIT ? OFFSET ?"
        sql = f"SELECT state FROM incidents WHERE id IN ({part}) ORDER BY {order}"
        return [codec.incident_from(state) for (state,) in self._all(sql, limit, offset)]

    def held_count(self) -> int:
        """How many incidents are held."""
        return int(self._all("SELECT count(*) FROM incidents WHERE held_at IS NOT NULL")[0][0])

    def incident_ids(self) -> list[str]:
        """The ids of all incidents, in order."""
        return [id_ for (id_,) in self._all("SELECT id FROM incidents ORDER BY id")]

    def timeline(self, incident_id: str) -> list[Recorded]:
        """Every event of the incident, in order; empty for an unknown one."""
        return timeline_of(self._connection, incident_id)

    def newest_events(self, incidents: Collection[str]) -> dict[str, int]:
        """The number of the newest event of each of these incidents; unknown ones are left out."""
        sql = f"SELECT id, seq FROM incidents WHERE id {self._connection.ONE_OF}"
        return dict(self._all(sql, self._connection.list_of(incidents)))

    def recent_events(
        self, incident_id: str, *, kinds: Collection[str] = (), after: int = 0, before: int | None = None, limit: int
    ) -> list[Recorded]:
        """The newest events between two numbers, both left out, the newest first; of these kinds, if any are named."""
        end = NO_END if before is None else before
        return events_between(self._connection, incident_id, kinds=kinds, after=after, before=end, limit=limit)

    def open_counts(self) -> dict[int, int]:
        """How many incidents are open, by rank: 1 to 4 as severities, provisional ones too; 5 for the others."""
        sql = "SELECT severity_rank, count(*) FROM incidents WHERE is_open = 1 GROUP BY severity_rank"
        return {int(rank): int(count) for rank, count in self._all(sql)}

    def opened_since(self, at: datetime, limit: int) -> list[Incident]:
        """The incidents opened since then, the newest first."""
        sql = "SELECT state FROM incidents WHERE opened_at >= ? ORDER BY opened_at DESC, id DESC LIMIT ?"
        return [codec.incident_from(state) for (state,) in self._all(sql, codec.to_column(at), limit)]

    def alerts(self, *, incident: str | None = None, limit: int = 1000) -> list[StoredAlert]:
        """The alerts of an incident, or of all, the newest first."""
        where, values = ("WHERE incident = ?", (incident,)) if incident else ("", ())
        # In a storm an incident has a hundred thousand: their numbers are sorted, not their labels.
        sql = f"""
            SELECT {_ALERT} FROM alerts AS a {_SIGHTED}
            WHERE a.id IN (SELECT id FROM alerts {where} ORDER BY id DESC LIMIT ?) ORDER BY a.id DESC
        """
        return [_stored_alert(row) for row in self._all(sql, *values, limit)]

    def open_incident_of(self, fingerprint: str) -> str | None:
        """The open incident that the alert belongs to."""
        sql = """
            SELECT i.id FROM alerts AS a JOIN incidents AS i ON i.id = a.incident
            WHERE a.fingerprint = ? AND i.is_open = 1 ORDER BY a.id DESC LIMIT 1
        """
        rows = self._all(sql, fingerprint)
        return rows[0][0] if rows else None

    def alert_counts(self, incident: str) -> tuple[int, int]:
        """How many alerts the incident has, and how many of them fire."""
        sql = "SELECT count(*), count(*) FILTER (WHERE status = 'firing') FROM alerts WHERE incident = ?"
        total, firing = self._all(sql, incident)[0]
        return int(total), int(firing)

    def next_wake_at(self, but: Collection[str] = ()) -> datetime | None:
        """When the earliest incident must be looked at; `but` are the incidents that don't count."""
        sql = f"""
            SELECT wake_at FROM incidents WHERE wake_at IS NOT NULL AND NOT id {self._connection.ONE_OF}
            ORDER BY wake_at LIMIT 1
        """
        rows = self._all(sql, self._connection.list_of(but))
        return codec.from_column(rows[0][0]) if rows else None

    def recorded_until(self) -> datetime | None:
        """When the newest event or outcome was written; engine time never falls behind it."""
        newest_outcome = "SELECT max(settled_at) FROM outbox WHERE settled_at IS NOT NULL"  # as its index says it
        (newest,) = self._all(f"SELECT (SELECT max(at) FROM events), ({newest_outcome})")
        return codec.optional_from_column(max((at for at in newest if at is not None), default=None))

    def nodes(self) -> list[SeenMember]:
        """The nodes that have told of themselves, the oldest first."""
        now = self._connection.NOW
        sql = f"""
            SELECT id, host, pid, version, url, sop, providers, started_at, seen_at, {now} - seen_at FROM nodes
            ORDER BY started_at, id
        """
        return [
            SeenMember(member_of(told), codec.from_column(started_at), codec.from_column(seen_at), silent / 1_000_000)
            for *told, started_at, seen_at, silent in self._all(sql)
        ]

    def quarantined(self, *, limit: int) -> list[Quarantined]:
        """What is kept in quarantine, the last heard of first."""
        sql = f"SELECT {_QUARANTINED} FROM quarantine ORDER BY last_at DESC, id DESC LIMIT ?"
        return [_quarantined(row) for row in self._all(sql, limit)]

    def quarantined_one(self, id_: int) -> tuple[Quarantined, bytes]:
        """One of them, and its body; raises NotFound."""
        rows = self._all(f"SELECT {_QUARANTINED}, body FROM quarantine WHERE id = ?", id_)
        if not rows:
            raise no_such(id_)
        return _quarantined(rows[0][:-1]), bytes(rows[0][-1])

    def monitors(self) -> list[Monitor]:
        """The jobs that must call, by name."""
        return monitors_in(self._connection)

    def firing_alerts(self, limit: int) -> list[tuple[StoredAlert, str | None]]:
        """What fires and matters: the alerts of open incidents, the gravest first, then those that are muted.

        Each with the id of the silence that mutes it, or None. Alerts that still fire on an incident which somebody
        has ended are left out.
        """
        of_incidents = f"""
            SELECT {_ALERT}, NULL FROM incidents AS i JOIN alerts AS a ON a.incident = i.id AND a.status = 'firing'
            {_SIGHTED} WHERE i.is_open = 1 ORDER BY i.severity_rank, i.opened_at, a.id LIMIT ?
        """
        muted = f"""
            SELECT {_ALERT}, m.silence FROM muted AS m JOIN alerts AS a ON a.id = m.alert AND a.status = 'firing'
            {_SIGHTED} ORDER BY a.id LIMIT ?
        """
        rows = [*self._all(of_incidents, limit), *self._all(muted, limit)][:limit]
        return [(_stored_alert(row[:-1]), row[-1]) for row in rows]

    def sop_content(self, version: str) -> str | None:
        """The stored SOP of a version."""
        rows = self._all("SELECT content FROM sop_versions WHERE version = ?", version)
        return rows[0][0] if rows else None

    def meta(self, name: str) -> str | None:
        """A fact about the installation."""
        rows = self._all("SELECT value FROM meta WHERE name = ?", name)
        return rows[0][0] if rows else None


def _stored_alert(row: Iterable[Any]) -> StoredAlert:
    id_, fingerprint, incident, status, starts, ends, first, last, received, labels, annotations, url, *again = row
    repeated, repeated_at = again
    return StoredAlert(
        id=id_,
        fingerprint=fingerprint,
        incident=incident,
        status=status,
        starts_at=codec.from_column(starts),
        ends_at=codec.optional_from_column(ends),
        first_seen_at=codec.from_column(first),
        last_seen_at=codec.from_column(max(last, repeated_at)),
        received=received + repeated,
        labels=msgspec.json.decode(labels),
        annotations=msgspec.json.decode(annotations),
        generator_url=url,
    )


def _quarantined(row: Iterable[Any]) -> Quarantined:
    id_, source, error, times, size, received, last = row
    return Quarantined(id_, source, error, times, size, codec.from_column(received), codec.from_column(last))
