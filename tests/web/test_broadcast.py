"""The broadcaster, on a real node without a browser: news are few, the newest, and never in anybody's way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tocsin.domain import commands as c
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import Overloaded
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.sop.words import Trigger
from tocsin.web.live import MAX_STREAMS, Broadcaster, News

BOB = Actor("bob", "test")
PATIENCE = 20.0


@asynccontextmanager
async def broadcasting(directory: Path) -> AsyncIterator[tuple[Node, Broadcaster]]:
    async with Node(Settings(database=f"sqlite:///{directory / 'tocsin.db'}"), default_sop()) as node:
        live = Broadcaster(node)
        task = asyncio.create_task(live.run())
        yield node, live
        task.cancel()


def run(directory: Path, scene: Callable[[Node, Broadcaster], Awaitable[None]]) -> None:
    async def play() -> None:
        async with broadcasting(directory) as (node, live):
            await scene(node, live)

    asyncio.run(play())


async def declare(node: Node) -> str:
    command = c.Declare(title="It is slow", service="website", trigger=Trigger.SERVICE_DEGRADED)
    return (await node.open(command, BOB)).id


async def settled(node: Node, id_: str) -> int:
    """The number of the newest event once the first page was taken, so that nothing happens by itself for a while."""
    rung = asyncio.Event()
    with node.bell(rung):
        async with asyncio.timeout(PATIENCE):
            while any(page.status == "pending" for page in node.queries.incident(id_).pages.values()):
                await rung.wait()
                rung.clear()
    return node.queries.incident(id_).seq


def test_stream_tells_of_the_newest_event_after_the_one_it_knows(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        id_ = await declare(node)
        seq = await settled(node, id_)
        with live.stream(id_, seq) as stream:
            for text in ("one", "two", "three"):
                await node.change(id_, c.AddNote(text=text), BOB)
            async with asyncio.timeout(PATIENCE):
                news = await stream.next(PATIENCE)
                while news is not None and news.seq < seq + 3:
                    news = await stream.next(PATIENCE)
            assert news == News(id_, seq + 3)

    run(tmp_path, scene)


def test_reader_who_is_behind_is_told_at_once(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        id_ = await declare(node)
        seq = await settled(node, id_)
        with live.stream(id_, seq - 1) as stream:
            live.look_soon()
            assert await stream.next(PATIENCE) == News(id_, seq)

    run(tmp_path, scene)


def test_other_incidents_are_nothing_to_a_stream(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        mine, other = await declare(node), await declare(node)
        with live.stream(mine, await settled(node, mine)) as stream, live.stream(other, -1) as theirs:
            await node.change(other, c.AddNote(text="not here"), BOB)
            assert await theirs.next(PATIENCE) is not None
            assert await stream.next(0) is None

    run(tmp_path, scene)


def test_lists_are_told_of_anything(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        with live.stream() as stream:
            await declare(node)
            news = await stream.next(PATIENCE)
            assert news is not None
            assert news.incident == ""

    run(tmp_path, scene)


def test_end_of_the_server_ends_every_stream(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        with live.stream() as stream:
            live.close()
            await stream.next(PATIENCE)
            assert stream.is_over

    run(tmp_path, scene)


def test_streams_are_limited_and_given_back(tmp_path: Path) -> None:
    async def scene(node: Node, live: Broadcaster) -> None:
        streams = [live.stream() for _ in range(MAX_STREAMS)]
        for stream in streams:
            stream.__enter__()
        with pytest.raises(Overloaded, match="500 pages are kept up to date already"), live.stream():
            pass
        streams[0].__exit__(None, None, None)
        with live.stream():
            pass

    run(tmp_path, scene)
