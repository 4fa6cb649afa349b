"""What comes back from a provider, whatever it does? A reply, or Unreachable in time; never a hanging page."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tocsin.engine.sender import Sender
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Reply, Request

pytestmark = pytest.mark.anyio

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET_PATH = "/services/T0SECRET"
SOON = timedelta(seconds=0.3)


@asynccontextmanager
async def provider(behaviour: Behaviour) -> AsyncIterator[str]:
    """A provider that reads the head of a request and then behaves like this; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behaviour(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{SECRET_PATH}"
    finally:
        server.close()


def saying(raw: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte of the body every moment, so that no single read takes long."""
    writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 1000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"{")
        await writer.drain()
        await asyncio.sleep(0.02)


async def send(behaviour: Behaviour, sender: Sender | None = None) -> Reply:
    sender = sender or Sender()
    async with provider(behaviour) as url:
        try:
            return await sender.send(Request("POST", url, {"x-test": "1"}, b"body"))
        finally:
            await sender.close()


async def test_reply_comes_back_with_its_headers_in_lower_case() -> None:
    raw = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}"
    reply = await send(saying(raw))
    assert (reply.status, reply.headers["retry-after"], reply.body) == (429, "7", b"{}")


async def test_redirect_is_not_followed() -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert (await send(saying(raw))).status == 302


async def test_reply_without_end_is_cut() -> None:
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 3_000_000
    assert len((await send(saying(raw))).body) == 1_048_576


@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        pytest.param(hang, "TimeoutError", id="hangs"),
        pytest.param(drip, "TimeoutError", id="answers a byte at a time"),
        pytest.param(saying(b""), "RemoteProtocolError", id="closes the connection"),
        pytest.param(
            saying(b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\n{}"), "RemoteProtocolError", id="stops"
        ),
        pytest.param(saying(b"\x00\xff garbage \r\n\r\n"), "RemoteProtocolError", id="answers garbage"),
    ],
)
async def test_provider_that_does_not_answer_is_unreachable_in_time(behaviour: Behaviour, fault: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        await send(behaviour, Sender(SOON))
    assert str(caught.value) == f"127.0.0.1: {fault}"  # the host alone: the path may be a secret
    assert time.monotonic() - started < 5


async def test_provider_that_is_not_there_is_unreachable() -> None:
    sender = Sender()
    with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: ConnectError$"):
        await sender.send(Request("POST", f"http://127.0.0.1:1{SECRET_PATH}"))
    await sender.close()


async def test_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await send(saying(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))).status == 202
