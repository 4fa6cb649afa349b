"""How do clients behave that keep a server waiting? A crowd of them at once, and when each was let go."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx2
from msgspec import Struct

from tests.system.server import Server

_BETWEEN_BYTES = 1.0  # seconds


class End(Struct, frozen=True):
    """How a connection ended: after so long, and with that status line, if any."""

    kind: str
    seconds: float
    status: int | None


def ways(server: Server) -> dict[str, tuple[bytes, bytes]]:
    """The ways to be slow: what is said at once, and what then comes byte by byte."""
    post = f"POST /api/v2/alerts HTTP/1.1\r\nHost: tocsin\r\nAuthorization: Bearer {server.intake_key}\r\n"
    return {
        "says nothing": (b"", b""),
        "never ends its head": (b"GET /readyz HTTP/1.1\r\nX: ", b"y"),
        "never ends its body": (f"{post}Content-Length: 100000\r\n\r\n[".encode(), b" "),
        "never ends its body, and has no key": (b"POST /api/v2/alerts HTTP/1.1\r\nContent-Length: 9999\r\n\r\n", b" "),
    }


class Crowd:
    """Slow clients, as many of each kind as of the others; `ends` grows as they are let go."""

    def __init__(self, server: Server, size: int) -> None:
        self._url = httpx2.URL(server.url)
        self._ways = ways(server)
        self._size = size
        self.connected = 0
        self.ends: list[End] = []
        self.is_over = False

    async def meet(self) -> None:
        """Connect all of them, and stay until the last one was let go, or it is over."""
        kinds = list(self._ways)
        async with asyncio.TaskGroup() as group:
            for number in range(self._size):
                group.create_task(self._dawdle(kinds[number % len(kinds)]))

    async def _dawdle(self, kind: str) -> None:
        at_once, then = self._ways[kind]
        reader, writer = await asyncio.open_connection(self._url.host, self._url.port)
        self.connected += 1
        began = time.monotonic()
        answer = asyncio.ensure_future(_all(reader))
        writer.write(at_once)
        while not answer.done() and not self.is_over:
            writer.write(then)
            await asyncio.wait([answer], timeout=_BETWEEN_BYTES)
        writer.close()
        await answer
        status = int(answer.result()[9:12]) if answer.result() else None
        self.ends.append(End(kind, time.monotonic() - began, status))

    def statuses(self) -> dict[str, Counter[int | None]]:
        """What each kind was told, and how often."""
        return {kind: Counter(end.status for end in self.ends if end.kind == kind) for kind in self._ways}


async def _all(reader: asyncio.StreamReader) -> bytes:
    got = b""
    try:
        while data := await reader.read(65_536):
            got += data
    except OSError:
        pass
    return got


@contextmanager
def crowd(server: Server, size: int) -> Iterator[Crowd]:
    """A crowd at the door; after the block it goes home."""
    met = Crowd(server, size)
    thread = Thread(target=asyncio.run, args=(met.meet(),))
    thread.start()
    try:
        yield met
    finally:
        met.is_over = True
        thread.join()
