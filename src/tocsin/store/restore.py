"""How does a backup come into the place of a database? Prepared in a file of its own, put in place in one step.

Whatever goes wrong before that step, the database is as it was; and what it held is kept aside.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import apsw
from msgspec import Struct

from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.address import is_on_a_server, path_of
from tocsin.store.backup import beside, copy_file, keep_aside, sync, verified
from tocsin.store.connection import Reads
from tocsin.store.file import ServerLock, as_store_error
from tocsin.store.open import open_store
from tocsin.store.rederive import rederive_if_older
from tocsin.store.snapshot import file_moment, moment_of
from tocsin.store.sqlite import SqliteStore

_SINCE_NODES = 2  # the schema that has them
_ALIVE_SECONDS = 30.0  # since when a node that hasn't told of itself is taken for ended


class Present(Struct, frozen=True):
    """What a database holds that a restoration must know of; nothing, where it is empty or can't be read."""

    installation: str = ""
    newest_at: datetime | None = None
    incidents: int = 0
    numbers: dict[int, int] = {}
    tokens: frozenset[str] = frozenset()


def present_in(reads: Reads) -> Present:
    """What the database holds now."""
    installation = reads.all("SELECT value FROM meta WHERE name = 'installation'")
    return Present(
        installation=installation[0][0] if installation else "",
        newest_at=codec.optional_from_column(reads.all("SELECT max(at) FROM events")[0][0]),
        incidents=reads.all("SELECT count(*) FROM incidents")[0][0],
        numbers={row[0]: row[1] for row in reads.all("SELECT year, last FROM incident_numbers")},
        tokens=frozenset(row[0] for row in reads.all("SELECT hash FROM tokens")),
    )


def present_of(url: str) -> Present:
    """What the database of that URL holds now; of a file that is damaged, nothing can be said."""
    if not is_on_a_server(url) and not path_of(url).exists():
        return Present()
    with moment_of(url) as (reads, schema):
        return present_in(reads) if schema else Present()


def what_would_be_lost(present: Present, backup: Present) -> str | None:
    """What the database holds and the backup doesn't, in words; None where there is nothing."""
    if not present.incidents or present.newest_at is None:
        return None
    if present.installation != backup.installation:
        return f"{present.incidents} incidents of another installation"
    if backup.newest_at is None or present.newest_at > backup.newest_at:
        return f"what was recorded until {present.newest_at:%Y-%m-%d %H:%M:%S} UTC"
    return None


@contextmanager
def prepared(file: Path, place: Path) -> Iterator[Path]:
    """A copy of the backup beside `place`, in today's schema and verified; gone when the block ends."""
    with beside(place) as copy:
        _refuse_what_is_no_backup(file)
        copy_file(file, copy)
        with closing(SqliteStore(copy)) as store:
            rederive_if_older(store)
        verified(copy)
        yield copy


def _refuse_what_is_no_backup(file: Path) -> None:
    with file_moment(file) as (reads, schema):
        if not schema or not reads.all("SELECT 1 FROM sqlite_schema WHERE name = 'events'"):
            raise StoreError(f"{file}: this is no backup of Tocsin")


@contextmanager
def nobody_serves(url: str) -> Iterator[None]:
    """Keep servers off a file; raises StoreError where one serves the database."""
    if not is_on_a_server(url):
        with ServerLock(path_of(url)):
            yield
        return
    alive = _nodes_alive(url)
    if alive:
        raise StoreError(f"the database is served by {', '.join(alive)}: stop every node first")
    yield


def _nodes_alive(url: str) -> list[str]:
    """The nodes that have told of themselves lately."""
    with moment_of(url) as (reads, schema):
        if schema < _SINCE_NODES:
            return []
        sql = f"SELECT id FROM nodes WHERE seen_at > {reads.NOW} - ? ORDER BY id"
        return [id_ for (id_,) in reads.all(sql, int(_ALIVE_SECONDS * 1_000_000))]


def install(prepared: Path, url: str, aside: Path, now: datetime) -> Path | None:
    """Put the prepared file in the database's place; returns where what was there is kept, None where nothing was."""
    if is_on_a_server(url):
        return _install_rows(prepared, url, aside, now)
    return _install_file(prepared, path_of(url), aside)


def _install_file(prepared: Path, path: Path, aside: Path) -> Path | None:
    with closing(apsw.Connection(str(prepared))) as connection:
        connection.pragma("journal_mode", "delete")  # nothing may lie beside it that belongs to it
    sync(prepared)
    kept = _link_aside(path, aside) if path.exists() else None
    prepared.replace(path)  # one step: the name means the old file or the new one, whenever power fails
    sync(path.parent)
    return kept


def _link_aside(path: Path, aside: Path) -> Path:
    """Give what is there a second name; its log is written into it first, for the new file must not find one."""
    try:
        with as_store_error(path), closing(apsw.Connection(str(path))) as connection:
            if connection.pragma("journal_mode", "delete") != "delete":
                raise apsw.BusyError("its log is in use")
    except StoreError as error:
        if isinstance(error.__cause__, apsw.BusyError):
            raise
        # Damaged: kept as it lies there.
        for end in ("-wal", "-shm"):
            log = path.with_name(path.name + end)
            if log.exists():
                log.rename(aside.with_name(aside.name + end))
    os.link(path, aside)
    return aside


def _install_rows(prepared: Path, url: str, aside: Path, now: datetime) -> Path | None:
    from tocsin.store.postgres_restore import replace_rows  # noqa: PLC0415  # libpq takes 100 ms

    is_filled = present_of(url).incidents > 0
    open_store(url).close()  # in today's schema
    if is_filled:
        aside.parent.mkdir(parents=True, exist_ok=True)
        keep_aside(url, aside, now)
    replace_rows(prepared, url)
    return aside if is_filled else None
