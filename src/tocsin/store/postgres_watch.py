"""What if the server neither answers nor goes away? A frozen machine keeps TCP alive, and would be waited for for ever.

One thread looks once a second. Once a connection has waited for the same answer for too long, all are cut: each of the
others would find out by waiting as long. Whoever waits on one is told that the connection was lost.
"""

import contextlib
import os
import socket
import threading
from typing import Protocol

PATIENCE_SECONDS = 10


class Watched(Protocol):
    """A connection that can be cut from another thread."""

    def waiting_for(self) -> int | None:
        """The number of the request that it waits for an answer to; None while it waits for none."""

    def hang_up(self) -> None:
        """End it; a thread that waits on it gets the error."""


class Watch:
    """Cuts the connections to a server that has not answered one of them for PATIENCE_SECONDS."""

    def __init__(self, patience_seconds: int = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._watched: list[Watched] = []
        self._seen: dict[int, tuple[int, int]] = {}  # place in the list -> the request, and for how many looks
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tocsin-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over.set()
        self._thread.join()

    def add(self, connection: Watched) -> None:
        """Watch this connection, too, from now on."""
        self._watched.append(connection)

    def _run(self) -> None:
        while not self._is_over.wait(1.0):
            waited = [self._looks_at(place, connection) for place, connection in enumerate(list(self._watched))]
            if max(waited, default=0) > self._patience:
                for connection in list(self._watched):
                    connection.hang_up()
                self._seen.clear()

    def _looks_at(self, place: int, connection: Watched) -> int:
        """For how many looks it has waited for the same answer, this one included."""
        request = connection.waiting_for()
        if request is None:
            self._seen.pop(place, None)
            return 0
        before, looks = self._seen.get(place, (request, 0))
        looks = looks + 1 if before == request else 1
        self._seen[place] = request, looks
        return looks


def cut(descriptor: int) -> None:
    """End the connection of a socket that another thread may wait on; that thread gets the error."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
