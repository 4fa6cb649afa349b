"""Where is it kept on one machine? A SQLite file: one connection that writes, one that reads."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tocsin.errors import StoreError
from tocsin.store.connection import as_store_error, open_reader, open_writer
from tocsin.store.migrate import migrate
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction


class SqliteStore:
    """The store in a file; created and migrated when it is opened. Close it when done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with as_store_error(path), ExitStack() as opened:
            self._writer = opened.enter_context(closing(open_writer(path)))
            migrate(self._writer)
            self.queries = Queries(opened.enter_context(closing(open_reader(path))))
            self._opened = opened.pop_all()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable transaction: committed, with one fsync, when the block ends; rolled back when it raises.

        Raises StoreError when the commit fails: then nothing of it is there.
        """
        with as_store_error(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._writer)
                self._demand_transaction()
                self._writer.execute("COMMIT")
            except BaseException:
                self._roll_back("ROLLBACK")
                raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone: undone when the block raises, and the rest goes on."""
        self._demand_transaction()
        with as_store_error(self.path):
            self._writer.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self._roll_back("ROLLBACK TO part; RELEASE part")
                raise
            self._writer.execute("RELEASE part")

    def _demand_transaction(self) -> None:
        # A full disk can undo the transaction, not the statement alone: what followed would be committed by itself.
        if not self._writer.in_transaction:
            raise StoreError(f"database {self.path}: the disk is full or fails, and the transaction was undone")

    def _roll_back(self, statement: str) -> None:
        if self._writer.in_transaction:
            self._writer.execute(statement)

    def close(self) -> None:
        """Checkpoint and close both connections."""
        self._opened.close()
