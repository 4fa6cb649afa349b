"""How do an answer's bytes leave, when a vendor is not well? HTTP/1.1 by hand, one function a manner.

A server that knows its trade would refuse to send half a word, a byte a second, or what is no HTTP at all.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.fakes.moods import Manner
from tocsin.simulate.sandbox.recording import RecordedRequest, Response

_TARDY_SECONDS = 0.2
_SLOW_SECONDS = 5.5
_LATE_SECONDS = 29.0
_HANG_SECONDS = 600.0
_MEGABYTE = 1_048_576
_FLOOD_MEGABYTES = 100


async def read_request(reader: asyncio.StreamReader) -> RecordedRequest | None:
    """The next request of a connection; None once the other side has none. Raises OSError where it breaks off."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    try:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("half a request") from error
    parts = urlsplit(target)
    return RecordedRequest(datetime.now(UTC), method, parts.path, parts.query, headers, body)


async def send_whole(writer: asyncio.StreamWriter, answer: Response) -> None:
    """As it should be."""
    writer.write(_head(answer, len(answer.body)) + answer.body)
    await writer.drain()


async def _send_tardily(writer: asyncio.StreamWriter, answer: Response) -> None:
    await asyncio.sleep(_TARDY_SECONDS)
    await send_whole(writer, answer)


async def _send_slowly(writer: asyncio.StreamWriter, answer: Response) -> None:
    await asyncio.sleep(_SLOW_SECONDS)
    await send_whole(writer, answer)


async def _send_late(writer: asyncio.StreamWriter, answer: Response) -> None:
    await asyncio.sleep(_LATE_SECONDS)
    await send_whole(writer, Response(202, answer.body))


async def _drip(writer: asyncio.StreamWriter, answer: Response) -> None:
    writer.write(_head(Response(202), len(answer.body)))
    for byte in answer.body:
        await asyncio.sleep(1)
        writer.write(bytes((byte,)))
        await writer.drain()


async def _hang(writer: asyncio.StreamWriter, answer: Response) -> None:
    await asyncio.sleep(_HANG_SECONDS)
    writer.close()


async def _reset(writer: asyncio.StreamWriter, answer: Response) -> None:
    at_once = struct.pack("ii", 1, 0)  # linger for no time: RST instead of FIN
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def _babble(writer: asyncio.StreamWriter, answer: Response) -> None:
    writer.write(bytes(range(256)) * 4)
    await writer.drain()
    writer.close()


async def _flood(writer: asyncio.StreamWriter, answer: Response) -> None:
    """The answer is not at its end: a hundred megabytes come after it."""
    writer.write(_head(answer, len(answer.body) + _FLOOD_MEGABYTES * _MEGABYTE) + answer.body)
    for _ in range(_FLOOD_MEGABYTES):
        writer.write(b" " * _MEGABYTE)
        await writer.drain()


def _head(answer: Response, length: int) -> bytes:
    reason = HTTPStatus(answer.status).phrase
    fields = {**answer.headers, "content-length": str(length)}
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


SEND: dict[Manner, Callable[[asyncio.StreamWriter, Response], Awaitable[None]]] = {
    Manner.WHOLE: send_whole,
    Manner.TARDY: _send_tardily,
    Manner.SLOW: _send_slowly,
    Manner.LATE: _send_late,
    Manner.DRIP: _drip,
    Manner.HANG: _hang,
    Manner.RESET: _reset,
    Manner.BABBLE: _babble,
    Manner.FLOOD: _flood,
}
