"""Who did what? The audit log, read: each entry's hash covers it and the one before it in its lane."""

import hashlib
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.store import codec
from tocsin.store.connection import Reads
from tocsin.store.rows import Entry

_ENTRY = "lane, seq, at, actor, via, action, target, detail, hash_before, hash"
_BELOW = "(at, lane, seq) < (SELECT at, lane, seq FROM audit_log WHERE lane = ? AND seq = ?)"


class Head(Struct, frozen=True):
    """Where a lane ends; noted elsewhere, it shows that nothing was cut off."""

    lane: int
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.lane}:{self.seq}:{self.hash}"


def link(entry: Entry) -> str:
    """The hash of an entry: 64 hex digits, over everything in it and the hash before."""
    at = codec.to_column(entry.at)
    covered = (entry.lane, entry.seq, at, entry.actor, entry.via, entry.action, entry.target, entry.detail)
    return hashlib.sha256(codec.to_json([*covered, entry.hash_before]).encode()).hexdigest()


class AuditQueries:
    """What can be asked of the audit log."""

    def __init__(self, connection: Reads) -> None:
        self._reads = connection

    def entries(
        self,
        *,
        limit: int,
        before: datetime | None = None,
        actor: str | None = None,
        target: str | None = None,
        below: tuple[int, int] | None = None,
    ) -> list[Entry]:
        """What was done, the newest first; of one actor, or to one target, where they are named.

        `below` is the lane and number of an entry: what comes after it in this order, whatever was done at the same
        instant; nothing where there is no such entry.
        """
        asked = {"at < ?": codec.optional_to_column(before), "actor = ?": actor, "target = ?": target}
        conditions: dict[str, tuple[object, ...]] = {it: (value,) for it, value in asked.items() if value is not None}
        if below is not None:
            conditions[_BELOW] = below
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"SELECT {_ENTRY} FROM audit_log {where} ORDER BY at DESC, lane DESC, seq DESC LIMIT ?"
        values = [value for several in conditions.values() for value in several]
        return [_entry(row) for row in self._reads.all(sql, *values, limit)]

    def from_the_first(self, lane: int, seq: int, limit: int) -> list[Entry]:
        """The entries after that number of that lane, in the order in which they are chained, lane by lane."""
        sql = f"SELECT {_ENTRY} FROM audit_log WHERE (lane, seq) > (?, ?) ORDER BY lane, seq LIMIT ?"
        return [_entry(row) for row in self._reads.all(sql, lane, seq, limit)]

    def heads(self) -> list[Head]:
        """Where each lane ends."""
        sql = """
            SELECT lane, seq, hash FROM audit_log AS mine
            WHERE seq = (SELECT max(seq) FROM audit_log AS other WHERE other.lane = mine.lane) ORDER BY lane
        """
        return [Head(*row) for row in self._reads.all(sql)]

    def head(self, lane: int) -> Head | None:
        """Where the lane ends; None where it hasn't begun."""
        rows = self._reads.all("SELECT seq, hash FROM audit_log WHERE lane = ? ORDER BY seq DESC LIMIT 1", lane)
        return Head(lane, *rows[0]) if rows else None

    def hash_at(self, lane: int, seq: int) -> str | None:
        """The hash of an entry; None where there is none of that number."""
        rows = self._reads.all("SELECT hash FROM audit_log WHERE lane = ? AND seq = ?", lane, seq)
        return rows[0][0] if rows else None


def _entry(row: tuple[Any, ...]) -> Entry:
    lane, seq, at, *rest = row
    return Entry(lane, seq, codec.from_column(at), *rest)
