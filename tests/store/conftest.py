"""What does each test of the store begin with? A new database of its own, opened for real: a file, and PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from tests.postgres import Cluster
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


@pytest.fixture
def connections() -> Iterator[list[apsw.Connection]]:
    """What is opened from now on: a store's connection that writes, then the one that reads."""
    opened: list[apsw.Connection] = []
    apsw.connection_hooks.append(opened.append)
    yield opened
    apsw.connection_hooks.remove(opened.append)


@pytest.fixture
def file_store(path: Path) -> Iterator[SqliteStore]:
    """A store in a file, for what only files have."""
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def postgres_store(postgres: Cluster) -> Iterator[PostgresStore]:
    """A store in PostgreSQL, for what only that has."""
    opened = PostgresStore(postgres.migrated_database())
    yield opened
    opened.close()
    postgres.drop_database(opened.url)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """The contract holds on both."""
    name = "file_store" if request.param == "sqlite" else "postgres_store"
    opened: Store = request.getfixturevalue(name)
    return opened


@pytest.fixture
def reopened() -> Iterator[Callable[[Store], Store]]:
    """The same database, opened once more; closed at the end."""
    stores: list[Store] = []

    def open_again(store: Store) -> Store:
        again = PostgresStore(store.url) if isinstance(store, PostgresStore) else SqliteStore(_path_of(store))
        stores.append(again)
        return again

    yield open_again
    for opened in stores:
        opened.close()


def _path_of(store: Store) -> Path:
    assert isinstance(store, SqliteStore)
    return store.path
