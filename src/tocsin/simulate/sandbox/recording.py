"""What was asked of the sandbox, and what did it answer? Every exchange in memory, and in a log that outlives it.

The log is one JSON object a line, the system's before the answer leaves: what a client was told is in it, however the
sandbox ends. It isn't synced to the disk, as no vendor waits for ours. It holds requests as they came, their tokens and
keys included, so nothing real belongs into a sandbox.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct, field


class RecordedRequest(Struct, frozen=True):
    """A request as it came; header names in lower case."""

    at: datetime
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Response(Struct, frozen=True):
    """An answer. A script may hold it back for `delay`, and say with `is_processed` that only the answer was lost."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: timedelta = timedelta(0)
    is_processed: bool = False  # True: the vendor did its work before it answered like this


Script = Callable[[RecordedRequest], Response | None]


class Exchange(Struct, frozen=True):
    """A request with its answer; `lost` is what the vendor did say, where it was another answer that arrived."""

    request: RecordedRequest
    response: Response
    lost: Response | None = None


class Recorder:
    """Keeps exchanges, oldest first; `log` is appended to, and made where it is missing."""

    def __init__(self, log: Path | None) -> None:
        self.exchanges: list[Exchange] = []
        self._log = log.open("ab") if log else None

    def record(self, exchange: Exchange) -> None:
        """Keep the exchange; it is in the log when this returns."""
        self.exchanges.append(exchange)
        if self._log:
            self._log.write(_line(exchange))
            self._log.flush()

    def close(self) -> None:
        """Close the log; the exchanges stay readable."""
        if self._log:
            self._log.close()
            self._log = None


def json_response(status: int, answer: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    body = json.dumps(answer).encode()
    kind = {"content-type": "application/json; charset=utf-8"}
    return Response(status=status, body=body, headers=kind | (headers or {}))


def _line(exchange: Exchange) -> bytes:
    asked, answered, lost = exchange.request, exchange.response, exchange.lost
    line = {
        "at": asked.at.isoformat(),
        "method": asked.method,
        "path": asked.path,
        "query": asked.query,
        "headers": asked.headers,
        "body": asked.body.decode(errors="backslashreplace"),
        "status": answered.status,
        "answer": answered.body.decode(errors="backslashreplace"),
        "lost": [lost.status, lost.body.decode(errors="backslashreplace")] if lost else None,
    }
    return json.dumps(line).encode() + b"\n"
