"""What is at the other end, where a vendor is not well? One on the loopback interface, in a mood."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.manners import SEND, read_request
from tests.fakes.moods import Mood
from tocsin.simulate.sandbox.recording import Response


@asynccontextmanager
async def ill_vendor(mood: Mood) -> AsyncIterator[str]:
    """A vendor in that mood; its address."""
    talks: list[asyncio.StreamWriter] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        try:
            if await read_request(reader):
                await SEND[mood.manner](writer, mood.script or Response(200))
        except OSError:
            pass  # nobody listens any more
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in talks:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # who was writing hears of it
