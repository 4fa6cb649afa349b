"""How do nodes wake each other? By NOTIFY and LISTEN; looking from time to time is the net below it.

A NOTIFY in every commit would cost six sevenths of the commits, so what is new is told at most 20 times a second, on a
connection of its own.
"""

import logging
import threading
import time
from collections.abc import Callable

import psycopg

from tocsin.errors import StoreError
from tocsin.store.postgres_connection import PostgresConnection

logger = logging.getLogger(__name__)

_CHANNEL = "tocsin"
_APART_SECONDS = 0.05
_PATIENCE_SECONDS = 1.0


class Bell:
    """Tells the other nodes of commits, and hears of theirs; `heard` is called in a thread of the bell's own."""

    def __init__(self, url: str, heard: Callable[[], None]) -> None:
        self._telling = PostgresConnection(url)
        self._hearing = PostgresConnection(url)
        self.connections = (self._telling, self._hearing)
        self._heard = heard
        self._own_pid = 0
        self._is_news = threading.Event()
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, connection), name=f"tocsin-{name}", daemon=True)
            for work, connection, name in (
                (self._tell, self._telling, "bell"),
                (self._listen, self._hearing, "ear"),
            )
        ]

    def start(self) -> None:
        """Begin to tell and to listen."""
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """Something was committed; returns at once."""
        self._is_news.set()

    def stop(self) -> None:
        """End both."""
        self._is_over.set()
        self._is_news.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[PostgresConnection], None], connection: PostgresConnection) -> None:
        while not self._is_over.is_set():
            try:
                work(connection)
            except (StoreError, psycopg.Error) as error:
                logger.warning("nodes can't wake each other for now, only look for themselves: %s", error)
                connection.close()
                self._is_over.wait(_PATIENCE_SECONDS)
        connection.close()

    def _tell(self, connection: PostgresConnection) -> None:
        if not self._is_news.wait(_PATIENCE_SECONDS):
            return
        self._is_news.clear()
        if not self._is_over.is_set():
            raw = connection.open()
            self._own_pid = raw.info.backend_pid
            raw.execute(f"NOTIFY {_CHANNEL}")
            time.sleep(_APART_SECONDS)

    def _listen(self, connection: PostgresConnection) -> None:
        raw = connection.open()
        raw.execute(f"LISTEN {_CHANNEL}")
        self._heard()  # while nobody listened, something may have happened
        while not self._is_over.is_set():
            for notify in raw.notifies(timeout=_PATIENCE_SECONDS, stop_after=1):
                if notify.pid != self._own_pid:
                    self._heard()
