"""What if the server neither answers nor goes away? A frozen machine keeps TCP alive, and would be waited for for ever.

One thread looks once a second; a connection that has waited for the same answer for too long is cut, and whoever waits
on it is told that the connection was lost.
"""

import contextlib
import os
import socket
import threading
from typing import Protocol

PATIENCE_SECONDS = 10


class Watched(Protocol):
    """A connection that can be cut from another thread."""

    def waiting_for(self) -> tuple[int, int] | None:
        """The number of the request that it waits for an answer to, and its socket; None while it waits for none."""


class Watch:
    """Cuts connections whose server has not answered for PATIENCE_SECONDS."""

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
            for place, connection in enumerate(list(self._watched)):
                self._look(place, connection)

    def _look(self, place: int, connection: Watched) -> None:
        waiting = connection.waiting_for()
        if waiting is None:
            self._seen.pop(place, None)
            return
        request, descriptor = waiting
        before, looks = self._seen.get(place, (request, 0))
        looks = looks + 1 if before == request else 1
        self._seen[place] = request, looks
        if looks > self._patience:
            cut(descriptor)


def cut(descriptor: int) -> None:
    """End the connection of a socket that another thread waits on; that thread gets the error."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
