"""How is the SQLite file opened? Durable (WAL, `synchronous=FULL`), by one server at a time, readable by its owner."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from tocsin.errors import StoreError

_FIXED_WAL_BUG = (3, 51, 3)
_BUSY_TIMEOUT_MS = 5_000
_CACHE_KIB = 16 * 1024
_REMEDIES: dict[type[apsw.Error], str] = {
    apsw.BusyError: "another program holds it: end that program",
    apsw.CantOpenError: "let the user that runs Tocsin write the file and its folder",
    apsw.CorruptError: "stop Tocsin, keep the file, and restore a backup",
    apsw.FullError: "free some space",
    apsw.IOError: "the disk fails: see the system's log",
    apsw.NotADBError: "name another file, or move this one away",
    apsw.ReadOnlyError: "let the user that runs Tocsin write the file and its folder",
}


@contextmanager
def as_store_error(path: str | Path) -> Iterator[None]:
    """Raise what SQLite refuses as StoreError: which file, what is wrong, what to do."""
    try:
        yield
    except apsw.Error as error:
        remedy = _REMEDIES.get(type(error))
        raise StoreError(f"database {path}: {error}{f'; {remedy}' if remedy else ''}") from error


def open_writer(path: Path) -> apsw.Connection:
    """The one connection that writes and checkpoints."""
    _refuse_old_sqlite()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(f"database {path}: can't be opened for writing: {error}") from error
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("foreign_keys", True)
    connection.pragma("cache_size", -_CACHE_KIB)  # a storm writes its index at random places
    connection.pragma("temp_store", "memory")  # what a savepoint keeps to undo itself: a batch's pages, for a moment
    return connection


def open_reader(path: Path) -> apsw.Connection:
    """A connection that only reads; it sees what was committed when each of its statements begins."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    return connection


def _refuse_old_sqlite() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < _FIXED_WAL_BUG:
        raise StoreError(f"SQLite {apsw.sqlite_lib_version()} can corrupt its log: install apsw 3.51.3 or newer")


class ServerLock:
    """Keeps a second server off the same file: two writers would starve each other, and page twice."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._file: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{self._path}: another `tocsin serve` uses this database; stop it first") from error
        except OSError as error:
            raise StoreError(f"{self._path}: can't be locked: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
