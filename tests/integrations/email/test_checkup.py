"""What does the doctor say of a mail server, and what would help? What it answers to who signs in and sends nothing."""

import pytest

from tocsin.integrations.checkup import Finding, Probe, State
from tocsin.integrations.email.checkup import checkup
from tocsin.integrations.wire import Post, Reply, Tls, Visit

SECRET = "env:SMTP_URL"
SERVER = Post("mail.example.org", 587, Tls.STARTTLS, "tocsin", "canary")
OPEN = Post("mail.example.org", 25, Tls.NONE)


def finding(status: int, command: str, said: bytes = b"no", server: Post = SERVER) -> Finding:
    (probe,) = checkup(server, SECRET)
    assert isinstance(probe, Probe)
    assert probe.request == Visit(server)
    (found,) = probe.judge(Reply(status, {"command": command}, said))
    assert isinstance(found, Finding)
    assert "canary" not in str(found)
    return found


def test_server_that_is_not_set_is_no_fault() -> None:
    (found,) = checkup(None, SECRET)
    assert isinstance(found, Finding)
    assert (found.state, found.told) == (State.UNUSED, "no mail server is set (env:SMTP_URL)")
    assert found.remedy.startswith("set env:SMTP_URL, and pages go by e-mail as well")


def test_address_that_is_none_is_told_with_what_would_be_right() -> None:
    (found,) = checkup(None, SECRET, fault="must say who sends: add ?from=tocsin@example.org")
    assert isinstance(found, Finding)
    assert (found.state, found.told) == (
        State.BROKEN,
        "env:SMTP_URL must say who sends: add ?from=tocsin@example.org",
    )


@pytest.mark.parametrize(
    ("server", "told"),
    [
        (SERVER, "mail.example.org:587 answers over STARTTLS and takes the login"),
        (Post("mail.example.org", 465, Tls.IMPLICIT), "mail.example.org:465 answers over TLS and asks for no login"),
        (OPEN, "mail.example.org:25 answers without encryption and asks for no login"),
    ],
)
def test_server_that_takes_the_login_is_well(server: Post, told: str) -> None:
    found = finding(250, "noop", b"OK", server)
    assert (found.state, found.told) == (State.WELL, f"{told}; only a letter shows that it is passed on")


@pytest.mark.parametrize(
    ("status", "command", "server", "remedy"),
    [
        (535, "auth", SERVER, "correct user and password in env:SMTP_URL; with two-factor sign-in it takes an app"),
        (502, "auth", OPEN, "begin env:SMTP_URL with smtp+starttls://: many servers take a login only once"),
        (502, "auth", SERVER, "leave user and password out of env:SMTP_URL: this server takes none"),
        (502, "starttls", SERVER, "begin env:SMTP_URL with smtps:// where the server listens for TLS (465)"),
        (554, "connect", SERVER, "see the server's log: it doesn't want this machine"),
        (550, "ehlo", SERVER, "see the server's log: it doesn't want this machine"),
        (421, "connect", SERVER, "try again a little later"),
        (454, "starttls", SERVER, "try again a little later"),
        (999, "noop", SERVER, "see the server's log: it doesn't want this machine"),
    ],
)
def test_refusal_says_what_helps(status: int, command: str, server: Post, remedy: str) -> None:
    found = finding(status, command, b"5.7.8 no\r\n\x1b[2J", server)
    assert found.state is State.BROKEN
    assert "\x1b" not in found.told
    assert f"{status}" in found.told
    assert command in found.told
    assert found.remedy.startswith(remedy)
