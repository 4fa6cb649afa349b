"""What has a database promised? A client that writes numbers, and keeps in mind which of them it was told are kept."""

import contextlib
import itertools
import os
import socket
import threading
import time
from types import TracebackType
from typing import Self

import psycopg

from tests.system.waiting import until

_PATIENCE = 8.0  # a primary that is frozen keeps its connections: only the client can tell


class Ledger:
    """Writes one number after the other, over one connection, until the block ends; starts over where that breaks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.acknowledged: set[int] = set()
        self.unanswered: set[int] = set()  # it may be in, it may be not
        self._numbers = itertools.count(1)
        self._is_over = threading.Event()
        self._asked_at = 0.0
        self._connection: psycopg.Connection[tuple[int]] | None = None
        self._threads = [threading.Thread(target=work, name="ledger") for work in (self._run, self._watch)]

    def __enter__(self) -> Self:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE ledger (number bigint PRIMARY KEY)")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_progress(self, within: float = 60) -> None:
        """Return once a hundred more numbers are acknowledged."""
        goal = len(self.acknowledged) + 100
        until(lambda: len(self.acknowledged) >= goal, "the ledger is written", within)

    def lost(self) -> set[int]:
        """The numbers that were promised and aren't there."""
        promised = set(self.acknowledged)  # before it is looked: more may be promised meanwhile
        with psycopg.connect(self.url, autocommit=True) as connection:
            return promised - {number for (number,) in connection.execute("SELECT number FROM ledger")}

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._asked_at = time.monotonic()
            try:
                with psycopg.connect(self.url, autocommit=True) as self._connection:
                    self._write(self._connection)
            except psycopg.Error:
                self._is_over.wait(0.1)

    def _write(self, connection: "psycopg.Connection[tuple[int]]") -> None:
        while not self._is_over.is_set():
            number = next(self._numbers)
            self.unanswered.add(number)
            self._asked_at = time.monotonic()
            connection.execute("INSERT INTO ledger VALUES (%s)", (number,))
            self.unanswered.remove(number)
            self.acknowledged.add(number)

    def _watch(self) -> None:
        """Hang up on a database that doesn't answer."""
        while self._threads[0].is_alive():
            time.sleep(0.1)
            if self._connection and not self._connection.closed and time.monotonic() > self._asked_at + _PATIENCE:
                with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
                    ours.shutdown(socket.SHUT_RDWR)
