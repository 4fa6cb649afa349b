"""What does a client hear whose body breaks a limit? At once, without its body having been read to the end."""

import gzip
import json
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest
from starlette.types import Message

from tests.api.harness import Api
from tests.system.server import firing
from tocsin.api.bounds.reading import MAX_ALERTS_BODY
from tocsin.api.bounds.room import Room
from tocsin.errors import Overloaded


class Endless:
    """A body without an end, sent in chunks; it counts what was read of it."""

    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk
        self.read = 0

    async def sent(self) -> AsyncIterator[bytes]:
        while True:
            self.read += len(self.chunk)
            yield self.chunk


def test_a_compressed_batch_is_taken(api: Api) -> None:
    batch = gzip.compress(json.dumps([firing("DiskFull")]).encode())
    response = api.ask("POST", "/api/v2/alerts", content=batch, headers={"Content-Encoding": "gzip"})
    assert response.json() == {}
    assert [it["title"] for it in api.do("list_incidents")] == ["DiskFull is not well"]


@pytest.mark.parametrize(
    ("content", "encoding", "status", "code"),
    [
        pytest.param(gzip.compress(b" " * 3 * MAX_ALERTS_BODY), "gzip", 413, "too_large", id="a bomb"),
        pytest.param(gzip.compress(b" " * 2_000_000), "gzip", 413, "too_large", id="a small bomb"),
        pytest.param(b"[]", "gzip", 422, "invalid_input", id="what is not compressed"),
        pytest.param(b"[]", "br", 415, "unsupported_encoding", id="another encoding"),
        pytest.param(gzip.compress(b"[" * 100_000), "gzip", 422, "invalid_input", id="something deep"),
    ],
)
def test_a_compressed_body_that_is_refused(calm: Api, content: bytes, encoding: str, status: int, code: str) -> None:
    response = calm.ask("POST", "/api/v2/alerts", content=content, headers={"Content-Encoding": encoding})
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_body_without_an_end_is_not_read_on(calm: Api) -> None:
    body = Endless(b" " * 65_536)
    response = calm.ask("POST", "/api/v2/alerts", content=body.sent())
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert body.read <= MAX_ALERTS_BODY + 2 * len(body.chunk)


def test_a_body_that_announces_itself_as_too_large_is_not_read_at_all(calm: Api) -> None:
    body = Endless(b" ")
    for announced in (str(MAX_ALERTS_BODY + 1), "9" * 5_000):
        headers = {"Content-Length": announced}
        response = calm.ask("POST", "/api/v2/alerts", content=body.sent(), headers=headers)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert body.read == 0


def test_without_a_key_nothing_is_read(calm: Api) -> None:
    body = Endless(b" ")
    assert calm.ask("POST", "/api/v2/alerts", token=None, content=body.sent()).status_code == 401
    assert body.read == 0


# -- room --------------------------------------------------------------------------------------------------------------


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def _nowhere(message: Message) -> None:
    pass


def test_the_room_is_given_back_whatever_came_of_the_request() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        scope["tocsin.share"].take(60)  # type: ignore[index]
        raise ZeroDivisionError

    async def ask_twice() -> None:
        room = Room(app, limit=100)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await room({"type": "http"}, _nothing, _nowhere)

    anyio.run(ask_twice)


def test_two_requests_share_the_room_and_who_finds_it_full_is_asked_to_come_back() -> None:
    heard: list[str] = []

    async def app(scope: object, receive: object, send: object) -> None:
        try:
            scope["tocsin.share"].take(60)  # type: ignore[index]
        except Overloaded:
            heard.append("overloaded")
        else:
            heard.append("taken")
            await anyio.lowlevel.checkpoint()

    async def ask_both() -> None:
        room = Room(app, limit=100)
        async with anyio.create_task_group() as group:
            group.start_soon(room, {"type": "http"}, _nothing, _nowhere)
            group.start_soon(room, {"type": "http"}, _nothing, _nowhere)

    anyio.run(ask_both)
    assert heard == ["taken", "overloaded"]
