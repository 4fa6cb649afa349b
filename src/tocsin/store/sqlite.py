"""Where is it kept on one machine? A SQLite file: one connection that writes, one that reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from tocsin.errors import StoreError
from tocsin.store.connection import open_reader, open_writer
from tocsin.store.migrate import migrate
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction


class SqliteStore:
    """The store in a file; created and migrated when it is opened. Close it when done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = open_writer(path)
        migrate(self._writer)
        self._reader = open_reader(path)
        self.queries = Queries(self._reader)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable transaction: committed, with one fsync, when the block ends; rolled back when it raises.

        Raises StoreError when the commit fails: then nothing of it is there.
        """
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(self._writer)
            self._writer.execute("COMMIT")
        except apsw.Error as error:
            self._roll_back()
            raise StoreError(f"database {self.path}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone: undone when the block raises, and the rest goes on."""
        with self._writer:
            yield

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def close(self) -> None:
        """Checkpoint and close both connections."""
        self._reader.close()
        self._writer.close()
