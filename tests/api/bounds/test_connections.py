"""How many connections is there room for, and who goes when there are more? A real uvicorn, with room for two.

What becomes of slow ones is tested in tests/system/test_abuse.py, as it takes its time.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tocsin.api.bounds.connections import MAX_CONNECTIONS, Capacity, Connection, capacity


@pytest.mark.parametrize(
    ("open_files", "room"),
    [
        pytest.param(8_192, Capacity(MAX_CONNECTIONS, 2_048), id="what a server asks for"),
        pytest.param(1_024, Capacity(512, 256), id="what a user is given"),
        pytest.param(64, Capacity(32, 16), id="next to nothing"),
    ],
)
def test_the_room_depends_on_how_many_files_may_be_open(open_files: int, room: Capacity) -> None:
    assert capacity(open_files) == room


@pytest.mark.parametrize("open_files", [16, 64, 256, 1_024, 4_096, 8_192, 1_048_576])
def test_a_full_house_and_a_burst_at_its_door_leave_a_quarter_of_the_files_for_the_rest(open_files: int) -> None:
    room = capacity(open_files)
    assert room.connections + room.backlog <= open_files - open_files // 4


Talk = Callable[["House"], Awaitable[None]]
_REQUEST = b"GET /page-%d HTTP/1.1\r\nHost: x\r\n\r\n"


class House:
    """A server that answers each request with its path, once its doors are opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.port = 0
        self.visits: list[Visit] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.put_nowait(scope["path"])
        await self.open.wait()
        body = scope["path"].encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def visit(self, *numbers: int) -> "Visit":
        """A connection, on which these requests have been made at once."""
        visit = Visit(*await asyncio.open_connection("127.0.0.1", self.port))
        visit.ask(*numbers)
        self.visits.append(visit)
        return visit


class Visit:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def ask(self, *numbers: int) -> None:
        self.say(b"".join(_REQUEST % number for number in numbers))

    def say(self, request: bytes) -> None:
        self._writer.write(request)

    async def leave(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def heard(self, words: bytes) -> bytes:
        """What was answered, up to and with these words."""
        return await asyncio.wait_for(self._reader.readuntil(words), 10)

    async def heard_at_last(self) -> bytes:
        """What was answered until the server hung up."""
        return await asyncio.wait_for(self._reader.read(), 10)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    opened = House()
    config = uvicorn.Config(
        opened.app,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        limit_concurrency=3,
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened.port = listening.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield opened
        opened.open.set()
        for visit in opened.visits:
            await visit.leave()
        server.should_exit = True
        await serving


def in_a_house(talk: Talk) -> None:
    async def run() -> None:
        async with house() as opened:
            await talk(opened)

    asyncio.run(run())


def test_who_says_nothing_makes_room_for_a_newcomer_the_oldest_first() -> None:
    async def talk(house: House) -> None:
        house.open.set()
        first, second = await house.visit(), await house.visit()
        third = await house.visit(3)
        assert (await third.heard(b"page-3")).startswith(b"HTTP/1.1 200 OK")
        assert await first.heard_at_last() == b""
        second.ask(2)
        assert (await second.heard(b"page-2")).startswith(b"HTTP/1.1 200 OK")

    in_a_house(talk)


def test_where_all_are_being_answered_a_newcomer_is_asked_to_come_back_and_nobody_is_cut_off() -> None:
    async def talk(house: House) -> None:
        first, second = await house.visit(1), await house.visit(2)
        for _ in (first, second):
            await asyncio.wait_for(house.asked.get(), 10)
        refused = await (await house.visit()).heard_at_last()
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert b"\r\nretry-after: 2\r\n" in refused
        assert b'"code":"overloaded"' in refused
        house.open.set()
        assert (await first.heard(b"page-1")).startswith(b"HTTP/1.1 200 OK")
        assert (await second.heard(b"page-2")).startswith(b"HTTP/1.1 200 OK")

    in_a_house(talk)


def test_requests_that_come_at_once_are_answered_in_their_order_and_the_connection_stays() -> None:
    async def talk(house: House) -> None:
        visit = await house.visit(1, 2, 3)
        house.open.set()
        heard = await visit.heard(b"page-3")
        assert heard.index(b"page-1") < heard.index(b"page-2")
        visit.ask(4)
        assert (await visit.heard(b"page-4")).startswith(b"HTTP/1.1 200 OK")

    in_a_house(talk)


_LONG = {
    "one header": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n" % (b"a" * 80_000),
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n" % (b"X-Some: words\r\n" * 6_000),
    "the address": b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 80_000),
    "with a body": b"POST / HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nContent-Length: 2\r\n\r\n[]" % (b"a" * 80_000),
}


@pytest.mark.parametrize("pieces", [1, 7], ids=["at once", "in pieces"])
@pytest.mark.parametrize("request_", _LONG.values(), ids=_LONG)
def test_a_head_that_is_too_long_is_refused_however_it_comes(request_: bytes, pieces: int) -> None:
    async def talk(house: House) -> None:
        house.open.set()
        visit = await house.visit()
        size = len(request_) // pieces + 1
        for start in range(0, len(request_), size):
            visit.say(request_[start : start + size])
            await asyncio.sleep(0.01)
        heard = await visit.heard_at_last()
        assert heard.startswith(b"HTTP/1.1 431 ")
        assert heard.count(b"HTTP/1.1") == 1
        assert b'"code":"too_large"' in heard
        assert house.asked.empty()
        other = await house.visit(5)
        assert (await other.heard(b"page-5")).startswith(b"HTTP/1.1 200 OK")

    in_a_house(talk)


def test_a_head_of_sixty_kilobytes_is_read() -> None:
    async def talk(house: House) -> None:
        house.open.set()
        visit = await house.visit()
        visit.say(b"GET /long HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n" % (b"a" * 60_000))
        assert (await visit.heard(b"/long")).startswith(b"HTTP/1.1 200 OK")

    in_a_house(talk)


def test_a_head_that_is_too_long_behind_another_request_is_refused_once() -> None:
    async def talk(house: House) -> None:
        house.open.set()
        visit = await house.visit()
        visit.say(_REQUEST % 1 + _LONG["one header"])
        heard = await visit.heard_at_last()
        assert heard.count(b"HTTP/1.1 431 ") == 1
        assert heard.startswith(b"HTTP/1.1 ")

    in_a_house(talk)
