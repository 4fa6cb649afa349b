"""What does each test of the watchman begin with? A database of its own, of both kinds where what is asked is SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Cluster
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new database; what holds on one holds on the other."""
    if request.param == "sqlite":
        file = SqliteStore(tmp_path / "tocsin.db")
        yield file
        file.close()
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.migrated_database()
    on_server = PostgresStore(url)
    yield on_server
    on_server.close()
    cluster.drop_database(url)
