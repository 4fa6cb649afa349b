"""How is everything put into one file while the server runs? As it stands at one moment, verified, or not at all.

A backup is always a SQLite file of the same schema, wherever it comes from: it can be looked at with any tool, and
restored into either database. It holds what the database holds, hashes of tokens too: mode 0600.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import apsw
from msgspec import Struct

from tocsin.errors import InvalidInput, StoreError
from tocsin.store import codec
from tocsin.store.address import is_on_a_server, path_of
from tocsin.store.connection import Reads
from tocsin.store.copying import in_parts, inserting, tables_of
from tocsin.store.file import as_store_error, open_reader
from tocsin.store.migrate import SQLITE, migrations
from tocsin.store.snapshot import file_moment, in_order, snapshot
from tocsin.store.sqlite import SqliteReader
from tocsin.store.verify import Verification

TAKEN_AT = "backup_taken_at"


class Backup(Struct, frozen=True):
    """A backup that was written and verified."""

    file: Path
    incidents: int
    events: int
    size: int


def back_up(url: str, file: Path, now: datetime) -> Backup:
    """Write a backup of the database to a new file.

    Raises InvalidInput where the file exists, StoreError where it can't be written or the database is not sound.
    """
    if file.exists():
        raise InvalidInput(f"{file}: exists already; a backup never replaces one: name another file")
    with beside(file) as unfinished:
        _write(url, unfinished, now)
        verification = verified(unfinished)
        _publish(unfinished, file)
    return Backup(file, verification.incidents, verification.events, file.stat().st_size)


def keep_aside(url: str, file: Path, now: datetime) -> None:
    """Write what the database holds to a new file, sound or not."""
    with beside(file) as unfinished:
        _write(url, unfinished, now)
        _publish(unfinished, file)


def _write(url: str, file: Path, now: datetime) -> None:
    if is_on_a_server(url):
        _copy_rows(url, file)
    else:
        with snapshot(url):
            copy_file(path_of(url), file)
    _finish(file, now)


def verified(file: Path) -> Verification:
    """The verification of a file; raises StoreError with its first fault."""
    with file_moment(file) as (reads, _):
        (answer,) = reads.all("PRAGMA integrity_check(1)")
        if answer[0] != "ok":
            raise StoreError(f"{file}: it is damaged: {answer[0]}")
        verification = Verification(reads)
        fault = next(verification.faults(), None)
    if fault is not None:
        raise StoreError(f"{file}: not sound: {fault}; `tocsin verify --all` lists everything")
    return verification


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A new file in the same folder, for its owner alone; gone when the block ends."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreError(f"{file}: can't be written: {error.strerror}") from error
    try:
        yield unfinished
    finally:
        for name in (unfinished.name, f"{unfinished.name}-journal", f"{unfinished.name}-wal", f"{unfinished.name}-shm"):
            unfinished.with_name(name).unlink(missing_ok=True)


def copy_file(path: Path, to: Path) -> None:
    """A SQLite file as it stands, whoever writes it: all of it in one step, for in several it would begin anew."""
    with (
        as_store_error(path),
        closing(open_reader(path)) as source,
        closing(apsw.Connection(str(to))) as target,
        target.backup("main", source, "main") as copy,
    ):
        copy.step()


def _copy_rows(url: str, file: Path) -> None:
    """Every row of a database on a server, as of one moment."""
    with snapshot(url) as reads, as_store_error(file), closing(apsw.Connection(str(file))) as target:
        target.pragma("synchronous", "off")  # it is synced once, when it is complete
        with target:
            for number, text in migrations(SQLITE):
                list(target.execute(text))
                target.pragma("user_version", number)
            target.execute("DELETE FROM meta")
            for table, (key, others) in tables_of(SqliteReader(target)).items():
                _copy_table(reads, target, table, key, others)


def _copy_table(
    reads: Reads, target: apsw.Connection, table: str, key: tuple[str, ...], others: tuple[str, ...]
) -> None:
    insert = inserting(table, (*key, *others))
    for part in in_parts(in_order(reads, others, table, key)):
        target.executemany(insert, part)


def _finish(file: Path, now: datetime) -> None:
    """One file that needs no other beside it, without the nodes of then, and with its time."""
    with as_store_error(file), closing(apsw.Connection(str(file))) as connection:
        connection.pragma("journal_mode", "delete")
        with connection:
            connection.execute("DELETE FROM nodes")
            connection.execute("DELETE FROM meta WHERE name = ?", (TAKEN_AT,))
            connection.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (TAKEN_AT, str(codec.to_column(now))))


def _publish(unfinished: Path, file: Path) -> None:
    """Give the file its name, where nobody has it yet, and durably."""
    try:
        sync(unfinished)
        os.link(unfinished, file)
        sync(file.parent)
    except FileExistsError as error:
        raise InvalidInput(f"{file}: exists already; a backup never replaces one: name another file") from error
    except OSError as error:
        raise StoreError(f"{file}: can't be written: {error.strerror}") from error


def sync(path: Path) -> None:
    """Have the file, or the folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
