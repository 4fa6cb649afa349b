"""What if the disk fails at this very commit? SQLite's own hooks, set on each connection as it is opened.

Nothing of the product is replaced: a commit that the hook refuses is rolled back by SQLite, as for a failing disk, and
one that is reported as failed after it was written is there all the same, as after a power cut.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import apsw

from tocsin.store.ballast import SIZE, Ballast

_PATIENCE_SECONDS = 30


class Disk:
    """Counts the commits that change something. `dies_before` and `dies_after` name one by its number, from 1 on."""

    def __init__(self) -> None:
        self.commits = 0
        self.dies_before: int | None = None
        self.dies_after: int | None = None
        self.is_dead = False
        self.before_commit: Callable[[], object] = lambda: None
        self._writers: list[apsw.Connection] = []
        self._changes = 0

    def __enter__(self) -> Self:
        apsw.connection_hooks.append(self._opened)
        return self

    def __exit__(self, *_: object) -> None:
        apsw.connection_hooks.remove(self._opened)

    def revive(self) -> None:
        """Take everything again."""
        self.is_dead, self.dies_before, self.dies_after = False, None, None

    def fill_up(self) -> None:
        """Let no file grow."""
        self._limit(lambda writer: int(writer.pragma("page_count")))

    def make_space(self) -> None:
        """Let every file grow again."""
        self._limit(lambda _: 1_000_000)

    def wait_less(self) -> None:
        """Give up at once where another program holds the file."""
        for writer in self._writers:
            writer.set_busy_timeout(1)

    def _limit(self, pages: Callable[[apsw.Connection], int]) -> None:
        for writer in self._writers:
            writer.pragma("max_page_count", pages(writer))

    def _opened(self, connection: apsw.Connection) -> None:
        if not connection.readonly("main"):
            self._writers.append(connection)
            connection.set_commit_hook(partial(self._begin, connection))
            connection.set_wal_hook(self._end)

    def _begin(self, connection: apsw.Connection) -> bool:
        """Whether the commit that is about to be written is refused."""
        changes, self._changes = self._changes, connection.total_changes()
        if changes == self._changes:
            return False
        self.before_commit()
        if self.commits + 1 == self.dies_before:
            self.is_dead = True
        return self.is_dead

    def _end(self, connection: apsw.Connection, name: str, pages: int) -> int:
        """The result that is reported of the commit that was just written."""
        self.commits += 1
        if self.commits == self.dies_after:
            self.is_dead = True
        return apsw.SQLITE_IOERR if self.is_dead else apsw.SQLITE_OK


def lay_ballast(database: Path) -> None:
    """Let the server find its ballast there, as after a restart: to make it takes 30 ms, and the disk has space."""
    with Ballast(database).path.open("wb") as ballast:
        ballast.truncate(SIZE)


class Gate:
    """A place where a thread waits until it is let through."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self, *_: object) -> None:
        self._reached.set()
        assert self._opened.wait(_PATIENCE_SECONDS), "nobody has opened the gate"

    async def reached(self) -> None:
        """Wait until the thread waits there."""
        assert await asyncio.to_thread(self._reached.wait, _PATIENCE_SECONDS), "nobody has come to the gate"

    def open(self) -> None:
        self._opened.set()
