"""What can be written? The statements of one transaction; the engine's writer begins and commits it.

Everything here runs on the writer's connection, in its thread. A decision is one call: events, state, next wake-up
and outbox rows stand or fall together.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import apsw

from tocsin.domain.alert import Alert
from tocsin.domain.context import Decision, PastIncident
from tocsin.domain.effects import AnyEffect, PageEffect, SendPage
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.errors import NotFound, Refused, StoreError
from tocsin.sop.words import Severity
from tocsin.store import codec
from tocsin.store.connection import as_store_error
from tocsin.store.rows import Delivery, KnownAlert

logger = logging.getLogger(__name__)

_UNREADABLE_FOR = timedelta(minutes=5)
_LEAST_RANK = 5  # after SEV4: not assessed, and no provisional severity either


class Transaction:
    """The writing side of the store, between BEGIN and COMMIT."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(sql, values))

    # --- the transaction itself --------------------------------------------------------------------------------------

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that can fail alone: undone when the block raises, and the rest goes on."""
        self.refuse_if_undone()
        with as_store_error(self._connection.filename):
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO part; RELEASE part")
                raise
            self._connection.execute("RELEASE part")

    def refuse_if_undone(self) -> None:
        """A full disk can undo the transaction, not the statement alone: what followed would be committed by itself."""
        if not self._connection.in_transaction:
            message = "the disk is full or fails, and the transaction was undone"
            raise StoreError(f"database {self._connection.filename}: {message}")

    # --- incidents ---------------------------------------------------------------------------------------------------

    def next_incident_id(self, now: datetime) -> str:
        """The next `INC-YYYY-NNNN`, counted by UTC year; numbers past 9999 grow longer."""
        sql = """
            INSERT INTO incident_numbers (year, last) VALUES (?, 1)
            ON CONFLICT (year) DO UPDATE SET last = last + 1 RETURNING last
        """
        return f"INC-{now.year}-{self._all(sql, now.year)[0][0]:04}"

    def incident(self, incident_id: str) -> Incident:
        """The incident's state; raises NotFound."""
        rows = self._all("SELECT state FROM incidents WHERE id = ?", incident_id)
        if not rows:
            raise NotFound(f"incident: there is no {incident_id!r}")
        return codec.incident_from(rows[0][0])

    def open_incident_of(self, group_key: str) -> str | None:
        """The open incident of a group of alerts."""
        rows = self._all("SELECT id FROM incidents WHERE group_key = ? AND is_open = 1", group_key)
        return rows[0][0] if rows else None

    def due_incidents(self, now: datetime, limit: int) -> list[str]:
        """The incidents whose wake-up is due, the longest overdue first."""
        sql = "SELECT id FROM incidents WHERE wake_at <= ? ORDER BY wake_at LIMIT ?"
        return [row[0] for row in self._all(sql, codec.to_column(now), limit)]

    def postpone_wake(self, incident_id: str, wake_at: datetime) -> None:
        """Look at an incident later: its deadlines could not be carried out now."""
        self._all("UPDATE incidents SET wake_at = ? WHERE id = ?", codec.to_column(wake_at), incident_id)

    def recent_incidents(self, service: str, since: datetime, but: str) -> tuple[PastIncident, ...]:
        """The assessed incidents of a service since then, without the one named."""
        sql = """
            SELECT severity, opened_at FROM incidents
            WHERE service = ? AND opened_at > ? AND severity IS NOT NULL AND status != 'cancelled' AND id != ?
        """
        rows = self._all(sql, service, codec.to_column(since), but)
        return tuple(PastIncident(Severity(severity), codec.from_column(at)) for severity, at in rows)

    def save(self, decision: Decision) -> None:
        """Write a decision; raises Refused when the alerts of a reopened incident have another open one."""
        self._save_state(decision.incident, decision.wake_at)
        if decision.events:
            self._append(decision.events)
            self._withdraw(decision.withdrawn, decision.events[-1].at)
            self._enqueue(decision)

    def _save_state(self, incident: Incident, wake_at: datetime | None) -> None:
        sql = """
            INSERT INTO incidents
                (id, seq, is_open, status, severity, severity_rank, service, title, group_key, opened_at, wake_at,
                state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                seq = excluded.seq, is_open = excluded.is_open, status = excluded.status,
                severity = excluded.severity, severity_rank = excluded.severity_rank,
                wake_at = excluded.wake_at, state = excluded.state
        """
        values = (
            incident.id,
            incident.seq,
            not incident.status.is_over,
            incident.status.value,
            incident.severity,
            _rank(incident),
            incident.service,
            incident.title,
            incident.group_key,
            codec.to_column(incident.opened_at),
            codec.optional_to_column(wake_at),
            codec.to_json(incident),
        )
        try:
            self._all(sql, *values)
        except apsw.ConstraintError as error:
            other = self.open_incident_of(incident.group_key or "")
            message = f"{incident.id}: its alerts have opened {other} meanwhile; work on that one"
            raise Refused("superseded", message) from error

    def _append(self, events: Iterable[Recorded]) -> None:
        sql = "INSERT INTO events (incident, seq, at, actor, via, kind, event) VALUES (?, ?, ?, ?, ?, ?, ?)"
        rows = [
            (
                it.incident,
                it.seq,
                codec.to_column(it.at),
                it.actor,
                it.via,
                it.event.__struct_config__.tag,
                codec.to_json(it.event),
            )
            for it in events
        ]
        self._connection.executemany(sql, rows)

    # --- outbox ------------------------------------------------------------------------------------------------------

    def _withdraw(self, pages: Sequence[str], now: datetime) -> None:
        """Pages that nobody needs any more don't leave; one that is leaving this moment can't be called back."""
        sql = """
            UPDATE outbox SET status = 'suppressed', settled_at = ?, note = 'no longer needed'
            WHERE page = ? AND status = 'pending'
        """
        self._connection.executemany(sql, [(codec.to_column(now), page) for page in pages])

    def _enqueue(self, decision: Decision) -> None:
        sql = """
            INSERT INTO outbox (key, incident, provider, lane, page, rank, effect, status, due_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)
        """
        last = decision.events[-1]
        at = codec.to_column(last.at)
        rank = _rank(decision.incident)
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
        self._connection.executemany(sql, rows)

    def lease(self, provider: str, now: datetime, limit: int) -> list[Delivery]:
        """Lease what is due, the gravest severity first, at most one row a lane: the earliest that is not finished."""
        sql = """
            UPDATE outbox SET status = 'leased', attempts = attempts + 1
            WHERE id IN (
                SELECT id FROM outbox_next WHERE provider = ? AND due_at <= ? ORDER BY rank, id LIMIT ?
            )
            RETURNING rank, id, key, incident, effect, attempts, created_at
        """
        rows = sorted(self._all(sql, provider, codec.to_column(now), limit))
        return [delivery for _, *row in rows if (delivery := self._delivery(row, now))]

    def _delivery(self, row: Sequence[Any], now: datetime) -> Delivery | None:
        """The delivery; None for one that can't be read: it is put off, so that it never keeps the others back."""
        id_, key, incident, effect, attempts, created_at = row
        try:
            return Delivery(id_, key, incident, codec.effect_from(effect), attempts, codec.from_column(created_at))
        except StoreError as error:
            logger.critical("%s: put off for %s: %s", key, _UNREADABLE_FOR, error)
            self.postpone(id_, now + _UNREADABLE_FOR, str(error))
            return None

    def was_never_sent(self, delivery: Delivery) -> bool:
        """Whether what a follow-up follows was withdrawn before its first attempt: then there is nothing to follow."""
        effect = delivery.effect
        if not isinstance(effect, PageEffect) or isinstance(effect, SendPage):
            return False
        sql = "SELECT max(attempts) FROM outbox WHERE lane = ? AND page IS NOT NULL AND id < ?"
        return not self._all(sql, effect.lane, delivery.id)[0][0]

    def settle(self, delivery_id: int, status: str, now: datetime, note: str) -> None:
        """End a delivery: `done`, `failed` or `suppressed`."""
        sql = "UPDATE outbox SET status = ?, settled_at = ?, note = ? WHERE id = ?"
        self._all(sql, status, codec.to_column(now), note, delivery_id)

    def postpone(self, delivery_id: int, due_at: datetime, note: str) -> None:
        """Give a leased delivery back, to be tried again at `due_at`."""
        sql = "UPDATE outbox SET status = 'pending', due_at = ?, note = ? WHERE id = ?"
        self._all(sql, codec.to_column(due_at), note, delivery_id)

    def stranded(self, providers: Iterable[str]) -> list[Delivery]:
        """What waits for a provider that is not among `providers`, the oldest first."""
        sql = """
            SELECT id, key, incident, effect, attempts, created_at FROM outbox
            WHERE status = 'pending' AND provider NOT IN (SELECT value FROM json_each(?)) ORDER BY id
        """
        return [
            Delivery(id_, key, incident, codec.effect_from(effect), attempts, codec.from_column(created_at))
            for id_, key, incident, effect, attempts, created_at in self._all(sql, codec.to_json(sorted(providers)))
        ]

    def release_leases(self) -> None:
        """After a restart: what was being sent when the process died is sent again, under its old key."""
        self._all("UPDATE outbox SET status = 'pending' WHERE status = 'leased'")

    # --- alerts ------------------------------------------------------------------------------------------------------

    def known_alerts(self, fingerprints: Sequence[str]) -> dict[str, KnownAlert]:
        """What is known of these alerts, by fingerprint."""
        sql = """
            SELECT a.fingerprint, a.id, a.incident, coalesce(i.is_open, 0), a.status, a.starts_at, a.ends_at
            FROM alerts AS a LEFT JOIN incidents AS i ON i.id = a.incident
            WHERE a.fingerprint IN (SELECT value FROM json_each(?)) ORDER BY a.id
        """
        rows = self._all(sql, codec.to_json(list(fingerprints)))
        return {row[0]: KnownAlert(row[1], row[2], bool(row[3]), row[4], row[5], row[6]) for row in rows}

    def add_alert(self, alert: Alert, fingerprint: str, incident: str | None, now: datetime) -> int:
        """Attach an alert to an incident; returns the row's id."""
        sql = """
            INSERT INTO alerts (fingerprint, incident, status, starts_at, ends_at, first_seen_at, last_seen_at,
                received, labels, annotations, generator_url)
            VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) RETURNING id
        """
        at = codec.to_column(now)
        times = (codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at), at, at)
        texts = (codec.to_json(alert.labels), codec.to_json(alert.annotations), alert.generator_url)
        return int(self._all(sql, fingerprint, incident, alert.status.value, *times, *texts)[0][0])

    def bump_alerts(self, ids: Iterable[int], now: datetime) -> None:
        """Count repeated alerts."""
        sql = "UPDATE alerts SET received = received + 1, last_seen_at = ? WHERE id = ?"
        self._connection.executemany(sql, [(codec.to_column(now), id_) for id_ in ids])

    def change_alert(self, alert_id: int, alert: Alert, now: datetime) -> None:
        """An alert has resolved, or fires again."""
        sql = """
            UPDATE alerts SET status = ?, starts_at = ?, ends_at = ?, last_seen_at = ?, received = received + 1
            WHERE id = ?
        """
        times = (codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at), codec.to_column(now))
        self._all(sql, alert.status.value, *times, alert_id)

    def alert_counts(self, incident: str) -> tuple[int, int]:
        """How many alerts the incident has, and how many of them fire."""
        sql = "SELECT count(*), coalesce(sum(status = 'firing'), 0) FROM alerts WHERE incident = ?"
        total, firing = self._all(sql, incident)[0]
        return int(total), int(firing)

    # --- the rest ----------------------------------------------------------------------------------------------------

    def keep_sop(self, version: str, content: str, now: datetime) -> None:
        """Store a SOP version that incidents may be opened under."""
        sql = "INSERT INTO sop_versions (version, content, stored_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._all(sql, version, content, codec.to_column(now))

    def sop_content(self, version: str) -> str | None:
        """The stored SOP of a version."""
        rows = self._all("SELECT content FROM sop_versions WHERE version = ?", version)
        return rows[0][0] if rows else None

    def meta(self, name: str) -> str | None:
        """A fact about the installation."""
        rows = self._all("SELECT value FROM meta WHERE name = ?", name)
        return rows[0][0] if rows else None

    def set_meta(self, name: str, value: str) -> None:
        """Note a fact about the installation."""
        sql = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._all(sql, name, value)

    def set_token(self, hashed: str, name: str, scope: str, now: datetime) -> None:
        """Let the bearer of a token in, under a name; whoever had the name with another token is out."""
        self._all("DELETE FROM tokens WHERE name = ? AND hash != ?", name, hashed)
        sql = "INSERT INTO tokens (hash, name, scope, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self._all(sql, hashed, name, scope, codec.to_column(now))


def _rank(incident: Incident) -> int:
    severity = incident.severity or incident.provisional
    return severity.rank if severity else _LEAST_RANK


def _page_of(effect: AnyEffect) -> str | None:
    return effect.key if isinstance(effect, SendPage) else None
