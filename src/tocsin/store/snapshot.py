"""How does the database stand at one moment? A reading that nothing changes while it lasts, beside a running server.

Nothing is written, and nothing migrated: what has another schema is refused with what to do.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from tocsin.errors import StoreError
from tocsin.store.address import is_on_a_server, path_of
from tocsin.store.connection import Reads, Row
from tocsin.store.file import as_store_error, open_reader
from tocsin.store.migrate import POSTGRES, SQLITE, migrations
from tocsin.store.sqlite import SqliteReader

ROWS_AT_ONCE = 2_000

# The reading, and the number of its schema.
_Moment = AbstractContextManager[tuple[Reads, int]]


@contextmanager
def snapshot(url: str) -> Iterator[Reads]:
    """The database as it is now, until the block ends; raises StoreError where there is none of this schema."""
    with moment_of(url) as (reads, schema):
        newest = newest_schema(url)
        if schema > newest:
            raise StoreError(f"the database has schema {schema}, this Tocsin knows {newest}: use the newer Tocsin")
        if schema < newest:
            raise StoreError(f"the database has schema {schema}, this Tocsin has {newest}: run `tocsin migrate` first")
        yield reads


def schema_of(url: str) -> int:
    """The number of the newest migration that the database has had; 0 for an empty one."""
    with moment_of(url) as (_, schema):
        return schema


def newest_schema(url: str) -> int:
    """The number of the newest migration that this Tocsin knows."""
    return migrations(POSTGRES if is_on_a_server(url) else SQLITE)[-1][0]


def moment_of(url: str) -> _Moment:
    """The database as it is now, whatever its schema, which comes with it."""
    if is_on_a_server(url):
        from tocsin.store.postgres_moment import postgres_moment  # noqa: PLC0415  # libpq takes 100 ms

        return postgres_moment(url)
    return file_moment(path_of(url))


@contextmanager
def file_moment(path: Path) -> Iterator[tuple[Reads, int]]:
    """A SQLite file as it is now."""
    if not path.exists():
        raise StoreError(f"database {path}: there is no such file; name the database with --database")
    with as_store_error(path), closing(open_reader(path)) as connection:
        connection.execute("BEGIN")
        schema = int(connection.pragma("user_version"))
        yield SqliteReader(connection), schema


def in_order(
    reads: Reads, columns: Sequence[str], table: str, key: tuple[str, ...], at_once: int = ROWS_AT_ONCE
) -> Iterator[Row]:
    """Every row of a table in the order of its key, which is not null; read bit by bit, whatever its size.

    The key's values come first in each row.
    """
    names = ", ".join(key)
    select = f"SELECT {', '.join((*key, *columns))} FROM {table}"
    order = f"ORDER BY {names} LIMIT {at_once}"
    after = f"({names}) > ({', '.join('?' * len(key))})"
    rows = reads.all(f"{select} {order}")
    while rows:
        yield from rows
        if len(rows) < at_once:
            return
        rows = reads.all(f"{select} WHERE {after} {order}", *rows[-1][: len(key)])


class ByIncident:
    """Rows that are in order of their first column, handed out incident by incident, in that order."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._ahead = next(rows, None)

    def before(self, incident: str) -> Iterator[Row]:
        """What is left of incidents that come before this one."""
        while self._ahead is not None and self._ahead[0] < incident:
            yield from self._next()

    def of(self, incident: str) -> Iterator[Row]:
        """The rows of this incident."""
        while self._ahead is not None and self._ahead[0] == incident:
            yield from self._next()

    def rest(self) -> Iterator[Row]:
        """Everything that is left."""
        while self._ahead is not None:
            yield from self._next()

    def _next(self) -> Iterator[Row]:
        if self._ahead is not None:
            row, self._ahead = self._ahead, next(self._rows, None)
            yield row
