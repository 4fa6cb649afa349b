"""Which test pages were sent to a person, and what came of each? Rows of the outbox that belong to no incident.

They stand under the person's name in place of an incident's, and rank last: whatever is real leaves first.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from tocsin.domain.effects import OfPageTest, SendPageTest
from tocsin.store import codec
from tocsin.store.chain import Sealed
from tocsin.store.connection import Connection, Reads, Row
from tocsin.store.incidents import RANKS
from tocsin.store.rows import PageTest

_PREFIX = "test/"
_AFTER_THEM = "test0"  # the first name that would follow all of them
_MOST_SHOWN = 50
_COLUMNS = "key, effect, status, note, created_at, settled_at"


class PageTests:
    """The rows of the test pages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, effect: OfPageTest, now: datetime, due_at: datetime) -> None:
        """Have it delivered, not before `due_at`."""
        sql = """
            INSERT INTO outbox (key, incident, provider, lane, page, rank, effect, status, due_at, created_at, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)
        """
        at, due = codec.to_column(now), codec.to_column(due_at)
        incident, key, provider, lane, page, rank = columns_of_test(effect)
        sealed = Sealed(key, incident, provider, lane, page, codec.to_json(effect), at)
        values = (key, incident, provider, lane, page, rank, sealed.effect, due, at, sealed.digest)
        self._connection.many(sql, [values])

    def newest_at(self, person: str) -> datetime | None:
        """When the person was sent the last one."""
        sql = "SELECT max(created_at) FROM outbox WHERE incident = ?"
        return codec.optional_from_column(self._connection.all(sql, f"{_PREFIX}{person}")[0][0])

    def count_since(self, instant: datetime) -> int:
        """How many deliveries of test pages were decided since then, to whomever."""
        sql = "SELECT count(*) FROM outbox WHERE incident >= ? AND incident < ? AND created_at >= ?"
        return int(self._connection.all(sql, _PREFIX, _AFTER_THEM, codec.to_column(instant))[0][0])


def page_tests_of(reads: Reads, person: str) -> list[PageTest]:
    """The test pages to a person, the newest first; not what ends them."""
    sql = f"SELECT {_COLUMNS} FROM outbox WHERE incident = ? ORDER BY id DESC LIMIT ?"
    return list(_page_tests(reads.all(sql, f"{_PREFIX}{person}", _MOST_SHOWN)))


def page_tests_by_person(reads: Reads) -> dict[str, list[PageTest]]:
    """The same for everybody who was sent any, in one question."""
    sql = f"""
        SELECT incident, {_COLUMNS} FROM (
            SELECT incident, {_COLUMNS}, row_number() OVER (PARTITION BY incident ORDER BY id DESC) AS place
            FROM outbox WHERE incident >= ? AND incident < ?
        ) AS tests WHERE place <= ? ORDER BY incident, place
    """
    found: dict[str, list[Row]] = {}
    for incident, *row in reads.all(sql, _PREFIX, _AFTER_THEM, _MOST_SHOWN):
        found.setdefault(incident.removeprefix(_PREFIX), []).append(tuple(row))
    return {person: list(_page_tests(rows)) for person, rows in found.items()}


def _page_tests(rows: Iterable[Row]) -> Iterator[PageTest]:
    for key, text, status, note, created_at, settled_at in rows:
        effect = codec.known_effect(text)
        if isinstance(effect, SendPageTest):
            times = codec.from_column(created_at), codec.optional_from_column(settled_at)
            yield PageTest(key, effect.way, effect.asked_by, status, note, *times)


def is_test(incident: str) -> bool:
    """Whether a row of the outbox under that name is a test page's."""
    return incident.startswith(_PREFIX)


def columns_of_test(effect: OfPageTest) -> tuple[str, str, str, str, None, int]:
    """Incident, key, provider, lane, page and rank of the effect's row."""
    key = effect.key if isinstance(effect, SendPageTest) else f"{effect.key}-end"
    return f"{_PREFIX}{effect.reach.person}", key, effect.provider, effect.lane, None, RANKS[-1]
