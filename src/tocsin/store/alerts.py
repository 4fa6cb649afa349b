"""How are alerts kept? One row for each alert in each incident; what changes is written where it is still as read."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.domain.alert import Alert
from tocsin.store import codec
from tocsin.store.connection import Connection, Row, Stale
from tocsin.store.rows import KnownAlert


class Alerts:
    """The alerts that monitoring has told of."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, fingerprints: Sequence[str]) -> dict[str, KnownAlert]:
        """What is known of these alerts, by fingerprint."""
        sql = f"""
            SELECT a.fingerprint, a.id, a.incident, coalesce(i.is_open, 0), a.status, a.starts_at, a.ends_at, i.held_at
            FROM alerts AS a LEFT JOIN incidents AS i ON i.id = a.incident
            WHERE a.fingerprint {self._connection.ONE_OF} ORDER BY a.id
        """
        rows = self._connection.all(sql, self._connection.list_of(fingerprints))
        return {row[0]: _known(row) for row in rows}

    def add(self, alert: Alert, fingerprint: str, incident: str | None, now: datetime) -> int:
        """Attach an alert to an incident; returns the row's id."""
        sql = """
            INSERT INTO alerts (fingerprint, incident, status, starts_at, ends_at, first_seen_at, last_seen_at,
                received, labels, annotations, generator_url)
            VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) RETURNING id
        """
        at = codec.to_column(now)
        times = (codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at), at, at)
        texts = (codec.to_json(alert.labels), codec.to_json(alert.annotations), alert.generator_url)
        return int(self._connection.all(sql, fingerprint, incident, alert.status.value, *times, *texts)[0][0])

    def bump(self, ids: Iterable[int], now: datetime) -> None:
        """Count repeated alerts."""
        sql = "UPDATE alerts SET received = received + 1, last_seen_at = ? WHERE id = ?"
        self._connection.many(sql, [(codec.to_column(now), id_) for id_ in ids])

    def change(self, known: KnownAlert, alert: Alert, now: datetime) -> None:
        """An alert has resolved, or fires again; Stale where another node has heard of it meanwhile."""
        sql = """
            UPDATE alerts SET status = ?, starts_at = ?, ends_at = ?, last_seen_at = ?, received = received + 1
            WHERE id = ? AND status = ? AND starts_at = ? AND ends_at IS NOT DISTINCT FROM ? RETURNING id
        """
        times = (codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at), codec.to_column(now))
        was = (known.id, known.status, known.starts_at, known.ends_at)
        if not self._connection.all(sql, alert.status.value, *times, *was):
            raise Stale(f"alert {known.id}: another node has heard of it meanwhile")

    def counts(self, incident: str) -> tuple[int, int]:
        """How many alerts the incident has, and how many of them fire."""
        sql = "SELECT count(*), count(*) FILTER (WHERE status = 'firing') FROM alerts WHERE incident = ?"
        total, firing = self._connection.all(sql, incident)[0]
        return int(total), int(firing)


def _known(row: Row) -> KnownAlert:
    _, id_, incident, is_open, status, starts_at, ends_at, held_at = row
    return KnownAlert(id_, incident, bool(is_open), status, starts_at, ends_at, is_held=held_at is not None)
