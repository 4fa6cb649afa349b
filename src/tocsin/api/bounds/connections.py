"""How long is a client waited for, and how many are there room for? uvicorn's protocol, with an end to its patience.

uvicorn waits for a request's head for ever, and keeps as much of it as comes. Here a head has a deadline and a size, a
connection that is left over after its answer is closed, and where there are too many, the one that has kept us waiting
longest makes room. What a body may be is told in `reading.py`, which can answer in the words of the API.
"""

import asyncio
from enum import Enum, auto
from typing import Any

from msgspec import Struct
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from tocsin.api.problems import PROBLEM_TYPE, RETRY_AFTER, body_of_problem

MAX_CONNECTIONS = 2_000
MAX_HEAD = 64 * 1024  # bytes
HEAD_WITHIN_SECONDS = 10
HANDSHAKE_WITHIN_SECONDS = 10  # of TLS
_REST_WITHIN_SECONDS = 2  # of a request that has been answered already
_LINE = 4  # bytes of a header beside its name and its value
_FRAME = 8  # bytes around a chunk of one byte: its length and two ends of line, and some


class Capacity(Struct, frozen=True):
    """How many connections are kept, and how many more may come in at once."""

    connections: int
    backlog: int


def capacity(open_files: int) -> Capacity:
    """What a process that may have so many files open has room for; a quarter is left for its own work."""
    return Capacity(connections=min(MAX_CONNECTIONS, open_files // 2), backlog=min(2_048, open_files // 4))


class _Stage(Enum):
    """Where the request that comes in stands."""

    NOTHING = auto()  # whole, and the next not begun
    HEAD = auto()
    BODY = auto()


class Connection(HttpToolsProtocol):
    """One connection. It waits for the head of a request, then answers, and so on."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._since = self.loop.time()  # what is waited for now has been since then
        self._received = 0  # bytes of this request
        self._body = 0  # what of them was body
        self._stage = _Stage.NOTHING
        self._unanswered = 0  # requests whose head is there

    # What comes in

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody has connected: whoever has kept us waiting longest goes where it gets too crowded."""
        super().connection_made(transport)
        self._wait(HEAD_WITHIN_SECONDS)
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; too many of them that are no body end it."""
        self._received += len(data)
        super().data_received(data)
        if self._received - self._body * (1 + _FRAME) > MAX_HEAD:
            self._refuse_head()

    def send_400_response(self, msg: str) -> None:
        """The parser has given up."""
        self._refuse(400, "bad_request", "request: must be HTTP/1.1")

    # Where a request stands

    def on_message_begin(self) -> None:
        """A request begins: its head has to follow soon."""
        super().on_message_begin()
        self._stage = _Stage.HEAD
        self._wait(HEAD_WITHIN_SECONDS)

    def on_headers_complete(self) -> None:
        """The head is there. For the body waits who reads it.

        A head that comes at once with its end is whole before `data_received` can count it: it is counted here.
        """
        if sum(len(name) + len(value) + _LINE for name, value in self.headers) + len(self.url) > MAX_HEAD:
            self._refuse_head()
        if self.transport.is_closing():
            return
        self._stage = _Stage.BODY
        self._stop_waiting()
        super().on_headers_complete()
        self._unanswered += 1

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.transport.is_closing():
            return
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; another one may follow."""
        if self.transport.is_closing():
            return  # it was refused for its head, and has come at once with the rest
        super().on_message_complete()
        self._stage = _Stage.NOTHING
        self._received = self._body = 0
        self._wait(HEAD_WITHIN_SECONDS)

    def on_response_complete(self) -> None:
        """It is answered. What nobody has read of it is waited for a little: a client that is cut off hears nothing."""
        super().on_response_complete()
        self._unanswered -= 1
        if self._stage is _Stage.BODY and not self._unanswered:
            self._wait(_REST_WITHIN_SECONDS)

    # Waiting

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._unanswered:
            self._wait(HEAD_WITHIN_SECONDS)  # they wait for us, not we for them
        elif self._stage is _Stage.HEAD:
            self._refuse(408, "too_slow", f"head: must arrive within {HEAD_WITHIN_SECONDS} seconds")
        else:
            self.transport.abort()  # nothing was asked, or all is said: what they haven't read by now they never will

    # Too many

    def _make_room(self) -> None:
        """Cut off who has been waited for longest; where all are being answered, ask this one to come back."""
        waiting = [it for it in self.connections if isinstance(it, Connection) and it is not self and it._is_waiting]
        if waiting:
            oldest = min(waiting, key=lambda it: it._since)
            self.connections.discard(oldest)  # it counts until the loop comes round to its end otherwise
            oldest.transport.abort()
        else:
            self.connections.discard(self)
            self._refuse(503, "overloaded", "too many requests are being answered: try again in a few seconds")

    @property
    def _is_waiting(self) -> bool:
        return not self._unanswered and not self.transport.is_closing()

    def _refuse_head(self) -> None:
        self._refuse(431, "too_large", f"head: must be at most {MAX_HEAD} bytes")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Say why, below HTTP's own rules as there may be no request yet, and hang up."""
        if self.transport.is_closing():
            return
        body = body_of_problem(status, code, detail)
        headers = {"content-type": PROBLEM_TYPE, "content-length": str(len(body)), "connection": "close"}
        if status == 503:
            headers["retry-after"] = RETRY_AFTER
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[status] + head.encode() + b"\r\n" + body)
        self.transport.close()
