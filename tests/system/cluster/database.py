"""What does a round see of a database on other machines? What every database shows it, whichever is the primary."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from tests.system.checker.evidence import Json
from tests.system.crash.databases import OF_ONE_MOMENT
from tests.system.waiting import until


class RemoteDatabase:
    """A new database on the primary among `hosts`. Its URL names them, and nothing of how to deal with them."""

    def __init__(self, hosts: str) -> None:
        admin = f"postgresql://postgres@{hosts}/postgres?target_session_attrs=primary"
        with psycopg.connect(admin, autocommit=True) as session:
            session.execute("CREATE DATABASE tocsin")
        self.url = f"postgresql://postgres@{hosts}/tocsin"

    def token_files(self, home: Path) -> list[Path]:
        return list((home / ".local/share/tocsin").glob("*.token"))

    def ask(self, *queries: str) -> list[list[Json]]:
        """The rows of each query, all as of one moment; asked again while there is no primary."""
        answers: list[list[Json]] = []
        until(lambda: self._has_answered(queries, answers), "the database answers", within=60)
        return answers

    def _has_answered(self, queries: Sequence[str], answers: list[list[Json]]) -> bool:
        try:
            primary = f"{self.url}?target_session_attrs=primary&connect_timeout=2"
            with closing(psycopg.connect(primary, row_factory=dict_row, options=OF_ONE_MOMENT)) as connection:
                answers[:] = [connection.execute(sql.encode()).fetchall() for sql in queries]
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        """It goes with its machines."""
