"""Which jobs have called, and when? One row a heartbeat that the SOP expects."""

from collections.abc import Collection
from datetime import datetime, timedelta

from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import Monitor

_MICROSECOND = timedelta(microseconds=1)
_LOOKED_AT = "monitors_looked_at"
_COLUMNS = "name, last_at, calls, excused_for, missed_at"


class Monitors:
    """The rows of the heartbeats."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[str, Monitor]:
        """Every row, by its heartbeat's name."""
        return {it.name: it for it in monitors_in(self._connection)}

    def time_since_a_look(self, now: datetime) -> timedelta:
        """How long nobody, on any node, had looked at the monitors until this look, which is noted; 0 for the first."""
        sql = f"SELECT value FROM meta WHERE name = ?{self._connection.LOCKED}"
        rows = self._connection.all(sql, _LOOKED_AT)
        at = codec.to_column(now)
        note = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._connection.many(note, [(_LOOKED_AT, str(at))])
        return max(timedelta(), (at - int(rows[0][0])) * _MICROSECOND) if rows else timedelta()

    def excuse(self, length: timedelta) -> None:
        """Nobody could have heard a call for so long: give every job that much more time."""
        micros = length // _MICROSECOND
        self._connection.many("UPDATE monitors SET excused_for = excused_for + ? WHERE missed_at IS NULL", [(micros,)])

    def expect(self, names: Collection[str], now: datetime) -> None:
        """The time of jobs that were not known before begins now."""
        sql = "INSERT INTO monitors (name, last_at, calls, excused_for) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"
        self._connection.many(sql, [(name, codec.to_column(now)) for name in names])

    def forget(self, name: str) -> None:
        """The SOP doesn't expect this job any more."""
        self._connection.many("DELETE FROM monitors WHERE name = ?", [(name,)])

    def miss(self, monitor: Monitor, now: datetime) -> bool:
        """The job has not called in time; False where it has called, or was found missing, since `monitor` was read."""
        sql = "UPDATE monitors SET missed_at = ? WHERE name = ? AND last_at = ? AND missed_at IS NULL RETURNING name"
        at, last_at = codec.to_column(now), codec.to_column(monitor.last_at)
        return bool(self._connection.all(sql, at, monitor.name, last_at))

    def call(self, name: str, now: datetime) -> datetime | None:
        """The job calls; returns when it was found missing, if it was."""
        self.expect((name,), now)
        sql = f"SELECT missed_at FROM monitors WHERE name = ?{self._connection.LOCKED}"
        missed_at = self._connection.all(sql, name)[0][0]
        self._connection.many(
            "UPDATE monitors SET last_at = ?, calls = calls + 1, excused_for = 0, missed_at = NULL WHERE name = ?",
            [(codec.to_column(now), name)],
        )
        return codec.optional_from_column(missed_at)


def monitors_in(connection: Reads) -> list[Monitor]:
    """Every row, by name."""
    return [_monitor(row) for row in connection.all(f"SELECT {_COLUMNS} FROM monitors ORDER BY name")]


def _monitor(row: Row) -> Monitor:
    name, last_at, calls, excused_for, missed_at = row
    return Monitor(
        name=name,
        last_at=codec.from_column(last_at),
        calls=calls,
        excused_for=excused_for * _MICROSECOND,
        missed_at=codec.optional_from_column(missed_at),
    )
