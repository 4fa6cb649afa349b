"""Does the server start and stop as its owner expects, and say in one line why it won't?"""

import os
import pty
import signal
import socket
import stat
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.postgres import Cluster
from tests.system.server import Server, firing
from tests.system.waiting import PATIENCE_SECONDS, until
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: the promise is 2, on a machine that does nothing else


def refusal(server: Server, *arguments: str) -> tuple[int, list[str]]:
    """The exit status of a server that won't start, and what it said; the log's dated lines are left out."""
    server.log.unlink(missing_ok=True)
    status = server.launch(*arguments).wait(30)
    return status, [line for line in server.log.read_text().splitlines() if " INFO " not in line]


def test_it_is_ready_soon_after_its_start(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nready {server.seconds_to_ready:.2f} s after the start")  # noqa: T201  # the figure that is promised
    assert server.seconds_to_ready < _GENEROUS


def test_its_secrets_are_for_its_owner_alone(server: Server) -> None:
    files = [server.database, server.beside("token"), server.beside("intake-key")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert server.token not in server.log.read_text()
    assert server.intake_key not in server.log.read_text()


def test_tokens_and_incidents_are_the_same_after_a_restart(server: Server) -> None:
    token, key = server.token, server.intake_key
    incident = server.post("incidents", title="Checkout is down")["id"]
    assert server.end() == 0
    server.start()
    assert (server.token, server.intake_key) == (token, key)
    assert server.get(f"incidents/{incident}")["title"] == "Checkout is down"


def test_a_second_server_on_the_same_database_is_refused(server: Server) -> None:
    second = Server(server.directory)
    second.log = server.directory / "second.log"
    status, said = refusal(second)
    assert status == 3
    assert said == [
        f"tocsin: {server.database}.lock: another `tocsin serve` uses this database; stop it first",
    ]
    assert server.get("incidents") == []  # the first one goes on


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = refusal(Server(tmp_path), "--port", str(port))
    assert status == 3
    (line,) = said
    assert line.startswith(f"tocsin: 127.0.0.1:{port}: can't listen there: Address already in use")
    assert line.endswith("; choose another --port")


def test_every_fault_of_a_broken_sop_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(
        default_text()
        .replace('respond_within = "15m"', 'respond_within = "soon"')
        .replace('handoff_on = "monday"', 'handoff_on = "someday"', 1)
    )
    status, said = refusal(Server(tmp_path, sop=file))
    assert status == 1
    assert len(said) == 2
    assert said[0].startswith(f"tocsin: {file}: severities.SEV1.respond_within: ")
    assert said[1].startswith(f"{file}: teams.platform.rotation.handoff_on: ")


def test_a_sop_that_would_fail_somebody_at_night_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nobody.toml"
    file.write_text(default_text().replace('engineering_manager = "erin"', 'engineering_manager = "eric"'))
    status, said = refusal(Server(tmp_path, sop=file))
    assert status == 1
    assert said == [
        f'tocsin: {file}: error: targets.engineering_manager: there is no person "eric"; '
        "use one of alice, bob, chris, deniz, emma, farid, erin, dana, …",
    ]


def test_a_postgresql_that_is_not_there_is_said_without_its_password(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.environ["TOCSIN_DATABASE"] = "postgresql://tocsin:hunter2@127.0.0.1:1/tocsin"
    status, said = refusal(server)
    assert status == 3
    assert said[0].startswith("tocsin: database tocsin on 127.0.0.1: connection failed: ")
    assert "hunter2" not in "".join(said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param(
            "TOCSIN_DATABASE",
            "mysql://localhost/tocsin",
            "database: must be sqlite:///FILE or postgresql://HOST/NAME, got mysql://…",
            id="a database of another kind",
        ),
        pytest.param(
            "TOCSIN_PORT", "http", "TOCSIN_PORT: must be a number from 0 to 65535, got 'http'", id="a port in words"
        ),
        pytest.param(
            "TOCSIN_CLOCK_SPEED",
            "nan",
            "TOCSIN_CLOCK_SPEED: must be a number above 0, at most 100000, got 'nan'",
            id="a speed that is no number",
        ),
        pytest.param(
            "TOCSIN_SLACK_API_URL",
            "slack.com",
            "TOCSIN_SLACK_API_URL: must be an http or https address such as https://tocsin.example.org, "
            "without spaces, user names, ? and #, got 'slack.com'",
            id="an address without its scheme",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    server = Server(tmp_path)
    server.environ[name] = value
    assert refusal(server) == (2, [f"tocsin: {said}"])


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.database.write_text("Dear diary, " * 1000)
    status, said = refusal(server)
    assert status == 3
    remedy = "name another file, or move this one away"
    assert said == [f"tocsin: database {server.database}: file is not a database; {remedy}"]
    assert server.database.read_text().startswith("Dear diary")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order_when_told_to(server: Server, number: signal.Signals) -> None:
    server.send_alerts(firing("CheckoutDown", severity="critical"))
    assert server.end(number) == 0
    assert "Traceback" not in server.log.read_text()
    assert not server.database.with_name("tocsin.db-wal").exists()  # SQLite removes it when the last user closes


def test_it_goes_on_where_it_is_told_to_take_up_what_is_new(server: Server) -> None:
    pid = server.pid
    server.hang_up()
    until(lambda: "SIGHUP: nothing to take up: the SOP and the settings" in server.log.read_text(), "it says so")
    assert server.get("incidents") == []
    assert server.pid == pid


@pytest.mark.parametrize(
    ("before", "is_ended"), [(("setsid", "--ctty"), True), (("setsid", "--ctty", "nohup"), False)], ids=["", "nohup"]
)
def test_it_ends_with_its_terminal_unless_it_was_begun_to_outlive_it(
    tmp_path: Path, before: tuple[str, ...], is_ended: bool
) -> None:
    server = Server(tmp_path)
    server.before = before
    screen, server.typed = pty.openpty()
    process = server.launch()
    os.close(server.typed)
    try:
        until(lambda: " listening on " in server.log.read_text(), "the server has begun", 30)
        os.close(screen)
        if is_ended:
            assert process.wait(PATIENCE_SECONDS) == 0
            assert not server.database.with_name("tocsin.db-wal").exists()
        else:
            until(lambda: httpx2.get(f"{server.url}/healthz", trust_env=False).status_code == 200, "it goes on")
            process.send_signal(signal.SIGHUP)
            until(lambda: "SIGHUP: nothing to take up" in server.log.read_text(), "it hears, and goes on")
    finally:
        process.kill()
        process.wait()


def test_it_ends_though_a_request_never_does(server: Server) -> None:
    address = httpx2.URL(server.url)
    with socket.create_connection((address.host, address.port or 0)) as slow:
        slow.sendall(b"POST /api/v2/alerts HTTP/1.1\r\nHost: tocsin\r\nContent-Length: 100\r\n\r\n[")
        until(lambda: server.get("incidents") == [], "it answers others meanwhile")
        assert server.end() == 0


def test_a_client_that_goes_away_in_mid_request_is_no_fault(server: Server) -> None:
    address = httpx2.URL(server.url)
    head = f"POST /api/v2/alerts HTTP/1.1\r\nHost: tocsin\r\nAuthorization: Bearer {server.token}\r\n"
    with socket.create_connection((address.host, address.port or 0)) as gone:
        gone.sendall(f"{head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
        assert gone.recv(100).startswith(b"HTTP/1.1 100")  # it reads the body now
        gone.sendall(b"[")
    assert server.get("incidents") == []
    assert server.end() == 0
    assert "CRITICAL" not in server.log.read_text()


def test_a_database_that_fails_over_in_the_middle_of_the_start_is_waited_for(tmp_path: Path, postgres: Cluster) -> None:
    url = postgres.migrated_database()
    server = Server(tmp_path)
    server.environ["TOCSIN_DATABASE"] = url
    with psycopg.connect(url) as busy:
        busy.execute("LOCK TABLE tokens IN SHARE ROW EXCLUSIVE MODE")  # a node's first words wait in vain
        process = server.launch()
        until(lambda: "not listening yet: " in server.log.read_text(), "the server says that it waits", 30)
    try:
        until(lambda: " listening on " in server.log.read_text(), "the server has begun", 30)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
