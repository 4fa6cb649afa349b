"""Where does a round keep its data, and how is it read without being changed?"""

import atexit
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg.rows import dict_row

from tests.postgres import Cluster
from tests.system.checker.evidence import Json

OF_ONE_MOMENT = "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"


class Database(Protocol):
    """A new, empty database."""

    url: str

    def token_files(self, home: Path) -> list[Path]:
        """The files with the token of a server whose HOME that is, as far as there are any."""

    def ask(self, *queries: str) -> list[list[Json]]:
        """The rows of each query, all as of one moment, as seen by somebody who may only read."""

    def close(self) -> None:
        """Nobody needs it any more."""


class SqliteFile:
    """A file in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "tocsin.db"
        self.url = f"sqlite:///{self._path}"

    def token_files(self, home: Path) -> list[Path]:
        token = self._path.with_name("tocsin.db.token")
        return [token] if token.exists() else []

    def ask(self, *queries: str) -> list[list[Json]]:
        opened = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10, isolation_level=None)
        with closing(opened) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            return [[dict(row) for row in connection.execute(sql)] for sql in queries]

    def close(self) -> None:
        """The file goes with its directory."""


class PostgresDatabase:
    """A database in this process's own PostgreSQL."""

    def __init__(self) -> None:
        self.url = postgres().new_database()
        self._connection = psycopg.connect(self.url, autocommit=True, row_factory=dict_row, options=OF_ONE_MOMENT)

    def token_files(self, home: Path) -> list[Path]:
        return list((home / ".local/share/tocsin").glob("*.token"))

    def ask(self, *queries: str) -> list[list[Json]]:
        with self._connection.transaction():
            return [self._connection.execute(sql.encode()).fetchall() for sql in queries]

    def close(self) -> None:
        self._connection.close()
        postgres().drop_database(self.url)


@cache
def postgres() -> Cluster:
    """The PostgreSQL of this process, started when it is first asked for; it ends with the process."""
    directory = tempfile.TemporaryDirectory(prefix="tocsin-postgresql-")
    atexit.register(directory.cleanup)
    cluster = Cluster(Path(directory.name))
    atexit.register(cluster.stop)
    return cluster.start()
