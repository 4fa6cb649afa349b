"""Who stands in for the vendors while servers die? PagerDuty, Slack, webhooks and mail, in a process of its own.

    python -m tests.fakes.vendors sent.jsonl places      # runs until it is killed; where it listens stands in `places`

Every request and every letter is in the log, synced to the disk, before a byte of the answer leaves. `PUT /moods` says
how each vendor behaves from now on: `{"pagerduty": [mood, …]}`, one after the other; after the last one it is well.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.fakes.manners import SEND, read_request, send_whole
from tests.fakes.moods import WELL, Mood
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

_LONGEST_REQUEST = 4 * 1_048_576


class Vendors:
    """The stand-ins, and how each of them feels: `pagerduty`, `slack`, `webhook` and `mail`."""

    def __init__(self, log: Path) -> None:
        self._sandbox = Sandbox(log=log)
        self._moods: defaultdict[str, list[Mood]] = defaultdict(list)

    async def serve(self, tell: Callable[[str], object]) -> None:
        """Listen on loopback until cancelled, and tell where: the address for HTTP, and in a second line for mail."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, limit=_LONGEST_REQUEST, backlog=1024)
        post = await asyncio.get_running_loop().create_server(lambda: SMTP(self), "127.0.0.1", 0)
        (host, port), (_, mail_port) = server.sockets[0].getsockname(), post.sockets[0].getsockname()
        tell(f"http://{host}:{port}\n{host}:{mail_port}\n")
        await server.serve_forever()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """A letter is a request like any other; a mood's status is what SMTP answers."""
        to = ",".join(envelope.rcpt_tos)
        request = RecordedRequest(datetime.now(UTC), "DATA", f"/mail/{to}", "", {}, envelope.original_content or b"")
        answer = self._answer_of(request, self._next_mood("mail"), Response(250))
        return f"{answer.status} {'OK' if answer.status == 250 else 'not now'}"

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
        await SEND[mood.manner](writer, self._answer_of(request, mood, usual))

    def _answer_of(self, request: RecordedRequest, mood: Mood, usual: Response | None) -> Response:
        """The answer, once the request is in the log; `usual` is that of a good mood, None: what the sandbox says."""
        self._sandbox.script = lambda _: mood.script or usual
        return self._sandbox.answer(request)

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
