"""What does each test of the engine begin with? A new database file, and vendors of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.disk import Disk
from tests.engine.rehearsal import Rehearsal
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.store.sqlite import SqliteStore


@pytest.fixture
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


@pytest.fixture
def disk() -> Iterator[Disk]:
    """The disk under every database that the test opens from now on."""
    with Disk() as disk:
        yield disk


@pytest.fixture
def store(path: Path, disk: Disk) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def rehearsal(path: Path) -> Iterator[Rehearsal]:
    with Rehearsal(path) as rehearsal:
        yield rehearsal


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
