"""How are alerts kept? One row for each alert in each incident; what changes is written where it is still as read.

A storm is written by the statement, not by the row: the database reads the rows from one value, JSON.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.domain.alert import Alert, AlertStatus
from tocsin.store import codec
from tocsin.store.connection import Connection, Row, Stale
from tocsin.store.rows import KnownAlert


class NewAlert(Struct, frozen=True):
    """An alert that is not known yet, and its incident; None: a resolution of which no firing came."""

    fingerprint: str
    alert: Alert
    incident: str | None
    times: int = 1  # that it was told of


class Alerts:
    """The alerts that monitoring has told of."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, fingerprints: Collection[str]) -> dict[str, KnownAlert]:
        """What is known of these alerts, by fingerprint."""
        sql = f"""
            SELECT a.fingerprint, a.id, a.incident, coalesce(i.is_open, 0), a.status, a.starts_at, a.ends_at, i.held_at
            FROM alerts AS a LEFT JOIN incidents AS i ON i.id = a.incident
            WHERE a.fingerprint {self._connection.ONE_OF} ORDER BY a.id
        """
        rows = self._connection.all(sql, self._connection.list_of(fingerprints))
        return {row[0]: _known(row) for row in rows}

    def add(self, alerts: Collection[NewAlert], now: datetime) -> None:
        """Remember alerts. Stale where another node has attached one of them to the same incident meanwhile."""
        if not alerts:
            return
        sql = f"""
            INSERT INTO alerts (fingerprint, incident, status, starts_at, ends_at, labels, annotations, generator_url,
                first_seen_at, last_seen_at, received)
            SELECT value->>0, value->>1, value->>2, CAST(value->>3 AS BIGINT), CAST(value->>4 AS BIGINT), value->>5,
                value->>6, value->>7, ?, ?, CAST(value->>8 AS BIGINT)
            FROM {self._connection.EACH}
        """
        at = codec.to_column(now)
        self._connection.all(sql, at, at, codec.to_json([_row(it) for it in alerts]))

    def bump(self, repeated: Mapping[int, int], now: datetime) -> None:
        """Count repeated alerts: by the id of each, how many times it was told of again."""
        if not repeated:
            return
        sql = f"""
            INSERT INTO alert_sightings (alert, times, last_at)
            SELECT CAST(value->>0 AS BIGINT), CAST(value->>1 AS BIGINT), ? FROM {self._connection.EACH} WHERE true
            ON CONFLICT (alert) DO UPDATE SET times = alert_sightings.times + excluded.times, last_at = excluded.last_at
        """
        in_order = sorted(repeated.items())  # the same on all nodes: or two would wait for one another
        self._connection.all(sql, codec.to_column(now), codec.to_json(in_order))

    def change(self, known: KnownAlert, alert: Alert, now: datetime, times: int = 1) -> None:
        """An alert has resolved, or fires again; Stale where another node has heard of it meanwhile.

        What it says when it fires is kept in place of what it said; a resolution may say nothing but its name.
        """
        says = alert.status is AlertStatus.FIRING
        told = (codec.to_json(alert.labels), codec.to_json(alert.annotations)) if says else ()
        sql = f"""
            UPDATE alerts SET status = ?, starts_at = ?, ends_at = ?, last_seen_at = ?, received = received + ?
                {", labels = ?, annotations = ?" if says else ""}
            WHERE id = ? AND status = ? AND starts_at = ? AND ends_at IS NOT DISTINCT FROM ? RETURNING id
        """
        at = codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at), codec.to_column(now)
        was = (known.id, known.status, known.starts_at, known.ends_at)
        if not self._connection.all(sql, alert.status.value, *at, times, *told, *was):
            raise Stale(f"alert {known.id}: another node has heard of it meanwhile")

    def firing_alone(self, id_: int) -> Alert | None:
        """The alert in a row that fires and has no incident; None where it doesn't, or has one."""
        sql = f"""
            SELECT labels, annotations, starts_at, generator_url FROM alerts
            WHERE id = ? AND incident IS NULL AND status = 'firing'{self._connection.LOCKED}
        """
        rows = self._connection.all(sql, id_)
        if not rows:
            return None
        labels, annotations, starts_at, url = rows[0]
        texts = msgspec.json.decode(labels), msgspec.json.decode(annotations)
        return Alert(*texts, AlertStatus.FIRING, codec.from_column(starts_at), generator_url=url)

    def attach(self, id_: int, fingerprint: str, incident: str) -> None:
        """Give an alert that had no incident one. Where it has a row in that incident already, this one is it again."""
        rows = self._connection.all("SELECT starts_at FROM alerts WHERE id = ?", id_)
        again = """
            UPDATE alerts SET status = 'firing', starts_at = ?, ends_at = NULL
            WHERE fingerprint = ? AND incident = ? RETURNING id
        """
        if self._connection.all(again, rows[0][0], fingerprint, incident):
            self._connection.many("DELETE FROM alerts WHERE id = ?", [(id_,)])
        else:
            self._connection.many("UPDATE alerts SET incident = ? WHERE id = ?", [(incident, id_)])

    def is_clear(self, incident: str) -> bool:
        """Whether none of the incident's alerts fires."""
        sql = "SELECT 1 FROM alerts WHERE incident = ? AND status = 'firing' LIMIT 1"
        return not self._connection.all(sql, incident)

    def count(self, incident: str) -> int:
        """How many alerts the incident has."""
        return int(self._connection.all("SELECT count(*) FROM alerts WHERE incident = ?", incident)[0][0])


def _row(new: NewAlert) -> Row:
    alert = new.alert
    times = codec.to_column(alert.starts_at), codec.optional_to_column(alert.ends_at)
    texts = codec.to_json(alert.labels), codec.to_json(alert.annotations), alert.generator_url
    return new.fingerprint, new.incident, alert.status.value, *times, *texts, new.times


def _known(row: Row) -> KnownAlert:
    _, id_, incident, is_open, status, starts_at, ends_at, held_at = row
    return KnownAlert(id_, incident, bool(is_open), status, starts_at, ends_at, is_held=held_at is not None)
