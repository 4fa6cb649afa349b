"""Where does a round keep its data, and how is it read without being changed?"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.system.checker.evidence import Json


class SqliteFile:
    """A file in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "tocsin.db"
        self.url = f"sqlite:///{self._path}"
        self.token_file = directory / "tocsin.db.token"

    def read(self, sql: str) -> list[Json]:
        """The rows of a query."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]
