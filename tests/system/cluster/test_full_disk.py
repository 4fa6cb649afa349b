"""What if the disk is full? Nobody is told yes, ladders go on climbing, and with space again all is as before."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.system.audit import events_taken
from tests.system.cluster.disk import Disk
from tests.system.cluster.machine import Network
from tests.system.server import Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

SPEED = 60.0  # engine seconds a second: the ladder's next step, five minutes later, is due within five seconds


@pytest.fixture
def disk(network: Network, tmp_path: Path) -> Disk:
    return Disk(network.machine("disk").boot(), tmp_path / "disk", size=32 * 1_048_576)


@pytest.fixture
def server(disk: Disk, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(disk.path, sandbox=sandbox, TOCSIN_CLOCK_SPEED=str(SPEED))
    server.environ["TOCSIN_DATABASE"] = f"sqlite:///{disk.mounted}/tocsin.db"
    server.before = disk.machine.on_its_disks()
    with server:
        yield server


def test_ladder_climbs_on_a_full_disk_while_new_alerts_are_refused(server: Server, disk: Disk, sent: Path) -> None:
    incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all of it")["id"])
    until(lambda: events_taken(sent), "the first step has paged")
    monitoring = Monitoring(server)
    disk.fill_up()
    until(monitoring.is_refused, "an alert is refused")

    steps, pages = len(server.events(incident, "step_fired")), len(events_taken(sent))
    until(lambda: len(server.events(incident, "step_fired")) > steps, "the next step is carried out", within=15)
    until(lambda: len(events_taken(sent)) > pages, "and pages", within=10)
    server.post(f"incidents/{incident}/acknowledge", by="alice")
    assert monitoring.is_refused()
    (given_up,) = [line for line in server.log.read_text().splitlines() if "is given up" in line]
    assert "CRITICAL" in given_up

    disk.make_space()
    until(lambda: not monitoring.is_refused(), "alerts are taken again", within=10)
    assert server.end() == 0
    copy = shutil.copy(server.database, disk.mounted)  # SQLite itself can't be led to the file from here
    with closing(sqlite3.connect(copy)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    server.start()
    assert server.get(f"incidents/{incident}")["status"] == "acknowledged"
    assert monitoring.taken
    assert monitoring.lost() == set()


class Monitoring:
    """Sends one new alert after the other, and keeps in mind which of them were taken."""

    def __init__(self, server: Server) -> None:
        self.taken: set[str] = set()
        self._server = server
        self._numbers = count()

    def is_refused(self) -> bool:
        """Whether a new alert is refused, in the way that makes its sender come again."""
        name = f"Alone{next(self._numbers)}"
        alert = firing(name, service="website", severity="info", long="x" * 4_000)
        answer = self._server.http.post("/api/v2/alerts", json=[alert])
        if answer.is_success:
            self.taken.add(name)
            return False
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.text
        assert answer.headers["retry-after"] == "2"
        return True

    def lost(self) -> set[str]:
        return self.taken - {alert["labels"]["alertname"] for alert in self._server.get("alerts", limit=5000)}
