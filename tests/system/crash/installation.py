"""What is it that dies and comes back? A database, the nodes on it that are killed at their points, and the vendors."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

import httpx2
import msgspec

from tests.fakes.moods import Mood
from tests.system.checker.evidence import Json
from tests.system.crash.points import point_of_death
from tests.system.crash.zygote import Child, ServerOrder, VendorsOrder, zygote
from tests.system.server import environment
from tests.system.waiting import until

WAITING = "SELECT id FROM outbox WHERE status IN ('pending', 'leased') LIMIT 1"


class Database(Protocol):
    """Where an installation keeps everything."""

    url: str
    token_file: Path

    def read(self, sql: str) -> list[Json]:
        """The rows of a query, as seen by somebody who may only read."""


class Node:
    """One seat of an installation: a server that dies, and another one on the same port."""

    def __init__(self, directory: Path, name: str, environ: dict[str, str]) -> None:
        self.deaths: list[str] = []
        self.faults: list[str] = []
        self.port = _free_port()
        self._directory = directory
        self._environ = environ
        self._log = directory / f"{name}.log"
        self._points = directory / f"{name}.points"
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.is_alive

    def start(self, dies_at: int | None) -> None:
        """Start a server that dies at that point; nobody waits until it is ready."""
        order = ServerOrder(
            directory=str(self._directory),
            log=str(self._log),
            environ=self._environ,
            arguments=("serve", "--port", str(self.port)),
            dies_at=dies_at,
            points=str(self._points),
        )
        self._points.unlink(missing_ok=True)
        self._child = zygote().bear(order)

    def bury(self) -> None:
        """Write down where the dead server ended; one that was not killed ended of itself, which is a fault."""
        if self._child is None:
            return
        point = point_of_death(self._points)
        if point:
            self.deaths.append(point)
        else:
            self.faults.append(f"a server ended by itself: {self._log.read_text()[-500:]}")
        self._child = None

    def reached(self) -> int:
        """How many points the newest server has reached."""
        return len(self._points.read_text().splitlines()) if self._points.exists() else 0

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        assert self._child
        self._child.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on as if nothing had been."""
        if self._child:
            self._child.signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill it where it is."""
        if self._child:
            self._child.kill()
            self._child = None


class Installation:
    """Servers on one database; each newly started one dies at the next of `dooms`, and lives once there is none."""

    def __init__(self, directory: Path, database: Database, *, nodes: int, dooms: Iterator[int], speed: float) -> None:
        self.database = database
        self.sent = directory / "sent.jsonl"
        self._dooms = dooms
        told = directory / "vendors.url"
        order = VendorsOrder(
            directory=str(directory), log=str(directory / "vendors.log"), sent=str(self.sent), told=str(told)
        )
        self._vendors = zygote().bear(order)
        self.vendors_url = until(lambda: told.read_text() if told.exists() else "", "the vendors are there")
        environ = environment(
            directory / "tocsin.db",
            TOCSIN_DATABASE=database.url,
            TOCSIN_PAGERDUTY_EVENTS_URL=self.vendors_url,
            TOCSIN_SLACK_API_URL=self.vendors_url,
            TOCSIN_CLOCK_SPEED=str(speed),
        )
        self.nodes = [Node(directory, f"node-{number}", environ) for number in range(1, nodes + 1)]

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.end()
        self._vendors.kill()

    def token(self) -> str:
        """The admin token, once a first server has lived long enough to make it."""
        return until(self._token, "there is a token")

    def _token(self) -> str:
        self.mend()
        return self.database.token_file.read_text().strip() if self.database.token_file.exists() else ""

    def feel(self, moods: dict[str, list[Mood]]) -> None:
        """Tell the vendors how to behave."""
        body = msgspec.json.encode(moods)
        httpx2.put(f"{self.vendors_url}/moods", content=body, trust_env=False).raise_for_status()

    def mend(self) -> None:
        """Start what is dead."""
        for node in self.nodes:
            if not node.is_alive:
                node.bury()
                node.start(next(self._dooms, None))

    def is_nothing_waiting(self) -> bool:
        """Whether everything is sent that is to be sent; starts what has died meanwhile."""
        self.mend()
        return not self.database.read(WAITING)

    @property
    def deaths(self) -> list[str]:
        """The points at which servers were killed."""
        return [point for node in self.nodes for point in node.deaths]

    @property
    def faults(self) -> list[str]:
        """What servers did that they should not."""
        return [fault for node in self.nodes for fault in node.faults]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
