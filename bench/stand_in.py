"""Who is paged in a measurement? A PagerDuty that takes everything at once: `python -m bench.stand_in`.

It prints its address, answers every POST as PagerDuty answers a good one, and notes when a probe came: the first time
that `probe-N` stands in a body, by the machine's monotonic clock. `GET /probes` gives those, `GET /count` how many
requests came.
"""

import asyncio
import json
import re
import time

_PROBE = re.compile(rb"probe-[0-9a-z]+-\d+")
_TAKEN = json.dumps({"status": "success", "message": "Event processed", "dedup_key": "x"}).encode()


class StandIn(asyncio.Protocol):
    """One connection."""

    probes: dict[str, float] = {}  # noqa: RUF012  # shared by all connections of the process
    count = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        arrived = time.monotonic()
        self._buffer += data
        while (request := self._next_request()) is not None:
            self._answer(request, arrived)

    def _next_request(self) -> bytes | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        length = re.search(rb"(?i)content-length: *(\d+)", self._buffer[:head_end])
        end = head_end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < end:
            return None
        request, self._buffer = self._buffer[:end], self._buffer[end:]
        return request

    def _answer(self, request: bytes, arrived: float) -> None:
        assert self._transport is not None
        status, body = b"200 OK", b"{}"
        if request.startswith(b"POST"):
            StandIn.count += 1
            for probe in _PROBE.findall(request):
                StandIn.probes.setdefault(probe.decode(), arrived)
            status, body = b"202 Accepted", _TAKEN
        elif request.startswith(b"GET /probes"):
            body = json.dumps(StandIn.probes).encode()
        elif request.startswith(b"GET /count"):
            body = json.dumps(StandIn.count).encode()
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
