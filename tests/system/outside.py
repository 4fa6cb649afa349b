"""Who asks things of a server that may die? People and monitoring, who try again until they are answered.

Whatever was answered with a 2xx is a promise, and is kept with the moment at which it was given.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

from tests.system.checker.evidence import Json, Promise

_PATIENCE_SECONDS = 90.0
_LONGEST_ANSWER_SECONDS = 6.0  # of a node that was stopped there is none
_PAUSE_SECONDS = 0.05


class Outside:
    """Asks the nodes at `urls()` by turns. Between two tries it calls `mend`: somebody starts what is dead."""

    def __init__(
        self,
        urls: Callable[[], Sequence[str]],
        token: Callable[[], str],
        mend: Callable[[], object],
        turn: int = 0,  # who begins with which node
    ) -> None:
        self.promises: list[Promise] = []
        self.faults: list[str] = []
        self._urls = urls
        self._token = token
        self._mend = mend
        self._asked = turn
        self._http = httpx2.Client(trust_env=False, timeout=_LONGEST_ANSWER_SECONDS)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """The answer to a GET below /api/v1."""
        return self._ask("GET", f"/api/v1/{path}", None).json()

    def send_alerts(self, *alerts: Json) -> None:
        """Deliver alerts as Prometheus does, until they are taken."""
        if self._ask("POST", "/api/v2/alerts", alerts).is_success:
            self._promised(*(Promise("alert", time.time(), body=alert) for alert in alerts))

    def declare(self, **body: Any) -> None:
        """Declare an incident under a title of its own; after an answer that got lost, look whether it is there."""
        while True:
            response = self._try("POST", "/api/v1/incidents", body)
            if response is not None and response.is_success:
                self._promised(Promise("declare", time.time(), response.json()["id"], body))
            if response is not None or any(it["title"] == body["title"] for it in self.get("incidents?state=all")):
                return
            self._asked += 1  # of two nodes, the one that has told us so is asked next

    def act(self, incident: str, what: str, **body: Any) -> None:
        """Ask for a change of an incident: `acknowledge`, `notes`… A refusal is an answer too, and promises nothing."""
        if self._ask("POST", f"/api/v1/incidents/{incident}/{what}", body).is_success:
            self._promised(Promise(what, time.time(), incident, body))

    def _promised(self, *promises: Promise) -> None:
        self.promises += promises

    def _ask(self, method: str, path: str, body: object) -> httpx2.Response:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            response = self._try(method, path, body)
            if response is not None:
                return response
            assert time.monotonic() < give_up_at, f"{method} {path}: no answer within {_PATIENCE_SECONDS:g} seconds"

    def _try(self, method: str, path: str, body: object) -> httpx2.Response | None:
        """The answer of the next node; None where there was none, or where it asks to come again later."""
        urls = self._urls()
        url = urls[self._asked % len(urls)]
        self._asked += 1
        try:
            headers = {"Authorization": f"Bearer {self._token()}"}
            response = self._http.request(method, f"{url}{path}", json=body, headers=headers)
        except httpx2.TransportError:
            self._mend()
            time.sleep(_PAUSE_SECONDS)
            return None
        # A token lies in its file before it is in the database; a server that dies in between is mended first.
        if response.status_code in (401, 503):
            self._mend()
            time.sleep(_PAUSE_SECONDS)
            return None
        if response.status_code >= 500:
            self.faults.append(f"{method} {path} was answered {response.status_code}: {response.text[:200]}")
        return response
