"""What does a storm of alerts look like to the server? A thousand of them over eight connections, and what it said.

The same `seed` gives the same alerts in the same requests; which of them arrive first is for the connections to fight
out. An alert counts as *acknowledged* once its request was answered with a 2xx.
"""

import queue
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import httpx2

from tests.system.server import Json, Server, firing

ALERTS = 1_000
CONNECTIONS = 8
_SHARED_GROUPS = 12
_LARGEST_BATCH = 20
_SERVICES = ("website", "api", "database", "app")
_SEVERITIES = ("critical", "critical", "error", "warning", "info")

Identity = frozenset[tuple[str, str]]


def identity(labels: dict[str, str]) -> Identity:
    """What makes two alerts the same one: all of its labels."""
    return frozenset(labels.items())


class Burst:
    """A thousand alerts, every other one in a group of its own; half of the requests bring one, half bring many.

    The connection that gets the answer by which `kill_after` alerts are acknowledged calls `at_the_moment`, once: the
    rest is under way then.
    """

    def __init__(self, seed: int, at_the_moment: Callable[[], object] = lambda: None) -> None:
        chance = random.Random(seed)
        alerts = [_alert(number, chance) for number in range(ALERTS)]
        chance.shuffle(alerts)
        self.requests = list(_cut(alerts, chance))
        self.kill_after = chance.randrange(100, 700)
        self.acknowledged: set[Identity] = set()
        self.unanswered: set[Identity] = set()
        self._at_the_moment = at_the_moment
        self._lock = threading.Lock()
        self._is_time = threading.Event()

    def send(self, server: Server) -> "Sending":
        """Begin to send everything, over all connections at once."""
        return Sending(self, server)

    def wait_for_the_moment(self) -> None:
        """Return when it has come."""
        assert self._is_time.wait(60), "the burst never got that far"

    def note(self, alerts: Iterable[Json], *, is_acknowledged: bool) -> None:
        """What came of one request."""
        identities = {identity(alert["labels"]) for alert in alerts}
        with self._lock:
            (self.acknowledged if is_acknowledged else self.unanswered).update(identities)
            if len(self.acknowledged) >= self.kill_after and not self._is_time.is_set():
                self._at_the_moment()
                self._is_time.set()


class Sending:
    """The connections at work; `join` returns when each has nothing left to send, or nobody to send it to."""

    def __init__(self, burst: Burst, server: Server) -> None:
        self._burst = burst
        self._left: queue.SimpleQueue[list[Json]] = queue.SimpleQueue()
        for request in burst.requests:
            self._left.put(request)
        where = (server.url, {"Authorization": f"Bearer {server.token}"})
        self._threads = [threading.Thread(target=self._work, args=where) for _ in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self, url: str, headers: dict[str, str]) -> None:
        with httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            while not self._left.empty():
                try:
                    alerts = self._left.get_nowait()
                except queue.Empty:
                    return
                self._burst.note(alerts, is_acknowledged=_deliver(client, alerts))


def _deliver(client: httpx2.Client, alerts: list[Json]) -> bool:
    try:
        response = client.post("/api/v2/alerts", json=alerts)
    except httpx2.TransportError:
        return False  # it may be in, it may be not: nobody was promised anything
    assert response.is_success, response.text
    return True


def _alert(number: int, chance: random.Random) -> Json:
    name = f"Alone{number}" if number % 2 else f"Shared{number // 2 % _SHARED_GROUPS}"
    service = _SERVICES[sum(name.encode()) % len(_SERVICES)]  # one a name: the service is part of the group
    started_at = datetime.now(UTC) - timedelta(minutes=5)
    severity = chance.choice(_SEVERITIES)
    return firing(name, started_at=started_at, instance=f"web-{number}", service=service, severity=severity)


def _cut(alerts: list[Json], chance: random.Random) -> Iterator[list[Json]]:
    """The alerts in requests: single ones and batches."""
    while alerts:
        size = chance.randint(2, _LARGEST_BATCH) if chance.random() < 0.5 else 1
        yield alerts[:size]
        alerts = alerts[size:]
