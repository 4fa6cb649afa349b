"""How are incidents kept? Their events, which never change, and their state, which is written where nobody has yet."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.domain.context import MOST_COUNTED, Decision, PastIncident
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.errors import NotFound, Refused
from tocsin.sop.words import Severity
from tocsin.store import codec
from tocsin.store.chain import link
from tocsin.store.connection import Connection, Reads, Row, Stale

_LEAST_RANK = 5  # after SEV4: not assessed, and no provisional severity either
NO_END = 2**62  # more events than any incident has
_SKIP = 1_000  # incident numbers, after a restoration
RANKS = range(1, _LEAST_RANK + 1)


def rank_of(incident: Incident) -> int:
    """How grave it is, 1 the gravest: assessed, else as its alerts look."""
    severity = incident.severity or incident.provisional
    return severity.rank if severity else _LEAST_RANK


def columns_of(incident: Incident) -> dict[str, Any]:
    """The state, and what of it has columns of its own, for queries."""
    return {**_queried(incident), "state": codec.to_json(incident)}


def _queried(incident: Incident) -> dict[str, Any]:
    return {
        "seq": incident.seq,
        "is_open": int(not incident.status.is_over),
        "status": incident.status.value,
        "severity": incident.severity,
        "severity_rank": rank_of(incident),
        "service": incident.service,
        "title": incident.title,
        "group_key": incident.group_key,
        "opened_at": codec.to_column(incident.opened_at),
        "held_at": codec.optional_to_column(incident.held_since),
    }


def _changed_columns(before: Incident, decision: Decision) -> dict[str, Any]:
    """What is another than it was: each column that is written costs the index that it stands in."""
    old, new = _queried(before), _queried(decision.incident)
    changed = {name: value for name, value in new.items() if value != old[name]}
    return {
        "wake_at": codec.optional_to_column(decision.wake_at),
        "state": codec.to_json(decision.incident),
        **changed,
    }


def timeline_of(reads: Reads, incident_id: str) -> list[Recorded]:
    """Every event of the incident, in order; empty for an unknown one."""
    sql = "SELECT seq, at, actor, via, event FROM events WHERE incident = ? ORDER BY seq"
    return [recorded_of(incident_id, row) for row in reads.all(sql, incident_id)]


def events_between(
    reads: Reads, incident_id: str, *, kinds: Collection[str], after: int, before: int, limit: int
) -> list[Recorded]:
    """The newest events between two numbers, both left out, the newest first; of these kinds, if any are named."""
    wanted = f"AND kind {reads.ONE_OF}" if kinds else ""
    values = [reads.list_of(kinds)] if kinds else []
    sql = f"""
        SELECT seq, at, actor, via, event FROM events WHERE incident = ? AND seq > ? AND seq < ? {wanted}
        ORDER BY seq DESC LIMIT ?
    """
    return [recorded_of(incident_id, row) for row in reads.all(sql, incident_id, after, before, *values, limit)]


def recorded_of(incident_id: str, row: Iterable[Any]) -> Recorded:
    """The event of a row `seq, at, actor, via, event`."""
    seq, at, actor, via, event = row
    return Recorded(incident_id, seq, codec.from_column(at), actor, via, codec.event_from(event))


class Standing(Struct, frozen=True):
    """How far an open incident has come, and whether it is held after a restoration."""

    seq: int
    is_held: bool


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

    def skip_numbers(self, known: Mapping[int, int], years: Collection[int]) -> None:
        """Begin each year's numbers anew, after the next thousand past those that were, or may have been, given out."""
        rows = self._connection.all("SELECT year, last FROM incident_numbers")
        last = dict.fromkeys(years, 0) | {row[0]: row[1] for row in rows}
        skipped = [(year, (max(number, known.get(year, 0)) // _SKIP + 1) * _SKIP) for year, number in last.items()]
        sql = """
            INSERT INTO incident_numbers (year, last) VALUES (?, ?)
            ON CONFLICT (year) DO UPDATE SET last = excluded.last
        """
        self._connection.many(sql, skipped)

    def get(self, incident_id: str) -> Incident:
        """The incident's state; raises NotFound."""
        rows = self._connection.all("SELECT state FROM incidents WHERE id = ?", incident_id)
        if not rows:
            raise NotFound(f"incident: there is no {incident_id!r}")
        return codec.incident_from(rows[0][0])

    def several(self, ids: Sequence[str]) -> list[Incident]:
        """The states of those incidents that there are."""
        sql = f"SELECT state FROM incidents WHERE id {self._connection.ONE_OF}"
        return [codec.incident_from(state) for (state,) in self._connection.all(sql, self._connection.list_of(ids))]

    def timeline(self, incident_id: str) -> list[Recorded]:
        """Every event of the incident, in order."""
        return timeline_of(self._connection, incident_id)

    def since(self, incident_id: str, seq: int, kinds: Collection[str]) -> list[Recorded]:
        """The events of these kinds after the one with this number, the newest first; at most the newest 100."""
        return events_between(self._connection, incident_id, kinds=kinds, after=seq, before=NO_END, limit=100)

    def derive(self, incident: Incident, wake_at: datetime | None) -> bool:
        """Write what the events give, where something else stands; returns whether it did."""
        columns = {"wake_at": codec.optional_to_column(wake_at), **columns_of(incident)}
        sql = f"SELECT {', '.join(columns)} FROM incidents WHERE id = ?"
        is_another = self._connection.all(sql, incident.id) != [tuple(columns.values())]
        if is_another:
            self._change(tuple(columns), [(*columns.values(), incident.id, incident.seq)])
        return is_another

    def hold(self, incident_id: str) -> None:
        """Let no other node decide on the incident until this transaction ends."""
        self._connection.all(f"SELECT 1 FROM incidents WHERE id = ?{self._connection.LOCKED}", incident_id)

    def keep_open(self, ids: Collection[str]) -> dict[str, Standing]:
        """Let no other node end these incidents until this transaction ends: how each that is open stands."""
        if not ids:
            return {}
        sql = f"""
            SELECT id, seq, held_at FROM incidents WHERE is_open = 1 AND id {self._connection.ONE_OF}
            ORDER BY id{self._connection.SHARED}
        """
        rows = self._connection.all(sql, self._connection.list_of(ids))
        return {id_: Standing(seq, is_held=held_at is not None) for id_, seq, held_at in rows}

    def open_ones_of(self, group_keys: Collection[str]) -> dict[str, str]:
        """The open incidents of groups of alerts, by the group; a group without one is left out."""
        if not group_keys:
            return {}
        sql = f"SELECT group_key, id FROM incidents WHERE is_open = 1 AND group_key {self._connection.ONE_OF}"
        return dict(self._connection.all(sql, self._connection.list_of(group_keys)))

    def due(self, now: datetime, limit: int, but: Sequence[str] = ()) -> list[str]:
        """The incidents whose wake-up is due, the longest overdue first; none that another node is waking just now."""
        connection = self._connection
        sql = f"""
            SELECT id FROM incidents WHERE wake_at <= ? AND NOT id {connection.ONE_OF}
            ORDER BY wake_at LIMIT ?{connection.UNLOCKED_ONLY}
        """
        return [row[0] for row in connection.all(sql, codec.to_column(now), connection.list_of(but), limit)]

    def recent(self, service: str, severity: Severity, since: datetime, but: str) -> tuple[PastIncident, ...]:
        """The newest incidents of a service that were assessed so, since then, without the one named."""
        sql = """
            SELECT opened_at FROM incidents
            WHERE service = ? AND severity = ? AND opened_at > ? AND status != 'cancelled' AND id != ?
            ORDER BY opened_at DESC LIMIT ?
        """
        rows = self._connection.all(sql, service, severity, codec.to_column(since), but, MOST_COUNTED)
        return tuple(PastIncident(severity, codec.from_column(at)) for (at,) in rows)

    def save(self, decisions: Sequence[Decision]) -> None:
        """Write events, states and next wake-ups, where each state is still the one that was decided on; else Stale."""
        hashes = self._hashes_before(decisions)
        added: list[dict[str, Any]] = []
        changed: dict[tuple[str, ...], list[Row]] = {}
        for it in decisions:
            if it.before is None or it.before.status.is_over:
                self._refuse_a_second(it.incident, is_new=it.before is None)
            if it.before is None:
                wake_at = codec.optional_to_column(it.wake_at)
                added.append({"id": it.incident.id, "wake_at": wake_at, **columns_of(it.incident)})
            else:
                columns = _changed_columns(it.before, it)
                row = (*columns.values(), it.incident.id, it.before.seq)
                changed.setdefault(tuple(columns), []).append(row)
        self._add(added)
        for names, rows in changed.items():
            self._change(names, rows)
        self._append(decisions, hashes)

    def _refuse_a_second(self, incident: Incident, *, is_new: bool) -> None:
        """No group of alerts has two open incidents."""
        if incident.group_key is None or incident.status.is_over:
            return
        other = self.open_ones_of([incident.group_key]).get(incident.group_key)
        if other not in (None, incident.id):
            if is_new:
                raise Stale(f"another node has opened {other} for the same alerts meanwhile")
            message = f"{incident.id}: its alerts have opened {other} meanwhile; work on that one"
            raise Refused("superseded", message)

    def _add(self, added: Sequence[dict[str, Any]]) -> None:
        if added:
            names = ", ".join(added[0])
            sql = f"INSERT INTO incidents ({names}) VALUES ({', '.join('?' * len(added[0]))})"
            self._connection.many(sql, [tuple(columns.values()) for columns in added])

    def _change(self, names: Sequence[str], rows: Sequence[Row]) -> None:
        """Each row ends with the incident's id, and the number of the newest event when it was decided on."""
        sql = f"UPDATE incidents SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ? AND seq = ?"
        if self._connection.many(sql, rows) != len(rows):
            which = ", ".join(row[-2] for row in rows)
            raise Stale(f"{which}: another node has decided on it meanwhile")

    def _hashes_before(self, decisions: Sequence[Decision]) -> dict[str, str]:
        """The hash of each incident's newest event; of those of the first version there is none."""
        sql = f"""
            SELECT events.incident, events.hash FROM incidents
            JOIN events ON events.incident = incidents.id AND events.seq = incidents.seq
            WHERE incidents.id {self._connection.ONE_OF}
        """
        ids = [it.incident.id for it in decisions if it.before and it.events]
        rows = self._connection.all(sql, self._connection.list_of(ids)) if ids else []
        return {incident: hash_ or "" for incident, hash_ in rows}

    def _append(self, decisions: Sequence[Decision], hashes: Mapping[str, str]) -> None:
        """Add the events, each chained to the one before; `hashes` are those of the newest ones."""
        sql = "INSERT INTO events (incident, seq, at, actor, via, kind, event, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        rows = []
        for decision in decisions:
            hash_ = hashes.get(decision.incident.id, "")
            for it in decision.events:
                event = codec.to_json(it.event)
                hash_ = link(hash_, it, event)
                kind = it.event.__struct_config__.tag
                rows.append((it.incident, it.seq, codec.to_column(it.at), it.actor, it.via, kind, event, hash_))
        self._connection.many(sql, rows)
