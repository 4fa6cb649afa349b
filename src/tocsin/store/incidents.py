"""How are incidents kept? Their events, which never change, and their state, which is written where nobody has yet."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.context import Decision, PastIncident
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.errors import NotFound, Refused
from tocsin.sop.words import Severity
from tocsin.store import codec
from tocsin.store.chain import link
from tocsin.store.connection import Connection, Stale

_LEAST_RANK = 5  # after SEV4: not assessed, and no provisional severity either


def rank_of(incident: Incident) -> int:
    """How grave it is, 1 the gravest: assessed, else as its alerts look."""
    severity = incident.severity or incident.provisional
    return severity.rank if severity else _LEAST_RANK


class Incidents:
    """The incidents and their timelines."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_id(self, now: datetime) -> str:
        """The next `INC-YYYY-NNNN`, counted by UTC year; numbers past 9999 grow longer."""
        sql = """
            INSERT INTO incident_numbers (year, last) VALUES (?, 1)
            ON CONFLICT (year) DO UPDATE SET last = incident_numbers.last + 1 RETURNING last
        """
        return f"INC-{now.year}-{self._connection.all(sql, now.year)[0][0]:04}"

    def get(self, incident_id: str) -> Incident:
        """The incident's state; raises NotFound."""
        rows = self._connection.all("SELECT state FROM incidents WHERE id = ?", incident_id)
        if not rows:
            raise NotFound(f"incident: there is no {incident_id!r}")
        return codec.incident_from(rows[0][0])

    def hold(self, incident_id: str) -> bool:
        """Let no other node decide on the incident until this transaction ends; whether it is open."""
        sql = f"SELECT is_open FROM incidents WHERE id = ?{self._connection.LOCKED}"
        return self._connection.all(sql, incident_id) == [(1,)]

    def open_one_of(self, group_key: str) -> str | None:
        """The open incident of a group of alerts."""
        rows = self._connection.all("SELECT id FROM incidents WHERE group_key = ? AND is_open = 1", group_key)
        return rows[0][0] if rows else None

    def due(self, now: datetime, limit: int, but: Sequence[str] = ()) -> list[str]:
        """The incidents whose wake-up is due, the longest overdue first; none that another node is waking just now."""
        connection = self._connection
        sql = f"""
            SELECT id FROM incidents WHERE wake_at <= ? AND NOT id {connection.ONE_OF}
            ORDER BY wake_at LIMIT ?{connection.UNLOCKED_ONLY}
        """
        return [row[0] for row in connection.all(sql, codec.to_column(now), connection.list_of(but), limit)]

    def recent(self, service: str, since: datetime, but: str) -> tuple[PastIncident, ...]:
        """The assessed incidents of a service since then, without the one named."""
        sql = """
            SELECT severity, opened_at FROM incidents
            WHERE service = ? AND opened_at > ? AND severity IS NOT NULL AND status != 'cancelled' AND id != ?
        """
        rows = self._connection.all(sql, service, codec.to_column(since), but)
        return tuple(PastIncident(Severity(severity), codec.from_column(at)) for severity, at in rows)

    def save(self, decision: Decision) -> None:
        """Write events, state and next wake-up, where the state is still the one that was decided on; else Stale."""
        incident = decision.incident
        before = incident.seq - len(decision.events)
        is_open = not incident.status.is_over
        if incident.group_key is not None and is_open and decision.events:
            self._refuse_a_second(incident, is_new=not before)
        wake_at = codec.optional_to_column(decision.wake_at)
        if before:
            self._change(incident, before, wake_at)
        else:
            self._add(incident, wake_at)
        self._append(decision.events)

    def _refuse_a_second(self, incident: Incident, *, is_new: bool) -> None:
        other = self.open_one_of(incident.group_key or "")
        if other not in (None, incident.id):
            if is_new:
                raise Stale(f"another node has opened {other} for the same alerts meanwhile")
            message = f"{incident.id}: its alerts have opened {other} meanwhile; work on that one"
            raise Refused("superseded", message)

    def _add(self, incident: Incident, wake_at: int | None) -> None:
        sql = """
            INSERT INTO incidents
                (id, seq, is_open, status, severity, severity_rank, service, title, group_key, opened_at, wake_at,
                state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        self._connection.all(
            f"{sql} RETURNING id",
            incident.id,
            incident.seq,
            int(not incident.status.is_over),
            incident.status.value,
            incident.severity,
            rank_of(incident),
            incident.service,
            incident.title,
            incident.group_key,
            codec.to_column(incident.opened_at),
            wake_at,
            codec.to_json(incident),
        )

    def _change(self, incident: Incident, before: int, wake_at: int | None) -> None:
        sql = """
            UPDATE incidents SET
                seq = ?, is_open = ?, status = ?, severity = ?, severity_rank = ?, wake_at = ?, state = ?
            WHERE id = ? AND seq = ? RETURNING id
        """
        changed = self._connection.all(
            sql,
            incident.seq,
            int(not incident.status.is_over),
            incident.status.value,
            incident.severity,
            rank_of(incident),
            wake_at,
            codec.to_json(incident),
            incident.id,
            before,
        )
        if not changed:
            raise Stale(f"{incident.id}: another node has decided on it meanwhile")

    def _append(self, events: Sequence[Recorded]) -> None:
        if not events:
            return
        sql = "INSERT INTO events (incident, seq, at, actor, via, kind, event, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        hash_ = self._hash_before(events[0])
        rows = []
        for it in events:
            event = codec.to_json(it.event)
            hash_ = link(hash_, it, event)
            kind = it.event.__struct_config__.tag
            rows.append((it.incident, it.seq, codec.to_column(it.at), it.actor, it.via, kind, event, hash_))
        self._connection.many(sql, rows)

    def _hash_before(self, first: Recorded) -> str:
        sql = "SELECT hash FROM events WHERE incident = ? AND seq = ?"
        rows = self._connection.all(sql, first.incident, first.seq - 1)
        return (rows[0][0] or "") if rows else ""
