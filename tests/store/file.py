"""What does the database itself hold? Read and changed from outside, as an operator or another program would."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from tests.postgres import run_sql
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore


def rows_of(place: Path | Store, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement on a connection of its own; what it changes is committed."""
    if isinstance(place, PostgresStore):
        return run_sql(place.url, sql, *values)
    path = place.path if isinstance(place, SqliteStore) else place
    with closing(apsw.Connection(str(path))) as connection:
        connection.set_busy_timeout(20_000)  # milliseconds: a node may be writing
        return list(connection.execute(sql, values))
