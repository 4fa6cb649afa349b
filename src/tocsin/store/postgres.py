"""Where do several nodes keep it? In PostgreSQL: a connection that writes, a few that read, two that wake others."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from tocsin.store.bell import Bell
from tocsin.store.connection import Reads
from tocsin.store.migrate import POSTGRES, migrate
from tocsin.store.postgres_connection import PostgresConnection, PostgresReader
from tocsin.store.postgres_watch import Watch
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

T = TypeVar("T")

_READERS = 4
_MIGRATION_LOCK = 0x746F6373696E  # "tocsin": one node migrates at a time


class PostgresStore:
    """The store in a PostgreSQL database; migrated when it is opened. Close it when done."""

    keeps_time = True  # its clock is everybody's
    look_every = timedelta(seconds=2)  # other nodes write as well, and what they tell may be lost
    is_short_of_space = False  # where the server is, each commit fails: nothing can be set aside here

    def __init__(self, url: str) -> None:
        self.url = url
        self._writer = PostgresConnection(url)
        self.name = self._writer.name
        self._local = threading.local()
        self._opened: list[PostgresReader] = []
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="tocsin-reader")
        self._bell: Bell | None = None
        self._watch = Watch()
        self._watch.add(self._writer)
        self.schema = self._migrate()
        self._watch.start()

    def _migrate(self) -> int:
        with self._writer.faults():
            self._writer.begin()
            try:
                schema = migrate(POSTGRES, _Migrated(self._writer))
                self._writer.commit()
            except BaseException:
                self._writer.close()
                raise
        return schema

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable transaction: committed when the block ends; rolled back when it raises.

        Each statement sees what is committed when it begins; decisions are written where the state is still the one
        that was read. Raises StoreError when the commit fails: then its outcome is unknown.
        """
        with self._writer.faults():
            self._writer.begin()
            try:
                yield Transaction(self._writer)
                self._writer.commit()
            except BaseException:
                self._writer.roll_back()
                raise

    @property
    def queries(self) -> Queries:
        """The reading side, on a connection of the calling thread."""
        queries: Queries | None = getattr(self._local, "queries", None)
        if queries is None:
            queries = self._local.queries = Queries(self.apart())
        return queries

    def apart(self) -> Reads:
        """A reading connection for a thread of its own; it opens when it is first asked."""
        connection = PostgresConnection(self.url)
        self._watch.add(connection)
        reader = PostgresReader(connection)
        self._opened.append(reader)
        return reader

    async def read(self, ask: Callable[[Queries], T]) -> T:
        """The answer to `ask`, in a thread: a database that doesn't answer must not stop the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: ask(self.queries))

    @contextmanager
    def served(self) -> Iterator[None]:
        """Any number of nodes may serve the database."""
        yield

    @contextmanager
    def listening(self, heard: Callable[[], None]) -> Iterator[None]:
        """Call `heard`, in a thread, when another node has committed something."""
        self._bell = Bell(self.url, heard)
        for connection in self._bell.connections:
            self._watch.add(connection)
        self._bell.start()
        try:
            yield
        finally:
            self._bell.stop()
            self._bell = None

    def announce(self) -> None:
        """Tell the other nodes that something was committed."""
        if self._bell is not None:
            self._bell.ring()

    def close(self) -> None:
        """Close every connection."""
        self._watch.stop()
        self._readers.shutdown()
        self._writer.close()
        for reader in self._opened:
            reader.close()


class _Migrated:
    """The database as `migrate` sees it, inside one transaction, while no other node migrates."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        connection.run("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")  # a large table takes its time
        connection.all("SELECT pg_advisory_xact_lock(?)", _MIGRATION_LOCK)

    def current(self) -> int:
        self._connection.all("CREATE TABLE IF NOT EXISTS schema_version (number BIGINT PRIMARY KEY)")
        return int(self._connection.all("SELECT coalesce(max(number), 0) FROM schema_version")[0][0])

    def apply(self, number: int, text: str) -> None:
        self._connection.run(text)
        self._connection.all("INSERT INTO schema_version (number) VALUES (?)", number)
