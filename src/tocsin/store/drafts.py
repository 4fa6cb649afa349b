"""What is somebody writing on a postmortem? One draft an incident, kept before it is put on record.

Whoever saves says which version they have seen; a version that somebody else has passed meanwhile is never overwritten.
"""

from datetime import datetime

from tocsin.errors import Refused
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import Draft

_COLUMNS = "version, content, saved_at, saved_by"


class Drafts:
    """The drafts of postmortems."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, incident: str, content: str | None, *, seen: int, by: str, now: datetime) -> Draft:
        """Keep the draft, where its version is still `seen` (0: there was none); None puts nothing in its place.

        Raises Refused where somebody else has saved meanwhile.
        """
        sql = f"""
            INSERT INTO postmortem_drafts (incident, version, content, saved_at, saved_by) SELECT ?, 1, ?, ?, ?
            WHERE ? = 0 ON CONFLICT (incident) DO NOTHING RETURNING {_COLUMNS}
        """
        at = codec.to_column(now)
        rows = self._connection.all(sql, incident, content, at, by, seen)
        if not rows:
            sql = f"""
                UPDATE postmortem_drafts SET version = version + 1, content = ?, saved_at = ?, saved_by = ?
                WHERE incident = ? AND version = ? RETURNING {_COLUMNS}
            """
            rows = self._connection.all(sql, content, at, by, incident, seen)
        if not rows:
            raise _passed(draft_of(self._connection, incident), seen)
        return _draft(rows[0])

    def end(self, incident: str, by: str, now: datetime) -> None:
        """What was being written is on record now, whichever version anybody has seen."""
        sql = """
            UPDATE postmortem_drafts SET version = version + 1, content = NULL, saved_at = ?, saved_by = ?
            WHERE incident = ?
        """
        self._connection.many(sql, [(codec.to_column(now), by, incident)])


def draft_of(reads: Reads, incident: str) -> Draft | None:
    """The draft of an incident's postmortem; None where nobody has ever saved one."""
    rows = reads.all(f"SELECT {_COLUMNS} FROM postmortem_drafts WHERE incident = ?", incident)
    return _draft(rows[0]) if rows else None


def _passed(draft: Draft | None, seen: int) -> Refused:
    if draft is None:
        return Refused("draft_changed", f"version: there is no draft, so none of version {seen}; begin with 0")
    when = f"{draft.saved_by} has saved version {draft.version} at {draft.saved_at:%H:%M:%S} UTC"
    return Refused("draft_changed", f"version: {when}, and you have seen {seen}: look at it first")


def _draft(row: Row) -> Draft:
    version, content, saved_at, saved_by = row
    return Draft(version, content, codec.from_column(saved_at), saved_by)
