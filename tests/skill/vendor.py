"""Who plays PagerDuty and Slack? A real HTTP server on loopback that answers as told and keeps what it was sent."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from msgspec import Struct, field


class Reply(Struct, frozen=True):
    """What the server answers: after `seconds`, or never (`hangs_up`)."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    hangs_up: bool = False
    hints_first: bool = False  # an interim 103 before the answer


class Request(Struct, frozen=True):
    """What the server was sent, when, and what every process of this machine showed on its command line meanwhile."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    command_lines: tuple[bytes, ...]

    @property
    def json(self) -> Any:
        """The body read as strict UTF-8 JSON."""
        return json.loads(self.body.decode("utf-8"))


def answer(status: int, content: object, **headers: str) -> Reply:
    """A reply with a JSON body; `retry_after="1"` becomes the header Retry-After."""
    return Reply(status, json.dumps(content).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


HANG_UP = Reply(0, b"", hangs_up=True)


class Vendor:
    """The server: its URL, the requests so far, and the replies to come; the last reply is given again and again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.replies: list[Reply] = []

    def will(self, *replies: Reply) -> None:
        """Forget the past; answer so from now on."""
        self.requests = []
        self.replies = list(replies)

    def next_reply(self) -> Reply:
        """The reply to the request at hand."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def serving() -> Iterator[Vendor]:
    """A vendor on a free port of loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        vendor = Vendor(f"http://127.0.0.1:{server.server_port}")
        server.vendor = vendor  # type: ignore[attr-defined]  # the way http.server hands things to its handlers
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vendor
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        vendor: Vendor = self.server.vendor  # type: ignore[attr-defined]  # see serving
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        headers = {name.lower(): text for name, text in self.headers.items()}
        vendor.requests.append(Request(self.path, headers, body, time.monotonic(), tuple(_command_lines())))
        reply = vendor.next_reply()
        time.sleep(reply.seconds)
        with suppress(BrokenPipeError, ConnectionResetError):  # the script has given up
            self._answer(reply)

    do_GET = do_POST  # noqa: N815  # http.server's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Say nothing."""

    def _answer(self, reply: Reply) -> None:
        if reply.hangs_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if reply.hints_first:
            self.send_response_only(103)
            self.end_headers()
        self.send_response(reply.status)
        for name, text in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(reply.body)


def _command_lines() -> Iterator[bytes]:
    """What `ps` shows; on Linux only."""
    if sys.platform == "linux":
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                yield path.read_bytes()
