"""How does PagerDuty deliver webhooks? Signed, in order, again while they are refused, as documented.

Source: developer.pagerduty.com/docs/webhooks/webhook-signatures and …/webhook-behavior, read for this file alone. Its
twenty minutes of trying again are some seconds here.
"""

import hmac
import json
import queue
import time
from hashlib import sha256
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from msgspec import Struct

from tocsin.simulate.sandbox.pagerduty_desk import JsonObject

_TRIES = 5  # "Webhooks will be retried up to 4 times (total of 5 attempts)"
_TIMEOUT_SECONDS = 5  # "PagerDuty expects a 2xx response within 5 seconds"
_PAUSE_SECONDS = 0.2


class Delivered(Struct, frozen=True):
    """A webhook's body, and the status of each attempt; 0: no answer."""

    body: bytes
    statuses: tuple[int, ...]

    @property
    def status(self) -> int:
        """What it came to: an attempt that had no answer in time is followed by another one."""
        return self.statuses[-1]


class SandboxPost:
    """Delivers to one subscription, in a thread of its own; use it as a context manager."""

    def __init__(self, url: str, *secrets: str, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self.url = url
        self.secrets = secrets
        self._pause_seconds = pause_seconds  # half of the first one; they double
        self.delivered: list[Delivered] = []
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._opener = build_opener(ProxyHandler({}))
        self._thread = Thread(target=self._run, name="sandbox-post", daemon=True)

    def __enter__(self) -> "SandboxPost":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def tell(self, event: JsonObject) -> None:
        """Deliver this after what came before."""
        self._waiting.put(json.dumps(event).encode())

    def signature(self, body: bytes) -> str:
        """The header's value: one signature a secret."""
        return ",".join(f"v1={hmac.new(it.encode(), body, sha256).hexdigest()}" for it in self.secrets)

    def send(self, body: bytes) -> int:
        """Send it once, now; the status, or 0 where nobody answered."""
        headers = {"Content-Type": "application/json", "X-PagerDuty-Signature": self.signature(body)}
        request = Request(self.url, body, headers)  # noqa: S310  # to where the test says
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as reply:
                return int(reply.status)
        except HTTPError as error:
            return error.code
        except (URLError, OSError):
            return 0

    def _run(self) -> None:
        while (body := self._waiting.get()) is not None:
            self.delivered.append(Delivered(body, tuple(self._tries(body))))

    def _tries(self, body: bytes) -> list[int]:
        statuses: list[int] = []
        while len(statuses) < _TRIES:
            statuses.append(self.send(body))
            if statuses[-1] not in (0, 429) and statuses[-1] < 500:
                break  # taken, or "4XX response from the server (except for 429)", which is dropped
            time.sleep(self._pause_seconds * 2 ** len(statuses))
        return statuses
