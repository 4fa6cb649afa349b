"""How does a command find its server, and what does it say when it doesn't?"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.terminal import Terminal
from tests.skill.vendor import HANG_UP, Reply, answer, serving
from tests.system.server import Server, environment

_NO_PROBLEM = b"<html>nobody is at home</html>"


def test_the_server_of_this_machine_and_its_token_are_found_by_themselves(tocsin: Terminal, incident: str) -> None:
    assert tocsin.does("show", incident, "--json").json["id"] == incident
    assert "TOCSIN_TOKEN" not in tocsin.environ
    assert "TOCSIN_URL" not in tocsin.environ


def test_the_environment_points_elsewhere(alone: Terminal, server: Server, incident: str) -> None:
    elsewhere = {"TOCSIN_URL": server.url, "TOCSIN_TOKEN": server.token}
    assert alone.does("show", incident, "--json", **elsewhere).json["id"] == incident
    assert alone.does("show", incident, "--json", **{**elsewhere, "TOCSIN_URL": f"{server.url}/"}).status == 0
    assert alone.does("show", incident, "--json", **{**elsewhere, "TOCSIN_TOKEN": f"{server.token}\n"}).status == 0


def test_an_address_of_the_environment_stands_before_the_one_beside_the_database(tocsin: Terminal) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        run = tocsin("list", TOCSIN_URL=nobody)
    assert run.status == 3
    assert run.complaint.startswith(f"tocsin: {nobody}: ")
    assert run.complaint.endswith("; is `tocsin serve` running there?")


@pytest.mark.parametrize(("port", "past"), [("", "8770"), ("9443", "9443")])
def test_the_way_past_a_name_that_is_not_known_here_is_told(alone: Terminal, port: str, past: str) -> None:
    for name, line in (("token", "secret"), ("url", "http://tocsin.invalid")):
        (alone.directory / f"tocsin.db.{name}").write_text(f"{line}\n")
    run = alone("list", TOCSIN_PORT=port)
    assert run.status == 3
    assert run.complaint.startswith("tocsin: http://tocsin.invalid: ")
    way = f"On the server's own machine TOCSIN_URL=http://127.0.0.1:{past} goes past its name and its proxy"
    assert run.complaint.endswith(f"; is `tocsin serve` running there? {way}")
    run = alone("list", TOCSIN_URL="http://other.invalid")  # which is named by whoever asks
    assert run.complaint.endswith("; is `tocsin serve` running there?")


def test_a_proxy_of_the_environment_is_not_asked(tocsin: Terminal, incident: str) -> None:
    assert tocsin.does("show", incident, http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9").status == 0


def test_where_no_server_has_run_the_remedy_is_named(alone: Terminal) -> None:
    run = alone("list")
    assert run.status == 3
    assert run.complaint == (
        f"tocsin: no token: none at {alone.directory / 'tocsin.db'}.token and none in TOCSIN_TOKEN; "
        "start `tocsin serve`, or set TOCSIN_DATABASE as the server has it"
    )


def test_a_server_that_has_ended_is_not_reached(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, environment(tmp_path / "tocsin.db"))
    with Server(tmp_path) as server:
        url = server.url
        assert server.end() == 0
    run = terminal("list")
    assert run.status == 3
    assert run.complaint.startswith(f"tocsin: {url}: [Errno 111] Connection refused; is `tocsin serve` running there?")


@pytest.mark.parametrize(
    ("environ", "status", "fault"),
    [
        pytest.param(
            {"TOCSIN_URL": "tocsin.example.org"}, 2, "TOCSIN_URL: must be an http or https address", id="no scheme"
        ),
        pytest.param(
            {"TOCSIN_URL": "file:///etc/passwd"}, 2, "TOCSIN_URL: must be an http or https address", id="a file"
        ),
        pytest.param({"TOCSIN_URL": "http://127.0.0.1:x"}, 3, "http://127.0.0.1:x: ", id="a port that is none"),
        pytest.param({"TOCSIN_URL": "http://127.0.0.1:9/a b"}, 3, "http://127.0.0.1:9/a b: ", id="a space in the path"),
        pytest.param({"TOCSIN_URL": "http://[::1"}, 3, "http://[::1: ", id="half an address"),
        pytest.param(
            {"TOCSIN_TOKEN": "garbage"},
            2,
            "this needs a token, and none came that is known",
            id="a token that isn't one",
        ),
        pytest.param({"TOCSIN_TOKEN": "two\nlines"}, 2, "token: must be one line", id="a token of two lines"),
        pytest.param({"TOCSIN_TOKEN": "törn"}, 2, "token: must be one line", id="a token that is not ASCII"),
        pytest.param({"TOCSIN_PORT": "x"}, 2, "TOCSIN_PORT: must be a number from 0 to 65535", id="another setting"),
    ],
)
def test_a_wrong_setting_is_named(tocsin: Terminal, environ: dict[str, str], status: int, fault: str) -> None:
    run = tocsin("list", **environ)
    assert run.status == status
    assert run.complaint.startswith(f"tocsin: {fault}")
    assert environ.get("TOCSIN_TOKEN", "nothing secret") not in run.err


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(200, _NO_PROBLEM), id="a page"),
        pytest.param(Reply(404, _NO_PROBLEM), id="a page that says no"),
        pytest.param(Reply(502, _NO_PROBLEM), id="a proxy whose server is gone"),
        pytest.param(Reply(500, b'{"detail": 5}'), id="half a problem"),
        pytest.param(Reply(401, b"[]"), id="a problem of another kind"),
        pytest.param(Reply(200, b"[", hangs_up=True), id="a hang-up"),
        pytest.param(Reply(301, b"", {"Location": "http://127.0.0.1:9/"}), id="a redirect"),
    ],
)
def test_a_server_that_is_not_tocsin_is_not_believed(tocsin: Terminal, reply: Reply) -> None:
    with serving() as other:
        other.will(reply)
        run = tocsin("declare", "Checkout is down", "--json", TOCSIN_URL=other.url)
        assert run.status == 3
        assert run.complaint.startswith(f"tocsin: {other.url}")
        assert run.out == ""
        assert len({it.headers["idempotency-key"] for it in other.requests}) == 1


@pytest.mark.slow
def test_command_whose_answer_was_lost_is_sent_once_more_and_done_once(tocsin: Terminal, server: Server) -> None:
    with losing_the_first_answer(server) as url:
        declared = tocsin.does("declare", "Checkout is slow once", "--json", TOCSIN_URL=url).json["id"]
    assert [it["id"] for it in server.get("incidents") if it["title"] == "Checkout is slow once"] == [declared]
    with losing_the_first_answer(server) as url:
        tocsin.does("update", declared, "We roll back.", TOCSIN_URL=url)
    told = [it["event"]["kind"] for it in server.get(f"incidents/{declared}/timeline")]
    assert told.count("update_posted") == 1


@pytest.mark.parametrize(
    "reply", [pytest.param(HANG_UP, id="a hang-up"), pytest.param(answer(503, {}), id="a server that can't tell")]
)
def test_where_no_answer_comes_at_all_it_is_said_that_it_may_have_been_done(tocsin: Terminal, reply: Reply) -> None:
    with serving() as other:
        other.will(reply)
        run = tocsin("declare", "Checkout is down", TOCSIN_URL=other.url)
    assert run.status == 3
    assert run.complaint.endswith("; whether it was done is unknown: look before you repeat it")
    assert len(other.requests) == 2


def test_what_has_no_key_is_not_sent_again(tocsin: Terminal) -> None:
    with serving() as other:
        other.will(HANG_UP)
        run = tocsin("test", "page", "victor", TOCSIN_URL=other.url)
    assert run.status == 3
    assert run.complaint.endswith("; whether it was done is unknown: look before you repeat it")
    assert len(other.requests) == 1


def test_something_that_speaks_no_http_is_not_believed(tocsin: Terminal) -> None:
    with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as url:
        run = tocsin("list", TOCSIN_URL=url)
    assert run.status == 3
    assert run.complaint.startswith(f"tocsin: {url}: ")


@contextmanager
def saying(words: bytes) -> Iterator[str]:
    """Something that says its words to whoever calls, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def whole_request(caller: socket.socket) -> bytes:
    """A request with its body, which may come apart from its head."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += caller.recv(65_536)
    head, _, body = came.partition(b"\r\n\r\n")
    length = next(int(it.split(b":")[1]) for it in head.split(b"\r\n") if it.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += caller.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def losing_the_first_answer(server: Server) -> Iterator[str]:
    """A way to the server on which the first request arrives, and its answer doesn't."""
    to = urlsplit(server.url)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def relay() -> None:
            for is_lost in (True, False):
                caller, _ = listening.accept()
                with caller, socket.create_connection((to.hostname, to.port)) as served:
                    served.sendall(whole_request(caller))
                    replied = served.makefile("rb").read()
                    if not is_lost:
                        caller.sendall(replied)

        thread = threading.Thread(target=relay, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(timeout=20)
        assert not thread.is_alive()
