"""Where is it kept on one machine? A SQLite file: one connection that writes, one that reads."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

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
                tx = Transaction(self._writer)
                yield tx
                tx.refuse_if_undone()
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Checkpoint and close both connections."""
        self._opened.close()
