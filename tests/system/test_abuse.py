"""What if clients are hostile, broken or slow? Alerts get through all the same, and it costs next to nothing.

The server is a process of its own. What is sent to it is in `hostile.py`, who keeps it waiting in `slow.py`.
"""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.system.hostile import bodies, strange_alerts, streams, swelling
from tests.system.server import Server, firing
from tests.system.slow import crowd
from tests.system.waiting import until

pytestmark = pytest.mark.system

_MORE_MEMORY = 50  # MiB
_GENEROUS = 10.0  # seconds for what takes milliseconds on a machine that does nothing else
_PATIENCE = 10.0  # seconds that the server waits for a head, or for a body


@pytest.fixture(autouse=True)
def room_for_thousands() -> Iterator[None]:
    """Every connection is a file of this process, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Traffic:
    """Valid alerts, one after the other; what was answered, and how long that took."""

    def __init__(self, server: Server) -> None:
        self.sent: list[str] = []
        self.refused: list[str] = []
        self.slowest = 0.0
        self._server = server
        self._is_over = threading.Event()

    def flow(self) -> None:
        with httpx2.Client(base_url=self._server.url, trust_env=False, timeout=30) as client:
            client.headers["Authorization"] = f"Bearer {self._server.intake_key}"
            while not self._is_over.is_set():
                name = f"Valid{len(self.sent)}"
                began = time.monotonic()
                response = client.post("/api/v2/alerts", json=[firing(name)])
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.sent.append(name)
                if response.status_code != 200:
                    self.refused.append(response.text)
                self._is_over.wait(0.01)

    def end(self) -> None:
        self._is_over.set()

    def lost(self) -> set[str]:
        """What was sent and is not there."""
        known = {it["labels"]["alertname"] for it in self._server.get("alerts", limit=5_000)}
        return set(self.sent) - known


@contextmanager
def traffic(server: Server) -> Iterator[Traffic]:
    """Valid alerts all the time."""
    flowing = Traffic(server)
    thread = threading.Thread(target=flowing.flow)
    thread.start()
    try:
        until(lambda: flowing.sent, "alerts flow")
        yield flowing
    finally:
        flowing.end()
        thread.join()


def memory(server: Server, kind: str) -> int:
    """The memory of its process in MiB: `VmRSS` now, `VmHWM` at most so far."""
    status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    (line,) = [line for line in status if line.startswith(f"{kind}:")]
    return int(line.split()[1]) // 1_024


def tell(capsys: pytest.CaptureFixture[str], flowing: Traffic, more: int) -> None:
    """The figures that are promised."""
    with capsys.disabled():
        print(f"\n{len(flowing.sent)} alerts, the slowest in {flowing.slowest:.2f} s; {more} MiB more")  # noqa: T201


def told(server: Server, stream: bytes) -> bytes:
    """All that is answered to these bytes."""
    url = httpx2.URL(server.url)
    answer = b""
    with socket.create_connection((url.host, url.port or 0), timeout=30) as connection:
        with suppress(ConnectionError):  # it may hang up, once it has said why
            connection.sendall(stream)
        with suppress(ConnectionError):
            while data := connection.recv(65_536):
                answer += data
    return answer


def test_hostile_requests_in_the_midst_of_alerts_hold_none_of_them_up(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    doors = ["/api/v2/alerts", f"/intake/alertmanager/{server.intake_key}"]
    before = memory(server, "VmRSS")
    with traffic(server) as flowing, ThreadPoolExecutor(8) as pool:
        host = server.url.removeprefix("http://")
        heard = pool.map(lambda stream: told(server, stream), streams(host, server.intake_key).values())
        for name, (body, encoding) in bodies().items():
            for door in doors:
                response = server.http.post(door, content=body, headers={"Content-Encoding": encoding})
                assert response.status_code in (413, 415, 422), name
                assert response.json()["detail"], name
        for alert in strange_alerts():
            server.send_alerts(alert)
        statuses = {answer[9:12] for answer in heard}
    assert statuses <= {b"200", b"303", b"400", b"404", b"401", b"403", b"408", b"413", b"422", b"431"}
    assert flowing.refused == []
    assert flowing.lost() == set()
    assert flowing.slowest < _GENEROUS
    more = memory(server, "VmHWM") - before
    assert more <= _MORE_MEMORY
    tell(capsys, flowing, more)
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "CRITICAL" not in log


def test_a_thousand_slow_clients_are_let_go_and_hold_up_nobody(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    before = memory(server, "VmRSS")
    with crowd(server, 1_000) as slow:
        until(lambda: slow.connected == 1_000, "all are connected")
        with traffic(server) as flowing:
            for _ in range(20):
                began = time.monotonic()
                assert httpx2.get(f"{server.url}/readyz", trust_env=False, timeout=30).status_code == 200
                assert time.monotonic() - began < _GENEROUS
        until(lambda: len(slow.ends) == 1_000, "all were let go", within=3 * _PATIENCE)
    assert slow.statuses() == {
        "says nothing": {None: 250},
        "never ends its head": {408: 250},
        "never ends its body": {408: 250},
        "never ends its body, and has no key": {401: 250},
    }
    assert min(end.seconds for end in slow.ends if end.status != 401) > _PATIENCE / 2
    assert (flowing.refused, flowing.lost()) == ([], set())
    assert flowing.slowest < _GENEROUS
    more = memory(server, "VmHWM") - before
    assert more <= _MORE_MEMORY
    tell(capsys, flowing, more)


def test_where_there_are_too_many_whoever_has_kept_it_waiting_longest_makes_room(server: Server) -> None:
    url = httpx2.URL(server.url)
    idle = [socket.create_connection((url.host, url.port or 0)) for _ in range(2_500)]
    try:
        server.send_alerts(firing("CheckoutDown"))
        assert httpx2.get(f"{server.url}/readyz", trust_env=False, timeout=30).status_code == 200
        assert [len(it.recv(1)) for it in idle[:100]] == [0] * 100  # those were the first ones
    finally:
        for connection in idle:
            connection.close()


def test_bodies_that_fill_the_room_are_put_off_and_nobody_is_told_that_they_are_in(server: Server) -> None:
    url = httpx2.URL(server.url)
    body = swelling(4 * 1_048_576)
    head = (
        f"POST /api/v2/alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.intake_key}\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    before = memory(server, "VmRSS")
    slow = [socket.create_connection((url.host, url.port or 0)) for _ in range(16)]
    try:
        for connection in slow:
            connection.sendall(head.encode() + body[:-1])  # the last byte never comes
        (refused,) = until(lambda: refusals(server), "the room is full")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "2"
        assert httpx2.get(f"{server.url}/readyz", trust_env=False, timeout=30).status_code == 200
        assert memory(server, "VmHWM") - before <= _MORE_MEMORY
    finally:
        for connection in slow:
            connection.close()
    until(lambda: not refusals(server), "there is room again")


def refusals(server: Server) -> list[httpx2.Response]:
    """What a body of a mebibyte hears, unless it is taken."""
    response = server.http.post("/api/v2/alerts", content=b"[]" + b" " * 1_000_000)
    return [] if response.status_code == 200 else [response]
