"""Does everything beside the paging path stay beside it, and is somebody called when the database is gone?"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.postgres import Cluster
from tests.skill.vendor import Reply, serving
from tests.system.server import Server
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: a page leaves within two where nothing else runs
_PATIENCE = 150.0  # seconds: the promise is 90, on a machine that does nothing else
_PIPE = 4096


class Unread(Server):
    """A server whose log goes into a small pipe that nobody reads."""

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        self.end_of_log, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
        command = [sys.executable, "-m", "tocsin", "serve", *(arguments or self.arguments)]
        process = subprocess.Popen(command, env=self.environ, cwd=self.directory, stdout=writing, stderr=writing)
        os.close(writing)
        return process

    @property
    def unread(self) -> int:
        """How many bytes lie in the pipe."""
        return int.from_bytes(fcntl.ioctl(self.end_of_log, 0x541B, bytes(4)), sys.byteorder)  # FIONREAD


def seconds_to_page(server: Server, sandbox: Sandbox) -> float:
    """How long it takes from a declaration until its page has arrived at PagerDuty."""
    began = time.monotonic()
    incident = server.post("incidents", title="Checkout is down", severity="SEV1", reason="nobody can pay")["id"]
    until(lambda: any(incident in key for key in list(sandbox.pagerduty.alerts)), "the page has arrived", within=30)
    return time.monotonic() - began


def told(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    with capsys.disabled():
        print(f"\n{figure}")  # noqa: T201  # a figure that is promised


def test_pages_leave_though_nobody_reads_the_log(
    tmp_path: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with Unread(tmp_path, sandbox=sandbox) as server:
        while server.unread < _PIPE * 0.9:  # each incident notes a line for those who are told in the inbox
            # A storm of SEV1s would be one page a minute: these are of another kind than those that are measured.
            server.post("incidents", title="Checkout is down " * 9, severity="SEV2", reason="some can't pay")
        slowest = max(seconds_to_page(server, sandbox) for _ in range(5))
        assert server.unread >= _PIPE * 0.9
        told(capsys, f"a page took at most {slowest:.2f} s while the log was blocked")
        assert slowest < _GENEROUS
    os.close(server.end_of_log)


@contextmanager
def nobody_answers() -> Iterator[str]:
    """An address that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}/ping"


def test_pages_leave_while_the_switch_hangs_and_scrapes_are_not_read(
    tmp_path: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sop = tmp_path / "tocsin.toml"
    sop.write_text('[heartbeat]\nevery = "1s"\n')
    with (
        nobody_answers() as switch,
        Server(tmp_path, sandbox=sandbox, sop=sop, TOCSIN_HEARTBEAT_URL=switch) as server,
        ExitStack() as open_scrapes,
    ):
        port = int(server.url.rpartition(":")[2])
        for _ in range(50):
            scrape = open_scrapes.enter_context(socket.create_connection(("127.0.0.1", port)))
            scrape.sendall(b"GET /metrics HTTP/1.1\r\nHost: tocsin\r\n\r\n")
        slowest = max(seconds_to_page(server, sandbox) for _ in range(5))
        told(capsys, f"a page took at most {slowest:.2f} s while the switch and 50 scrapes hung")
        assert slowest < _GENEROUS


class OnPostgres(Server):
    """A server whose database is a PostgreSQL of its own."""

    def beside(self, name: str) -> Path:
        home = Path(self.environ["HOME"]) / ".local" / "share" / "tocsin"
        return next(home.glob(f"postgresql-*.{name}"), home / f"none.{name}")


def test_emergency_contacts_are_called_within_ninety_seconds_of_losing_the_database(
    tmp_path: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with TemporaryDirectory() as directory, Cluster(Path(directory)) as cluster, serving() as hook:
        hook.will(Reply(200, b""))
        contacts = tmp_path / "emergency.toml"
        contacts.write_text(f'[[contacts]]\nname = "Dana"\nwebhook = "{hook.url}"\n')
        contacts.chmod(0o600)
        database = cluster.new_database()
        with OnPostgres(tmp_path, sandbox=sandbox, TOCSIN_DATABASE=database, TOCSIN_EMERGENCY=str(contacts)) as server:
            incident = server.post("incidents", title="Checkout is down", severity="SEV1", reason="all")["id"]
            until(lambda: is_seen(server), "it was looked at")
            cluster.stop(signal.SIGQUIT)
            began = time.monotonic()
            until(lambda: hook.requests, "the contacts are called", within=_PATIENCE)
            told(capsys, f"the contacts were called {time.monotonic() - began:.0f} s after the database was lost")
            call = hook.requests[0].json
            assert {"database", "blind"} & set(call["alarms"])  # it is gone, or nobody can look at it
            assert any(incident in it for it in call["incidents"])
            assert server.http.get("/readyz").status_code == 503
            assert server.http.get("/healthz").status_code == 200
            cluster.start()
            until(lambda: server.http.get("/readyz").status_code == 200, "the node is ready again", within=60)


def is_seen(server: Server) -> bool:
    """Whether the watchman's newest look shows the incident."""
    return 'tocsin_open_incidents{severity="SEV1"} 1.0' in server.http.get("/metrics").text


def test_job_that_does_not_call_is_an_incident_until_it_does(tmp_path: Path, sandbox: Sandbox) -> None:
    sop = tmp_path / "tocsin.toml"
    sop.write_text('[[heartbeats]]\nname = "backup"\nevery = "8s"\ngrace = "1s"\n')
    with Server(tmp_path, sandbox=sandbox, sop=sop) as server:
        server.http.post(f"/heartbeat/backup/{server.intake_key}").raise_for_status()
        (incident,) = until(lambda: server.get("incidents"), "the job is missed")
        assert incident["title"] == "backup has not called for more than 8 s"
        server.http.post(f"/heartbeat/backup/{server.intake_key}").raise_for_status()
        until(lambda: server.events(incident["id"], "alerts_cleared"), "its call has cleared it")


def test_file_of_contacts_with_a_fault_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "emergency.toml").write_text("[[contacts]]\n")
    (tmp_path / "emergency.toml").chmod(0o600)
    server = Server(tmp_path)
    assert server.launch().wait(30) == 1
    assert f"{tmp_path}/emergency.toml: contacts[1].name: is missing" in server.log.read_text()
