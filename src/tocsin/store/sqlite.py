"""Where is it kept on one machine? A SQLite file: one connection that writes, one that reads."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import apsw

from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.ballast import Ballast
from tocsin.store.connection import InTheWay, Reads, Row, Stale
from tocsin.store.file import ServerLock, as_store_error, open_reader, open_writer
from tocsin.store.migrate import SQLITE, migrate
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

T = TypeVar("T")


class SqliteConnection:
    """A connection to the file, as the store's statements use it."""

    ONE_OF = "IN (SELECT value FROM json_each(?))"
    NOW = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    EACH = "jsonb_each(?)"
    # Of very many only the newest are looked at, which the index gives in their order.
    HAS_WORDS = "d.id IN (SELECT rowid FROM search_words WHERE search_words MATCH ? ORDER BY rowid DESC LIMIT 1000)"
    LOCKED = SHARED = UNLOCKED_ONLY = ""  # there is one writer

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.is_short_of_space = False  # whether a part of the transaction has found the disk full

    def sought(self, words: Sequence[str]) -> str:
        """A query of FTS5."""
        return " ".join(f'"{word}"*' for word in words)

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the result."""
        return list(self._connection.execute(sql, values))

    def many(self, sql: str, rows: Iterable[Row]) -> int:
        """Run the statement once for each row of values."""
        before = self._connection.total_changes()
        self._connection.executemany(sql, rows)
        return self._connection.total_changes() - before

    def list_of(self, values: Collection[str] | Collection[int]) -> Any:
        """A list as one value: JSON."""
        return codec.to_json(list(values))

    def try_lock(self, number: int) -> bool:
        """There is one writer."""
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone when its block raises."""
        self.refuse_if_undone()
        with as_store_error(self._connection.filename):
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO part; RELEASE part")
                self.is_short_of_space |= isinstance(error, apsw.FullError)
                if isinstance(error, apsw.ConstraintError):
                    raise Stale(str(error)) from error
                raise
            self._connection.execute("RELEASE part")

    def refuse_if_undone(self) -> None:
        """A full disk can undo the transaction, not the statement alone: what followed would be committed by itself."""
        if not self._connection.in_transaction:
            message = "the disk is full or fails, and the transaction was undone"
            raise StoreError(f"database {self._connection.filename}: {message}")


class SqliteReader:
    """The reading connection: what SQLite refuses is told as StoreError."""

    ONE_OF = SqliteConnection.ONE_OF
    NOW = SqliteConnection.NOW
    HAS_WORDS = SqliteConnection.HAS_WORDS

    def __init__(self, connection: apsw.Connection) -> None:
        self._reading = SqliteConnection(connection)
        self._filename = connection.filename

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the result."""
        with as_store_error(self._filename):
            return self._reading.all(sql, *values)

    def sought(self, words: Sequence[str]) -> str:
        """A query of FTS5."""
        return self._reading.sought(words)

    def list_of(self, values: Collection[str] | Collection[int]) -> Any:
        """A list as one value: JSON."""
        return self._reading.list_of(values)


class SqliteStore:
    """The store in a file; created and migrated when it is opened. Close it when done."""

    keeps_time = False  # its clock is the machine's
    look_every = timedelta(seconds=30)  # nobody else writes: what is new is told, looking is the net below that

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"database {path}"
        with as_store_error(path), ExitStack() as opened:
            self._writer = opened.enter_context(closing(open_writer(path)))
            self._file = _identity(path)
            self.schema = migrate(SQLITE, _Migrated(self._writer))
            self.queries = Queries(SqliteReader(opened.enter_context(closing(open_reader(path)))))
            self._opened = opened.pop_all()
        self._ballast = Ballast(path)

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk was found full, and only what runs already should be written."""
        return self._ballast.is_given_up

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable transaction: committed, with one fsync, when the block ends; rolled back when it raises.

        Raises StoreError when the commit fails: then nothing of it is there. It is InTheWay where there is space for it
        now that the ballast is given up.
        """
        self._ballast.take_on_again()
        connection = SqliteConnection(self._writer)
        with as_store_error(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
                connection.refuse_if_undone()
                if connection.is_short_of_space:
                    self._make_room()
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if connection.is_short_of_space or isinstance(error, apsw.FullError):
                    self._make_room()
                raise

    def _make_room(self) -> None:
        if self._ballast.give_up():
            raise InTheWay(f"{self.name}: the disk was full; there is a little space now")

    def apart(self) -> Reads:
        """A reading connection for a thread of its own."""
        with as_store_error(self.path):
            return SqliteReader(self._opened.enter_context(closing(open_reader(self.path))))

    async def read(self, ask: Callable[[Queries], T]) -> T:
        """The answer to `ask`, at once: a query takes less time than handing it to a thread."""
        return ask(self.queries)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Keep a second server off the file, and take up what the last one was delivering when it died."""
        with ServerLock(self.path):
            if self._file != _identity(self.path):
                raise StoreError(f"{self.name}: it was replaced this moment, by a restoration: start again")
            self._ballast.take_on()
            with self.transaction() as tx:
                tx.outbox.release_all()
                tx.nodes.forget_all()
            yield

    @contextmanager
    def listening(self, heard: Callable[[], None]) -> Iterator[None]:
        """Nobody else writes: there is nothing to hear."""
        yield

    def announce(self) -> None:
        """Nobody else listens."""

    def close(self) -> None:
        """Checkpoint and close both connections."""
        self._opened.close()


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is, whatever its name."""
    found = path.stat()
    return found.st_dev, found.st_ino


class _Migrated:
    """The file as `migrate` sees it; `user_version` is its schema's number."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def current(self) -> int:
        return int(self._connection.pragma("user_version"))

    def apply(self, number: int, text: str) -> None:
        with self._connection:
            for _ in self._connection.execute(text):
                pass
            self._connection.pragma("user_version", number)
