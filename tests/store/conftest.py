"""What does each test of the store begin with? A new SQLite file of its own, opened for real."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

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
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()
