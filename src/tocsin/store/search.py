"""What can be found by its words? An index beside the record: it may lag, and may be made anew from the events."""

import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.domain.events import Recorded
from tocsin.domain.search import SEARCHED, Found, texts_of, words_of
from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.rows import SearchHit

logger = logging.getLogger(__name__)

_POSITION = "searched_until"
_KINDS = ", ".join(f"'{kind}'" for kind in SEARCHED)


class Position(Struct, frozen=True, order=True):
    """Up to which event everything is in the index: its time in microseconds, its incident, its number there."""

    at: int = 0
    incident: str = ""
    seq: int = 0


_position_decoder = msgspec.json.Decoder(Position)


class Step(Struct, frozen=True):
    """Events to be indexed, from one position to another; whether there may be more after that."""

    before: Position
    after: Position
    events: tuple[Recorded, ...]
    may_go_on: bool


class SearchIndex:
    """The documents of the index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def move(self, before: Position, after: Position) -> bool:
        """Take the index from one position to another; False where another node has moved it meanwhile."""
        sql = f"SELECT value FROM meta WHERE name = ?{self._connection.LOCKED}"
        rows = self._connection.all(sql, _POSITION)
        if (_position(rows[0][0]) if rows else Position()) != before:
            return False
        note = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._connection.many(note, [(_POSITION, codec.to_json(after))])
        return True

    def add(self, events: Sequence[Recorded]) -> None:
        """Index the texts of events. Nothing changes where they are known, or a later text of the same part is."""
        sql = """
            INSERT INTO search_documents (incident, part, kind, at, actor, text, words) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (incident, part) DO UPDATE SET
                at = excluded.at, actor = excluded.actor, text = excluded.text, words = excluded.words
            WHERE excluded.at >= search_documents.at AND excluded.text <> search_documents.text
        """
        rows = []
        for it in events:
            at = codec.to_column(it.at)
            for text in texts_of(it):
                words = " ".join(words_of(text.text))
                rows.append((it.incident, text.part, text.kind.value, at, it.actor, text.text, words))
        self._connection.many(sql, rows)


def search_position(reads: Reads) -> Position:
    """Up to which event everything is in the index."""
    rows = reads.all("SELECT value FROM meta WHERE name = ?", _POSITION)
    return _position(rows[0][0]) if rows else Position()


def _position(text: str) -> Position:
    return _position_decoder.decode(text)


def step_from(reads: Reads, before: Position, until: datetime, limit: int) -> Step:
    """The step over the next events whose texts can be searched, up to and including `until`; at most `limit`.

    An event that can't be read is passed over: it must not keep those after it from being found.
    """
    sql = f"""
        SELECT incident, seq, at, actor, via, event FROM events
        WHERE at BETWEEN ? AND ? AND (at, incident, seq) > (?, ?, ?) AND kind IN ({_KINDS})
        ORDER BY at, incident, seq LIMIT ?
    """
    rows = reads.all(sql, before.at, codec.to_column(until), before.at, before.incident, before.seq, limit)
    after = Position(rows[-1][2], rows[-1][0], rows[-1][1]) if rows else before
    events = tuple(it for row in rows if (it := _recorded(row)) is not None)
    return Step(before, after, events, may_go_on=len(rows) == limit)


def _recorded(row: Row) -> Recorded | None:
    incident, seq, at, actor, via, event = row
    try:
        return Recorded(incident, seq, codec.from_column(at), actor, via, codec.event_from(event))
    except StoreError as error:
        logger.warning("%s/%d can't be searched: %s", incident, seq, error)
        return None


def found_in(reads: Reads, words: Sequence[str], limit: int) -> list[SearchHit]:
    """Where all of the words stand, or begin a word: the newest first. `words` are as `words_of` gives them."""
    sql = f"""
        SELECT d.incident, d.kind, d.at, d.actor, d.text, i.title, i.status, i.severity
        FROM search_documents AS d JOIN incidents AS i ON i.id = d.incident
        WHERE {reads.HAS_WORDS} ORDER BY d.at DESC, d.id DESC LIMIT ?
    """
    return [
        SearchHit(incident, Found(kind), codec.from_column(at), actor, text, title, status, severity)
        for incident, kind, at, actor, text, title, status, severity in reads.all(sql, reads.sought(words), limit)
    ]
