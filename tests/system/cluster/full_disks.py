"""How does a round of full disks go? The disk fills up under ladders and alerts, and gets space again, twice over."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import httpx2

from tests.system.cluster.disk import Disk
from tests.system.cluster.machine import Network
from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome
from tests.system.server import Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

FULL_DISKS = "full disks"
_SIZE = 32 * 1_048_576
_STEP_WITHIN_SECONDS = 10.0 + 5.0  # ten of the promise, and five minutes of the ladder, hurried


def full_disks(seed: int, directory: Path) -> Outcome:
    """Twice, each after some work."""
    return fill(seed, directory, times=2)


def fill(seed: int, directory: Path, *, times: int) -> Outcome:
    """Fill the disk under a server so many times."""
    chance = random.Random(seed)
    with Network() as network, Sandbox() as sandbox:
        disk = Disk(network.machine("disk").boot(), directory / "disk", _SIZE)
        with _server_on(disk, directory, sandbox) as server:
            monitoring = Monitoring(server)
            for _ in range(times):
                for _ in range(chance.randrange(100)):
                    monitoring.is_refused()
                _fill(server, disk, sandbox, monitoring)
            server.end()
            broken = _unsound(server.database, directory)
            server.start()
            broken += [f"[1] the alert {name} was acknowledged, and is lost" for name in sorted(monitoring.lost())]
    return Outcome(FULL_DISKS, seed, broken=broken, notes={"alerts promised": len(monitoring.taken)})


@contextmanager
def _server_on(disk: Disk, directory: Path, sandbox: Sandbox) -> Iterator[Server]:
    """A server whose data are on the disk; everything else sees its files from outside."""
    server = Server(disk.path, sandbox=sandbox, sop=hurried_sop(directory))
    server.environ["TOCSIN_DATABASE"] = f"sqlite:///{disk.mounted}/tocsin.db"
    server.before = disk.machine.on_its_disks()
    with server:
        yield server


def _fill(server: Server, disk: Disk, sandbox: Sandbox, monitoring: "Monitoring") -> None:
    """A ladder climbs on the full disk, people answer, and new alerts are refused until there is space."""
    incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all of it")["id"])
    until(lambda: _steps(server, incident) >= 1, "the first step is carried out")
    disk.fill_up()
    until(monitoring.is_refused, "an alert is refused", within=60)

    steps, pages = _steps(server, incident), len(sandbox.requests)
    until(lambda: _steps(server, incident) > steps, "the next step is carried out", within=3 * _STEP_WITHIN_SECONDS)
    until(lambda: len(sandbox.requests) > pages, "and somebody is paged", within=_STEP_WITHIN_SECONDS)
    server.post(f"incidents/{incident}/acknowledge", by="alice")
    assert monitoring.is_refused(), "a new alert was taken while only what runs may be written"
    until(lambda: "disk" in _alarms(server), "there is an alarm")

    disk.make_space()
    until(lambda: not monitoring.is_refused(), "alerts are taken again")
    until(lambda: "disk" not in _alarms(server), "the alarm is over")
    assert server.get(f"incidents/{incident}")["status"] == "acknowledged"


def _steps(server: Server, incident: str) -> int:
    return len(server.events(incident, "step_fired"))


def _alarms(server: Server) -> set[str]:
    return {alarm["kind"] for alarm in server.get("alarms")}


def _unsound(database: Path, directory: Path) -> list[str]:
    """What SQLite finds wrong with a copy: it can't be led to the file itself from outside."""
    copy = shutil.copy(database, directory)
    with closing(sqlite3.connect(copy)) as file:
        return [f"integrity: {told}" for (told,) in file.execute("PRAGMA integrity_check") if told != "ok"]


class Monitoring:
    """Sends one new alert after the other, and keeps in mind which of them were taken."""

    def __init__(self, server: Server) -> None:
        self.taken: set[str] = set()
        self._server = server
        self._numbers = count()

    def is_refused(self) -> bool:
        """Whether a new alert is refused as there is no room for it, in the way that makes its sender come again."""
        answer = self.send()
        if answer.is_success:
            return False
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.text
        assert answer.headers["retry-after"] == "2"
        return True

    def send(self) -> httpx2.Response:
        """Send a new alert; the answer."""
        name = f"Alone{next(self._numbers)}"
        alert = firing(name, service="website", severity="info", long="x" * 4_000)
        answer = self._server.http.post("/api/v2/alerts", json=[alert])
        if answer.is_success:
            self.taken.add(name)
        return answer

    def lost(self) -> set[str]:
        """The alerts that were taken and aren't there."""
        return self.taken - {alert["labels"]["alertname"] for alert in self._server.get("alerts", limit=5000)}
