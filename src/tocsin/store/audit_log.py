"""How is kept who did what? Entries are added in the transaction of what they tell of, and never touched again.

A lane is one chain of hashes. A transaction takes the first lane that no other node is writing just now, so that nobody
ever waits for the log; there are never more lanes than nodes that have written at once.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tocsin.store import codec
from tocsin.store.audit_queries import AuditQueries, link
from tocsin.store.connection import Connection
from tocsin.store.rows import Entry

_LANES = 64


class Deed(Struct, frozen=True):
    """Something that somebody did, to be told: `action` is a word such as `incident.acknowledge`."""

    actor: str
    via: str
    action: str
    target: str = ""
    detail: Mapping[str, object] = {}


class AuditLog(AuditQueries):
    """The log, in a transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def add(self, deed: Deed, now: datetime) -> Entry:
        """Add an entry; it is there if, and only if, the transaction is committed."""
        lane = next((lane for lane in range(_LANES) if self._connection.try_lock(lane)), _LANES)
        head = self.head(lane)
        draft = Entry(
            lane=lane,
            seq=head.seq + 1 if head else 1,
            at=now,
            actor=_plain(deed.actor),
            via=_plain(deed.via),
            action=deed.action,
            target=_plain(deed.target),
            detail=codec.to_json({name: value for name, value in deed.detail.items() if value not in (None, "")}),
            hash_before=head.hash if head else "",
            hash="",
        )
        entry = replace(draft, hash=link(draft))
        row = (entry.lane, entry.seq, codec.to_column(now), entry.actor, entry.via, entry.action, entry.target)
        sql = """
            INSERT INTO audit_log (lane, seq, at, actor, via, action, target, detail, hash_before, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        self._connection.many(sql, [(*row, entry.detail, entry.hash_before, entry.hash)])
        return entry


def _plain(text: str) -> str:
    """The text as both databases keep it: without NUL, and of characters that UTF-8 has."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
