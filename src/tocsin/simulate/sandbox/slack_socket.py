"""How does Slack speak where it can't call the app? Its end of Socket Mode: envelopes over connections of the app's.

What members do leaves through it as it does over HTTP (`slack_member.py`), and is answered within three seconds or not
at all; an event that isn't acknowledged is given out again, to whichever connection is open then.
Source, read for this file alone: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from itertools import count
from threading import Thread
from typing import Any, Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tocsin.simulate.sandbox.slack_member import Told

WITHIN_SECONDS = 3.0
_TRIES = 4
_KINDS = {"commands": "slash_commands", "interactions": "interactive", "events": "events_api"}
_ENVELOPES = count(1)


class SandboxSocket:
    """Slack's end; `url` is what apps.connections.open answers. It may be called as `OverHttp` may.

    `opened` counts connections, `faults` are acknowledgements that are none. While `is_shut` nobody is let in, and
    while `is_fleeting` Slack wants everybody to come again at once.
    """

    def __init__(self, within_seconds: float = WITHIN_SECONDS) -> None:
        self.url = ""
        self._within = within_seconds  # an envelope must be acknowledged
        self.opened = 0
        self.refused = 0
        self.faults: list[str] = []
        self.is_shut = False
        self.is_fleeting = False
        self._lines: list[ServerConnection] = []  # the newest last
        self._leaving: set[ServerConnection] = set()
        self._waiting: dict[str, asyncio.Future[object]] = {}
        self._listening: Future[str] = Future()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="sandbox-socket", daemon=True)
        self._thread.start()
        self.url = self._listening.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        if self._thread:
            self._thread.join(10)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._lines)

    def __call__(self, kind: str, told: Mapping[str, Any]) -> Told:
        """The answer to a command, an interaction or an event; its status is 0 where there was none in time."""
        return asyncio.run_coroutine_threadsafe(self._deliver(kind, told), self._loop).result(60)

    def leave(self, reason: str = "warning") -> None:
        """Tell every connection that it will be closed; it stays open until `hang_up`."""
        asyncio.run_coroutine_threadsafe(self._tell_leave(reason), self._loop).result(10)

    def hang_up(self) -> None:
        """Close every connection that was told to leave, or all if none was, without a word."""

        def close() -> None:
            for line in list(self._leaving or self._lines):
                line.transport.abort()

        self._loop.call_soon_threadsafe(close)

    def send(self, frame: str | bytes) -> None:
        """Send any frame over the newest connection."""

        async def send() -> None:
            with suppress(ConnectionClosed):  # whoever finds it too long hangs up before it is out
                await self._lines[-1].send(frame)

        asyncio.run_coroutine_threadsafe(send(), self._loop).result(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending, self._is_open = asyncio.Event(), asyncio.Event()
        async with serve(self._connected, "127.0.0.1", 0, process_request=self._let_in, close_timeout=0.5) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self._listening.set_result(f"ws://127.0.0.1:{port}/link/?ticket=1&app_id=A0SANDBOX")
            await self._ending.wait()

    def _let_in(self, line: ServerConnection, request: Request) -> Response | None:
        if not self.is_shut:
            return None
        self.refused += 1
        return line.respond(HTTPStatus.SERVICE_UNAVAILABLE, "come again later\n")

    async def _connected(self, line: ServerConnection) -> None:
        try:
            await line.send(json.dumps({"type": "hello", "num_connections": len(self._lines) + 1}))
            self._lines.append(line)
            self._is_open.set()
            self.opened += 1
            if self.is_fleeting:
                await line.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
                await asyncio.sleep(0.05)
                return
            async for frame in line:
                self._acknowledged(frame)
        except ConnectionClosed:
            pass
        finally:
            self._leaving.discard(line)
            if line in self._lines:
                self._lines.remove(line)
            if not self._lines:
                self._is_open.clear()

    def _acknowledged(self, frame: str | bytes) -> None:
        fault, told = _read(frame)
        waiting = self._waiting.pop(told.get("envelope_id", ""), None)
        if fault or waiting is None:
            self.faults.append(fault or f"nobody waits for {told}")
        elif not waiting.done():
            waiting.set_result(told.get("payload"))

    async def _deliver(self, kind: str, told: Mapping[str, Any]) -> Told:
        is_event = kind == "events"
        for attempt in range(_TRIES if is_event else 1):
            envelope: dict[str, object] = {
                "envelope_id": f"{next(_ENVELOPES):08}-0000-4000-8000-000000000000",
                "type": _KINDS[kind],
                "payload": told,
                "accepts_response_payload": not is_event,
            }
            if is_event:
                envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            answer = await self._give(envelope)
            if answer is not None:
                return answer
        return Told(0, None)

    async def _give(self, envelope: Mapping[str, Any]) -> Told | None:
        """The answer to one envelope; None where there was none in time, or the connection broke."""
        waiting: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        line = await self._open_line()
        try:
            await line.send(json.dumps(envelope))
            closing = asyncio.ensure_future(line.wait_closed())
            either: set[asyncio.Future[Any]] = {waiting, closing}
            await asyncio.wait(either, timeout=self._within, return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
        except ConnectionClosed:
            return None
        if not waiting.done():
            return None
        payload = waiting.result()
        if payload is not None and not envelope["accepts_response_payload"]:
            self.faults.append(f"{envelope['type']}: takes no payload, got {payload}")
        return Told(200, payload)

    async def _open_line(self) -> ServerConnection:
        """A connection that isn't about to be closed, if there is one."""
        await self._is_open.wait()
        staying = [line for line in self._lines if line not in self._leaving]
        return (staying or self._lines)[-1]

    async def _tell_leave(self, reason: str) -> None:
        self._leaving |= set(self._lines)
        for line in list(self._leaving):
            await line.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}))


def _read(frame: str | bytes) -> tuple[str, dict[str, Any]]:
    """What is wrong with an acknowledgement, and what it says."""
    try:
        told = json.loads(frame)
    except ValueError:
        return "an acknowledgement must be JSON", {}
    if not isinstance(told, dict) or not isinstance(told.get("envelope_id"), str):
        return "an acknowledgement must name its envelope", {}
    unknown = told.keys() - {"envelope_id", "payload"}
    return (f"an acknowledgement has no {', '.join(unknown)}" if unknown else ""), told
