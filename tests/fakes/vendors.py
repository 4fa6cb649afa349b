"""Who stands in for the vendors while servers die? PagerDuty, Slack and any webhook, in a process of its own.

    python -m tests.fakes.vendors sent.jsonl url.txt      # its address stands in url.txt; runs until it is killed

Every request is in the log, synced to the disk, before a byte of the answer leaves. `PUT /moods` says how each vendor
behaves from now on: `{"pagerduty": [mood, …]}`, one after the other; after the last one it is well.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.fakes.manners import SEND, read_request, send_whole
from tests.fakes.moods import WELL, Mood
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

_LONGEST_REQUEST = 4 * 1_048_576


class Vendors:
    """The stand-ins, and how each of them feels: `pagerduty`, `slack` and `webhook`."""

    def __init__(self, log: Path) -> None:
        self._sandbox = Sandbox(log=log)
        self._moods: defaultdict[str, list[Mood]] = defaultdict(list)

    async def serve(self, tell: Callable[[str], object]) -> None:
        """Listen on a free port of loopback until cancelled, and tell the address."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, limit=_LONGEST_REQUEST, backlog=1024)
        host, port = server.sockets[0].getsockname()
        tell(f"http://{host}:{port}")
        await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing() and (request := await read_request(reader)):
                await self._answer(request, writer)
        except OSError:
            pass  # the server died in the middle: that is what this is for
        finally:
            writer.close()

    async def _answer(self, request: RecordedRequest, writer: asyncio.StreamWriter) -> None:
        if (request.method, request.path) == ("PUT", "/moods"):
            self._moods.update(msgspec.json.decode(request.body, type=dict[str, list[Mood]]))
            await send_whole(writer, Response(204))
            return
        vendor = vendor_of(request.path)
        mood = self._next_mood(vendor)
        usual = Response(200, b"ok") if vendor == "webhook" else None
        self._sandbox.script = lambda _: mood.script or usual
        await SEND[mood.manner](writer, self._sandbox.answer(request))

    def _next_mood(self, vendor: str) -> Mood:
        moods = self._moods[vendor]
        if not moods:
            return WELL
        mood = moods.pop(0)
        if mood.times is None or mood.times > 1:
            left = mood.times and mood.times - 1
            moods.insert(0, msgspec.structs.replace(mood, times=left))
        return mood


def vendor_of(path: str) -> str:
    """Whose address the path belongs to."""
    if path == "/v2/enqueue":
        return "pagerduty"
    return "slack" if path.startswith("/api/") else "webhook"


def main(log: str, told: str) -> None:
    """Stand in for the vendors, for as long as the process lives."""
    asyncio.run(Vendors(Path(log)).serve(Path(told).write_text))


if __name__ == "__main__":
    main(*sys.argv[1:3])
