"""How is the sandbox run? One address on the loopback interface for all vendors, in this process.

    with Sandbox() as sandbox:
        ...  # PagerDuty's events address and Slack's API address are both sandbox.url

It is an ASGI application as well, for a program that has a server already.
"""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette import requests, responses
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from tocsin.simulate.sandbox.pagerduty import SandboxPagerDuty
from tocsin.simulate.sandbox.pagerduty_rest import ROOTS
from tocsin.simulate.sandbox.push import SandboxPush
from tocsin.simulate.sandbox.recording import Exchange, RecordedRequest, Recorder, Response, Script
from tocsin.simulate.sandbox.slack import SandboxSlack

_NOT_FOUND = Response(status=404, body=b"the sandbox has POST /v2/enqueue and /api/<method>\n")


def _now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """Stand-ins for PagerDuty (`/v2/enqueue`, and its REST API), Slack's Web API (`/api/<method>`) and a push service.

    `script` sees every request first; what it returns is answered instead of the vendor's answer, and None leaves the
    request to the vendor. It may be exchanged at any time.
    """

    def __init__(
        self, log: Path | None = None, script: Script | None = None, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self.script = script
        self.pagerduty = SandboxPagerDuty(lambda: self._clock())
        self.slack = SandboxSlack()
        self.push = SandboxPush(lambda: self._clock())
        self.url = ""
        self._clock = clock
        self._recorder = Recorder(log)
        self._thread: Thread | None = None
        self._ending: Future[None] = Future()

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request with its answer, oldest first."""
        return list(self._recorder.exchanges)

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request, oldest first."""
        return [exchange.request for exchange in self._recorder.exchanges]

    def start(self) -> Self:
        """Listen on a free port of the loopback interface, in a thread; `url` says where, and it can be called now."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._ending = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(listening)), name="sandbox", daemon=True)
        self._thread.start()
        return self

    async def _serve(self, listening: socket.socket) -> None:
        """What uvicorn's own server does, but for its end, which takes a fifth of a second."""
        config = uvicorn.Config(self, log_config=None, access_log=False, lifespan="off", ws="none")
        config.load()
        state = ServerState()

        def connected() -> asyncio.Protocol:
            # As uvicorn's own server makes it, whose type doesn't say so.
            return config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]

        loop = asyncio.get_running_loop()
        server = await loop.create_server(connected, sock=listening)
        await asyncio.wrap_future(self._ending)
        loop.remove_reader(listening)  # a server that is closed loses those who are being let in: they come in first
        await asyncio.gather(*(asyncio.all_tasks() - state.tasks - {asyncio.current_task()}))
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()

    def stop(self) -> None:
        """Stop listening and close the log; answers that are held back are dropped."""
        if self._thread:
            self._ending.set_result(None)
            self._thread.join()
            self._thread = None
        self._recorder.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP exchange, as ASGI has it."""
        asked = requests.Request(scope, receive)
        recorded = RecordedRequest(
            at=self._clock(),
            method=asked.method,
            path=asked.url.path,
            query=asked.url.query,
            headers=dict(asked.headers),
            body=await asked.body(),
        )
        answer = self.answer(recorded)
        await asyncio.sleep(answer.delay.total_seconds())
        await responses.Response(answer.body, answer.status, answer.headers)(scope, receive, send)

    def answer(self, request: RecordedRequest) -> Response:
        """The answer to the request, which is recorded by the time this returns."""
        exchange = self._exchange(request)
        self._recorder.record(exchange)
        return exchange.response

    def _exchange(self, request: RecordedRequest) -> Exchange:
        scripted = self.script(request) if self.script else None
        if scripted is None:
            return Exchange(request, self._ask_vendor(request))
        return Exchange(request, scripted, lost=self._ask_vendor(request) if scripted.is_processed else None)

    def _ask_vendor(self, request: RecordedRequest) -> Response:
        if request.path == "/v2/enqueue":
            return self.pagerduty.answer(request)
        if request.path.startswith("/api/"):
            return self.slack.answer(request)
        if request.path.startswith("/answers/") and request.method == "POST":
            return self.slack.take_answer(request)
        if request.path.startswith("/push/"):
            return self.push.answer(request)
        if request.path.split("/")[1] in ROOTS:
            return self.pagerduty.rest.answer(request)
        return _NOT_FOUND
