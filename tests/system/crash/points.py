"""Where does a server die? Before and after every commit and every request to a vendor, over all its threads.

The product knows nothing of it: its two seams, a store's transaction and the sender's `send`, are wrapped from outside
before the server starts. Each point that is reached is a line of a file; the last line of a dead server names its end.
"""

import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tocsin.engine.sender import Look, Sender, no_look
from tocsin.integrations.wire import Reply, Request
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore


class Doom:
    """Ends the process at its `dies_at`-th point by SIGKILL; None lets it live. `told` gets a line a point."""

    def __init__(self, dies_at: int | None, told: Path) -> None:
        self._dies_at = dies_at
        self._reached = 0
        self._told = told
        self._lock = threading.Lock()

    def reach(self, what: str) -> None:
        """One more point; it does not return from the last one."""
        with self._lock:
            self._reached += 1
            is_last = self._reached == self._dies_at
            with self._told.open("a", encoding="utf-8") as told:
                told.write(f"{self._reached} {what}{' †' if is_last else ''}\n")
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)

    def befall(self) -> None:
        """Lay the points into the store and the sender."""
        SqliteStore.transaction = self._around_commits(SqliteStore.transaction)  # type: ignore[method-assign]
        PostgresStore.transaction = self._around_commits(PostgresStore.transaction)  # type: ignore[method-assign]
        Sender.send = self._around_requests(Sender.send)  # type: ignore[method-assign]

    def _around_commits(self, transaction: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
        @contextmanager
        def doomed(*given: Any, **named: Any) -> Iterator[Any]:
            with transaction(*given, **named) as tx:
                yield tx
                self.reach("before commit")
            self.reach("after commit")

        return doomed

    def _around_requests(self, send: Callable[[Sender, Request, Look], Awaitable[Reply]]) -> Callable[..., Any]:
        async def doomed(sender: Sender, request: Request, last_look: Look = no_look) -> Reply:
            async def look() -> None:
                await last_look()
                self.reach("as the request leaves")

            self.reach("before request")
            try:
                return await send(sender, request, look)
            finally:
                self.reach("after request")

        return doomed


def point_of_death(told: Path) -> str | None:
    """Where the newest life that wrote the file ended by its doom; None while it lives, or ended otherwise."""
    lines = told.read_text().splitlines() if told.exists() else []
    return lines[-1].removesuffix(" †") if lines and lines[-1].endswith("†") else None
