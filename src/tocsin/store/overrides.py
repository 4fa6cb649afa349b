"""Who is on call instead? One row an override, also of those that are over or were cancelled: they are the record."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.oncall.overrides import Layer, Override
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import KeptOverride

_COLUMNS = "id, team, layer, person, instead_of, starts_at, ends_at, made_at, made_by, cancelled_at, cancelled_by"


class Overrides:
    """The rows of the overrides, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: tuple[datetime, tuple[Override, ...]] | None = None

    def holding(self, at: datetime) -> tuple[Override, ...]:
        """The overrides that hold at that instant, in the order in which they were made.

        Asked of the database once a transaction and instant: decisions of one transaction share both.
        """
        if self._known is None or self._known[0] != at:
            sql = f"SELECT {_COLUMNS} FROM overrides WHERE ends_at > ? AND starts_at <= ? ORDER BY id"
            micros = codec.to_column(at)
            rows = self._connection.all(sql, micros, micros)
            self._known = at, tuple(_kept(row).override for row in rows)
        return self._known[1]

    def add(self, override: Override, by: str, now: datetime) -> KeptOverride:
        """Keep an override."""
        sql = f"""
            INSERT INTO overrides (team, layer, person, instead_of, starts_at, ends_at, made_at, made_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}
        """
        self._known = None
        whose = (override.team, override.layer.value, override.person, override.instead_of)
        when = (codec.to_column(override.starts_at), codec.to_column(override.ends_at), codec.to_column(now))
        return _kept(self._connection.all(sql, *whose, *when, by)[0])

    def end(self, id_: int, by: str, now: datetime) -> KeptOverride | None:
        """Cancel an override that is not over; None where there is none, or where it is."""
        sql = f"""
            UPDATE overrides SET ends_at = CASE WHEN starts_at > ? THEN starts_at ELSE ? END,
                cancelled_at = ?, cancelled_by = ?
            WHERE id = ? AND ends_at > ? AND cancelled_at IS NULL RETURNING {_COLUMNS}
        """
        self._known = None
        at = codec.to_column(now)
        rows = self._connection.all(sql, at, at, at, by, id_, at)
        return _kept(rows[0]) if rows else None

    def between(self, start: datetime, end: datetime) -> list[KeptOverride]:
        """As `overrides_between`."""
        return overrides_between(self._connection, start, end)

    def one(self, id_: int) -> KeptOverride:
        """The override of that number, which there is."""
        return _kept(self._connection.all(f"SELECT {_COLUMNS} FROM overrides WHERE id = ?", id_)[0])

    def exists(self, id_: int) -> bool:
        """Whether there is, or was, an override of that number."""
        return bool(self._connection.all("SELECT 1 FROM overrides WHERE id = ?", id_))

    def count_after(self, at: datetime) -> int:
        """How many overrides are not over by then."""
        sql = "SELECT count(*) FROM overrides WHERE ends_at > ?"
        return int(self._connection.all(sql, codec.to_column(at))[0][0])


def overrides_between(reads: Reads, start: datetime, end: datetime) -> list[KeptOverride]:
    """The overrides that hold at some time in [start, end), in the order in which they were made."""
    sql = f"SELECT {_COLUMNS} FROM overrides WHERE ends_at > ? AND starts_at < ? AND starts_at < ends_at ORDER BY id"
    return [_kept(row) for row in reads.all(sql, codec.to_column(start), codec.to_column(end))]


def newest_overrides(reads: Reads, limit: int) -> list[KeptOverride]:
    """The overrides that were made last, whether or not they are over, the newest first."""
    return [_kept(row) for row in reads.all(f"SELECT {_COLUMNS} FROM overrides ORDER BY id DESC LIMIT ?", limit)]


def plain(them: Sequence[KeptOverride]) -> tuple[Override, ...]:
    """What they say, without who made them."""
    return tuple(it.override for it in them)


def _kept(row: Row) -> KeptOverride:
    id_, team, layer, person, instead_of, starts_at, ends_at, made_at, made_by, cancelled_at, cancelled_by = row
    return KeptOverride(
        id=id_,
        override=Override(
            team=team,
            layer=Layer(layer),
            person=person,
            instead_of=instead_of,
            starts_at=codec.from_column(starts_at),
            ends_at=codec.from_column(ends_at),
        ),
        made_at=codec.from_column(made_at),
        made_by=made_by,
        cancelled_at=codec.optional_from_column(cancelled_at),
        cancelled_by=cancelled_by,
    )
