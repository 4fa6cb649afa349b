"""Is what is said to Tocsin encrypted, and does its own command line trust it, and nobody else?"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from tests.cli.terminal import Terminal
from tests.fakes.certificates import made
from tests.system.server import Server, environment
from tests.system.waiting import until

pytestmark = pytest.mark.system

PATIENCE_SECONDS = 10  # of the server, with a handshake


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Server]:
    """A server that speaks https, by a certificate of its own that bears another name."""
    cert, key = made("tocsin.example.org").write(tmp_path)
    with Server(tmp_path, TOCSIN_TLS_CERT=str(cert), TOCSIN_TLS_KEY=str(key)) as server:
        yield server


@pytest.fixture
def terminal(tls: Server, tmp_path: Path) -> Terminal:
    """A terminal on the server's machine, which knows of no certificate."""
    return Terminal(tmp_path, environment(tls.database))


def shown_by(server: Server) -> str:
    """The certificate that the server shows."""
    host, _, port = server.url.removeprefix("https://").partition(":")
    return ssl.get_server_certificate((host, int(port)))


def folder(path: Path) -> Path:
    path.mkdir()
    return path


@contextmanager
def stranger(directory: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Somebody else, with a certificate for the very address: where, and what each that connected said to them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made().write(directory))
    heard: list[bytes] = []

    def listen(listening: socket.socket) -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            heard.append(b"")
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                heard[-1] = secured.recv(65_536)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, args=(listening,))
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_command_line_trusts_the_certificate_of_this_machines_server(tls: Server, terminal: Terminal) -> None:
    assert tls.url.startswith("https://127.0.0.1:")
    assert terminal.does("declare", "Checkout is down", "--severity", "SEV2", "--reason", "nobody can pay").out
    assert [it["title"] for it in terminal.does("list", "--json").json] == ["Checkout is down"]


def test_the_command_line_says_nothing_to_somebody_else(tls: Server, terminal: Terminal, tmp_path: Path) -> None:
    with stranger(folder(tmp_path / "stranger")) as (address, heard):
        run = terminal("list", TOCSIN_URL=address)
    assert run.status == 3
    assert "name the server's certificate in TOCSIN_TLS_CERT to trust exactly that one" in run.complaint
    assert (len(heard), b"".join(heard)) == (2, b"")


def test_from_another_machine_the_named_certificate_is_trusted(tls: Server, tmp_path: Path) -> None:
    there = environment(folder(tmp_path / "there") / "tocsin.db", TOCSIN_URL=tls.url, TOCSIN_TOKEN=tls.token)
    elsewhere = Terminal(tmp_path / "there", there)
    assert elsewhere("list").status == 3
    assert elsewhere.does("list", "--json", TOCSIN_TLS_CERT=str(tmp_path / "cert.pem")).json == []


@pytest.mark.parametrize("how", ["at SIGHUP", "by itself"])
def test_a_renewed_certificate_is_taken_up_without_a_restart(tls: Server, terminal: Terminal, how: str) -> None:
    pid, renewed = tls.pid, made("tocsin.example.org")
    renewed.write(tls.directory)
    if how == "at SIGHUP":
        tls.hang_up()
    until(lambda: shown_by(tls).encode() == renewed.cert, "the new certificate is shown", within=90)
    assert terminal.does("list", "--json").json == []
    assert tls.pid == pid
    tls.post("incidents", title="It goes on", severity="SEV3", reason="to see")


def test_a_server_whose_certificate_has_expired_starts_pages_and_says_so(tmp_path: Path) -> None:
    cert, key = made(lasts=timedelta(seconds=30)).write(tmp_path)
    with Server(tmp_path, TOCSIN_TLS_CERT=str(cert), TOCSIN_TLS_KEY=str(key)) as server:
        assert Terminal(tmp_path, environment(server.database)).does("list", "--json").json == []
        until(lambda: "expired" in server.log.read_text(), "it says so")


def test_plain_http_is_hung_up_on(tls: Server) -> None:
    with pytest.raises(httpx2.TransportError):
        httpx2.get(tls.url.replace("https://", "http://") + "/healthz", trust_env=False)


def test_who_never_shakes_hands_is_not_waited_for(tls: Server) -> None:
    host, _, port = tls.url.removeprefix("https://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS * 3)) as silent:
        assert silent.recv(1) == b""
