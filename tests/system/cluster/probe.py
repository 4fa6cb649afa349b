"""When is a node back? Somebody sends it one new alert after the other, and writes down which were taken, and when."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Self

import httpx2

from tests.system.checker.evidence import Promise
from tests.system.server import firing

_PAUSE_SECONDS = 0.1
_LONGEST_ANSWER_SECONDS = 5.0


class Probe:
    """Asks the node at `url`, until the block ends. `promises` are the alerts that were taken."""

    def __init__(self, url: str, token: str) -> None:
        self.promises: list[Promise] = []
        self.taken_at = 0.0  # the monotonic instant of the last answer that was a yes
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx2.Client(base_url=self._url, headers=self._headers, trust_env=False) as client:
            for number in count():
                if self._is_over.wait(_PAUSE_SECONDS):
                    return
                self._send(client, number)

    def _send(self, client: httpx2.Client, number: int) -> None:
        """One alert, of a group that wakes nobody."""
        started_at = datetime.now(UTC) - timedelta(minutes=1)
        instance = f"{self._url}-{number}"
        alert = firing("Probe", started_at=started_at, service="website", severity="info", instance=instance)
        try:
            answer = client.post("/api/v2/alerts", json=[alert], timeout=_LONGEST_ANSWER_SECONDS)
        except httpx2.TransportError:
            return
        if answer.is_success:
            self.promises.append(Promise("alert", time.time(), body=alert))
            self.taken_at = time.monotonic()
