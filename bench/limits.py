"""What could not be beaten here? The disk's syncs, JSON's decoding and HTTP on loopback, each alone (item 9)."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import cast

from bench.figures import Figure, middle, told
from bench.load import Kind, Load, Target, drive
from bench.servers import workplace
from bench.storm_bodies import body_of
from tocsin.integrations.alertmanager.inbound import parse_v2

_HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def measure(quick: bool) -> list[Figure]:
    """Each limit by itself, with nothing of Tocsin around it."""
    return [
        told("limit: a write of 4 KiB synced to the disk", _sync_ms(200 if quick else 1_000), "ms"),
        told("limit: alerts decoded and checked, one thread", _decoded_a_second(20 if quick else 100), "alerts/s"),
        told("limit: HTTP of an empty server, 20 connections", _requests_a_second(2 if quick else 5), "requests/s"),
    ]


def _sync_ms(times: int) -> float:
    taken = []
    with workplace() as directory:
        file = os.open(directory / "probe", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        for _ in range(times):
            began = time.perf_counter()
            os.write(file, bytes(4096))
            os.fdatasync(file)
            taken.append((time.perf_counter() - began) * 1000)
        os.close(file)
    return middle(taken)


def _decoded_a_second(times: int) -> float:
    body, now = body_of(0, 500), datetime.now(UTC)
    began = time.perf_counter()
    for _ in range(times):
        parse_v2(body, now)
    return 500 * times / (time.perf_counter() - began)


def _requests_a_second(seconds: int) -> float:
    with subprocess.Popen([sys.executable, "-m", "bench.limits"], stdout=subprocess.PIPE, text=True) as process:
        try:
            url = (process.stdout.readline() if process.stdout else "").strip()
            return drive([Target(url)], Load(Kind.NEW, 1, 20, seconds), "empty").requests_a_second
        finally:
            process.terminate()


class _Empty(asyncio.Protocol):
    """Says yes to every request, and looks at none: a request of this bench comes in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # which uvloop's are not by name

    def data_received(self, data: bytes) -> None:
        self._transport.write(_HELLO * max(1, data.count(b"HTTP/1.1")))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Empty, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve())
