"""What comes back from a provider, whatever it does? A reply, or Unreachable in time; never a hanging page."""

import asyncio
import gzip
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.waiting import eventually
from tests.fakes.certificates import made
from tocsin.engine.sender import TIMEOUT, Sender, make_room_for_names
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Reply, Request

pytestmark = pytest.mark.anyio

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET_PATH = "/services/T0SECRET"
TAKEN = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
SOON = timedelta(seconds=2)
TOO_LATE = "no answer within 2 s"
BROKE_OFF = "it broke off, or did not answer in HTTP"


@asynccontextmanager
async def provider(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A provider that reads the head of a request and then behaves like this; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behaviour(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        pytest.param(hang, TOO_LATE, id="hangs"),
        pytest.param(drip, TOO_LATE, id="answers a byte at a time"),
        pytest.param(saying(b""), BROKE_OFF, id="closes the connection"),
        pytest.param(
            saying(b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\n{}"),
            BROKE_OFF,
            id="stops",
        ),
        pytest.param(saying(b"\x00\xff garbage \r\n\r\n"), BROKE_OFF, id="answers garbage"),
    ],
)
async def test_provider_that_does_not_answer_is_unreachable_in_time(behaviour: Behaviour, fault: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        await send(behaviour, Sender(SOON if fault == TOO_LATE else TIMEOUT))
    assert str(caught.value) == f"127.0.0.1: {fault}"  # the host alone: the path may be a secret
    assert time.monotonic() - started < 9  # what breaks off isn't waited for


async def test_provider_that_is_not_there_is_unreachable() -> None:
    sender = Sender()
    with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: the connection was refused$"):
        await sender.send(Request("POST", f"http://127.0.0.1:1{SECRET_PATH}"))
    await sender.close()


async def test_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await send(saying(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))).status == 202


async def test_compressed_reply_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    head = b"HTTP/1.1 202 Accepted\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
    assert (await send(saying(head + bomb))).body == bomb


async def test_name_that_can_not_be_resolved_is_unreachable() -> None:
    sender = Sender()
    with pytest.raises(Unreachable, match=r"^nowhere\.invalid: its name can't be resolved$"):
        await sender.send(Request("POST", f"http://nowhere.invalid{SECRET_PATH}"))
    await sender.close()


@pytest.mark.parametrize("url", ["http://[half/", "ftp://127.0.0.1/x", "nonsense"])
async def test_address_that_is_none_is_unreachable(url: str) -> None:
    sender = Sender()
    with pytest.raises(Unreachable):
        await sender.send(Request("POST", url))
    await sender.close()


async def test_certificate_that_is_not_trusted_is_unreachable(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    async with provider(saying(TAKEN), context) as url:
        sender = Sender()
        with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: its certificate is not valid \(self-signed"):
            await sender.send(Request("POST", url.replace("http:", "https:")))
        await sender.close()


async def test_certificate_that_has_expired_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = made(lasts=timedelta(seconds=1), since=timedelta(days=-30)).write(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr("tocsin.engine.sender._authorities", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with provider(saying(TAKEN), context) as url:
        sender = Sender()
        with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: its certificate is not valid \(certificate has expired"):
            await sender.send(Request("POST", url.replace("http:", "https:")))
        await sender.close()


async def test_provider_that_speaks_no_tls_is_unreachable() -> None:
    async with provider(saying(b"HTTP/1.1 202 Accepted\r\n\r\n")) as url:
        sender = Sender(SOON)
        with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: "):
            await sender.send(Request("POST", url.replace("http:", "https:")))
        await sender.close()


def self_signed(directory: Path) -> Path:
    """A certificate that nobody trusts, with its key."""
    file = directory / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", file, "-out", directory / "crt.pem"], check=True, capture_output=True)
    file.write_text(file.read_text() + (directory / "crt.pem").read_text())
    return file


# Connections


async def test_providers_do_not_wait_for_each_others_connections() -> None:
    hanging = 0

    async def hang_and_count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hanging
        hanging += 1
        await reader.read()

    sender = Sender()
    async with provider(hang_and_count) as slow, provider(saying(TAKEN)) as quick:
        sending = [asyncio.create_task(sender.send(Request("POST", slow))) for _ in range(150)]
        await eventually(lambda: hanging == 150)
        assert (await sender.send(Request("POST", quick))).status == 202
        for task in sending:
            task.cancel()
        await asyncio.wait(sending)
    await sender.close()


async def test_name_that_hangs_keeps_no_other_from_being_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    over, resolve, asked = threading.Event(), socket.getaddrinfo, 0

    def dead_name_servers(host: str | bytes, *rest: Any, **named: Any) -> Any:
        nonlocal asked
        if host in ("slow.example.org", b"slow.example.org"):
            asked += 1
            over.wait(20)
            raise socket.gaierror
        return resolve(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", dead_name_servers)
    make_room_for_names()
    sender = Sender()
    async with provider(saying(TAKEN)) as url:
        sending = [asyncio.create_task(sender.send(Request("POST", "http://slow.example.org/"))) for _ in range(40)]
        await eventually(lambda: asked == 40)
        assert (await sender.send(Request("POST", url.replace("127.0.0.1", "localhost")))).status == 202
        over.set()
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
    assert {str(it) for it in outcomes} == {"slow.example.org: its name can't be resolved"}
    await sender.close()


async def test_connection_that_the_provider_has_closed_is_not_used_again() -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.write(TAKEN)
        await writer.drain()

    sender = Sender()
    async with provider(answer_once) as url:
        for _ in range(20):
            assert (await sender.send(Request("POST", url, {}, b"body"))).status == 202
            await asyncio.sleep(0.005)  # the end of the connection has arrived
    await sender.close()


# The last look


class Refused(Exception):
    """It must not leave."""


async def test_last_look_is_taken_once_the_connection_stands_and_can_keep_the_request_from_leaving() -> None:
    connected, over, received = asyncio.Event(), asyncio.Event(), bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        received.extend(await reader.read())
        over.set()
        writer.close()

    async def refuse() -> None:
        await asyncio.wait_for(connected.wait(), 30)
        raise Refused

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    sender = Sender()
    with pytest.raises(Refused):
        await sender.send(Request("POST", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), refuse)
    await sender.close()
    await asyncio.wait_for(over.wait(), 30)
    server.close()
    assert not received


@pytest.mark.slow
async def test_time_that_the_last_look_takes_is_not_the_providers() -> None:
    limit = timedelta(seconds=3)  # a provider on a machine out of breath keeps it

    async def look() -> None:
        await asyncio.sleep(1.1 * limit.total_seconds())

    async with provider(saying(TAKEN)) as url:
        sender = Sender(limit)
        assert (await sender.send(Request("POST", url), look)).status == 202
        await sender.close()
