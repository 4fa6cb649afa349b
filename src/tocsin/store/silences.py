"""Which silences are there, and which alerts does each keep quiet? One row a silence, and one an alert that is muted.

When a muted alert must be looked at follows from its silence's end, and is stored nowhere else: whoever ends a silence
early, on any node, has thereby made it due.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.domain.silence import Silence
from tocsin.errors import NotFound
from tocsin.sop.matchers import Matcher
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import KeptSilence, MutedAlert

logger = logging.getLogger(__name__)

_COLUMNS = "id, matchers, starts_at, ends_at, author, comment, made_by, made_at, changed_by, changed_at"
_matchers = msgspec.json.Decoder(tuple[Matcher, ...])


class Silences:
    """The rows of the silences, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: tuple[datetime, tuple[Silence, ...]] | None = None

    def holding(self, at: datetime) -> tuple[Silence, ...]:
        """The active silences, the one that ends last first: what it mutes need not be looked at again before.

        Asked of the database once a transaction and instant.
        """
        if self._known is None or self._known[0] != at:
            sql = f"SELECT {_COLUMNS} FROM silences WHERE ends_at > ? AND starts_at <= ? ORDER BY ends_at DESC, id"
            micros = codec.to_column(at)
            self._known = at, _readable(self._connection.all(sql, micros, micros))
        return self._known[1]

    def one(self, id_: str) -> KeptSilence:
        """The silence of that id, which nobody else changes until the end of the transaction; raises NotFound."""
        return _one(self._connection, id_, self._connection.LOCKED)

    def add(self, silence: Silence, by: str, now: datetime) -> KeptSilence:
        """Keep a new silence."""
        self._known = None
        at = codec.to_column(now)
        kept = (silence.id, codec.to_json(silence.matchers), *_changeable(silence), by, at, by, at)
        sql = f"INSERT INTO silences ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._connection.many(sql, [kept])
        return self.one(silence.id)

    def change(self, silence: Silence, by: str, now: datetime) -> KeptSilence:
        """Write down what has changed of a silence; its matchers never do."""
        self._known = None
        sql = """
            UPDATE silences SET starts_at = ?, ends_at = ?, author = ?, comment = ?, changed_by = ?, changed_at = ?
            WHERE id = ?
        """
        self._connection.many(sql, [(*_changeable(silence), by, codec.to_column(now), silence.id)])
        return self.one(silence.id)

    def count_after(self, at: datetime) -> int:
        """How many silences are not over by then."""
        return int(self._connection.all("SELECT count(*) FROM silences WHERE ends_at > ?", codec.to_column(at))[0][0])

    # --- what they mute ----------------------------------------------------------------------------------------------

    def mute(self, silences: Mapping[str, str]) -> None:
        """Alerts fire and wake nobody until their silences end: the silence of each, by the alert's fingerprint."""
        sql = """
            INSERT INTO muted (alert, silence)
            SELECT id, ? FROM alerts WHERE fingerprint = ? AND incident IS NULL AND status = 'firing'
            ON CONFLICT (alert) DO UPDATE SET silence = excluded.silence
        """
        if silences:
            self._connection.many(sql, [(silence, fingerprint) for fingerprint, silence in sorted(silences.items())])

    def unmute(self, alert: int) -> None:
        """The alert is muted no longer."""
        self._connection.many("DELETE FROM muted WHERE alert = ?", [(alert,)])

    def forget_muted(self) -> None:
        """Whatever is muted in a backup is forgotten: it may be long over, and monitoring tells of it anew if not."""
        self._connection.many("DELETE FROM alerts WHERE id IN (SELECT alert FROM muted) AND incident IS NULL", [()])
        self._connection.many("DELETE FROM muted", [()])

    def due(self, now: datetime, limit: int, but: Collection[int] = ()) -> list[MutedAlert]:
        """Muted alerts whose silence is over, the longest first; none that another node has at hand just now.

        `but` are alerts that are left alone.
        """
        connection = self._connection
        sql = f"""
            SELECT muted.alert, muted.silence FROM muted JOIN silences ON silences.id = muted.silence
            WHERE silences.ends_at <= ? AND NOT muted.alert {connection.ONE_OF}
            ORDER BY silences.ends_at, muted.alert LIMIT ?{connection.UNLOCKED_ONLY}
        """
        rows = connection.all(sql, codec.to_column(now), connection.list_of(but), limit)
        return [MutedAlert(*row) for row in rows]


def silence_of(reads: Reads, id_: str) -> KeptSilence:
    """The silence of that id; raises NotFound."""
    return _one(reads, id_)


def silences_after(reads: Reads, at: datetime, limit: int) -> list[KeptSilence]:
    """The silences that end after that instant, the one that ends first first."""
    sql = f"SELECT {_COLUMNS} FROM silences WHERE ends_at > ? ORDER BY ends_at, id LIMIT ?"
    return [_kept(row) for row in reads.all(sql, codec.to_column(at), limit)]


def muted_counts(reads: Reads) -> dict[str, int]:
    """How many alerts each silence mutes, by its id; those that mute none are left out."""
    return {id_: int(count) for id_, count in reads.all("SELECT silence, count(*) FROM muted GROUP BY silence")}


def next_unmuting_at(reads: Reads, but: Collection[int] = ()) -> datetime | None:
    """When the first silence ends that mutes something; `but` are alerts that don't count."""
    sql = f"SELECT min(ends_at) FROM silences WHERE id IN (SELECT silence FROM muted WHERE NOT alert {reads.ONE_OF})"
    return codec.optional_from_column(reads.all(sql, reads.list_of(but))[0][0])


def _one(reads: Reads, id_: str, lock: str = "") -> KeptSilence:
    rows = reads.all(f"SELECT {_COLUMNS} FROM silences WHERE id = ?{lock}", id_)
    if not rows:
        raise NotFound(f"silence: there is no {id_!r}")
    return _kept(rows[0])


def _changeable(silence: Silence) -> Sequence[int | str]:
    span = codec.to_column(silence.starts_at), codec.to_column(silence.ends_at)
    return (*span, silence.author, silence.comment)


def _readable(rows: Sequence[Row]) -> tuple[Silence, ...]:
    """What can be read of them; one that can't mutes nothing: alerts must come in, and better somebody is woken."""
    found: list[Silence] = []
    for row in rows:
        try:
            found.append(_kept(row).silence)
        except msgspec.DecodeError as error:
            logger.critical("silence %s can't be read and mutes nothing: %s", row[0], error)
    return tuple(found)


def _kept(row: Row) -> KeptSilence:
    id_, matchers, starts_at, ends_at, author, comment, made_by, made_at, changed_by, changed_at = row
    return KeptSilence(
        silence=Silence(
            id=id_,
            matchers=_matchers.decode(matchers),
            starts_at=codec.from_column(starts_at),
            ends_at=codec.from_column(ends_at),
            author=author,
            comment=comment,
        ),
        made_by=made_by,
        made_at=codec.from_column(made_at),
        changed_by=changed_by,
        changed_at=codec.from_column(changed_at),
    )
