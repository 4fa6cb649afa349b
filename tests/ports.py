"""Which port may a test name before anybody listens on it? One that nobody else takes meanwhile."""

import fcntl
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

_KEPT: list[IO[str]] = []


def own_port() -> int:
    """A port for the rest of this process's life, whoever listens on it, dies and comes back."""
    port, claim = claimed_port()
    _KEPT.append(claim)
    return port


def claimed_port() -> tuple[int, IO[str]]:
    """A port that nobody else takes while nobody listens on it, and the lock that keeps it from others until closed.

    It lies below those that the kernel gives to whoever connects, or asks for any port.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        claim = (Path(tempfile.gettempdir()) / f"tocsin-port-{port}").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            claim.close()
            continue
        return port, claim
