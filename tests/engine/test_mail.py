"""Does an e-mail leave as SMTP wants it, at the last moment, and is every answer of the server a reply?"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec.structs import replace

from tests.fakes.certificates import made
from tests.fakes.effects import page
from tests.fakes.smtp import OnAnyPort
from tocsin.engine.sender import Sender, no_look
from tocsin.errors import Unreachable
from tocsin.integrations.email.outbound import classify
from tocsin.integrations.wire import Again, Done, Mail, Never, Post, Reply, Tls, Visit

pytestmark = pytest.mark.anyio

CONTENT = b"From: t@example.org\r\nTo: a@example.org\r\nSubject: Page\r\n\r\nCheckout is down\r\n.\r\n"


class Mailbox:
    """A mail server that says what it is told to say."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answers = {"mail": "250 OK", "rcpt": "250 OK", "data": "250 taken"}

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers["mail"]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers["rcpt"]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.letters.append(envelope.content)
        return self.answers["data"]


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[Mailbox, Mail]]:
    mailbox = Mailbox()
    controller = OnAnyPort(mailbox, **options)
    controller.start()
    try:
        post = Post("127.0.0.1", controller.port, Tls.NONE)
        yield mailbox, Mail(post, "t@example.org", "a@example.org", CONTENT)
    finally:
        controller.stop()


async def sent(mail: Mail, *, seconds: float = 20) -> Reply:
    sender = Sender(timedelta(seconds=seconds))
    try:
        return await sender.send(mail, no_look)
    finally:
        await sender.close()


async def test_letter_arrives_whole_and_dated() -> None:
    with mail_server() as (mailbox, mail):
        assert await sent(mail) == Reply(250, {"command": "data"}, b"taken")
    (letter,) = mailbox.letters
    assert letter.endswith(b"Checkout is down\r\n.\r\n")
    assert message_from_bytes(letter)["Date"]


@pytest.mark.parametrize(
    ("command", "answer"), [("mail", "550 not you"), ("rcpt", "450 later"), ("data", "554 not this")]
)
async def test_refusal_is_a_reply_that_names_the_command(command: str, answer: str) -> None:
    with mail_server() as (mailbox, mail):
        mailbox.answers[command] = answer
        status, _, text = answer.partition(" ")
        assert await sent(mail) == Reply(int(status), {"command": command}, text.encode())


async def test_last_look_is_taken_before_a_word_of_the_page_leaves() -> None:
    class CalledBack(Exception):
        pass

    async def look() -> None:
        raise CalledBack

    with mail_server() as (mailbox, mail):
        sender = Sender()
        with pytest.raises(CalledBack):
            await sender.send(mail, look)
        await sender.close()
    assert mailbox.letters == []


@pytest.mark.slow
async def test_time_of_the_last_look_is_not_the_servers() -> None:
    limit = timedelta(seconds=3)  # a server on a machine out of breath keeps it

    async def look() -> None:
        await asyncio.sleep(1.1 * limit.total_seconds())

    with mail_server() as (_, mail):
        sender = Sender(limit)
        assert (await sender.send(mail, look)).status == 250
        await sender.close()


async def test_server_without_encryption_gets_nothing_where_it_is_asked_for() -> None:
    with mail_server() as (mailbox, mail):
        reply = await sent(replace(mail, server=replace(mail.server, tls=Tls.STARTTLS)))
    assert (reply.status, reply.headers) == (502, {"command": "starttls"})
    assert mailbox.letters == []


async def test_wrong_password_is_a_reply() -> None:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=credentials.password == b"right", handled=False)

    with mail_server(authenticator=check, auth_require_tls=False) as (mailbox, mail):
        known = replace(mail, server=replace(mail.server, user="t", password="right"))
        assert (await sent(known)).status == 250
        reply = await sent(replace(mail, server=replace(mail.server, user="t", password="wrong")))
    assert (reply.status, reply.headers["command"]) == (535, "auth")
    assert len(mailbox.letters) == 1


@pytest.mark.slow
async def test_server_that_hangs_is_unreachable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mail = Mail(Post("127.0.0.1", deaf.getsockname()[1], Tls.NONE), "t@example.org", "a@example.org", CONTENT)
        with pytest.raises(Unreachable, match=r"^127.0.0.1: no answer within 2 s$"):
            await sent(mail, seconds=2)


@contextmanager
def trickling_server(stuck_at: str) -> Iterator[tuple[int, threading.Event]]:
    """A server that is well up to there, and then sends a byte now and then of a line without end.

    Its port, and what is set once its client has left. It gives up by itself after 20 s.
    """
    gone = threading.Event()

    def trickle(client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for _ in range(400):
                client.sendall(b"2")
                time.sleep(0.05)
            return
        gone.set()

    def serve() -> None:
        client, _ = listening.accept()
        with client, client.makefile("rb") as lines:
            said = "220"
            while said != stuck_at:
                client.sendall(b"220 here\r\n" if said == "220" else b"250 OK\r\n")
                said = lines.readline().decode()[:4].lower()
                if not said:
                    gone.set()
                    return
            trickle(client)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve)
        serving.start()
        yield listening.getsockname()[1], gone
        serving.join()


@pytest.mark.slow
@pytest.mark.parametrize("stuck_at", ["220", "ehlo", "mail", "rcpt"])
async def test_server_that_trickles_holds_up_neither_loop_nor_thread(stuck_at: str) -> None:
    began = time.monotonic()
    with trickling_server(stuck_at) as (port, gone):
        mail = Mail(Post("127.0.0.1", port, Tls.NONE), "t@example.org", "a@example.org", CONTENT)
        with pytest.raises(Unreachable, match=r"^127.0.0.1: no answer within 2 s$"):
            await sent(mail, seconds=2)
        assert time.monotonic() - began < 20
        assert await asyncio.to_thread(gone.wait, 20)


async def test_server_that_is_not_there_is_unreachable() -> None:
    mail = Mail(Post("127.0.0.1", 1, Tls.NONE), "t@example.org", "a@example.org", CONTENT)
    with pytest.raises(Unreachable, match=r"^127.0.0.1: the connection was refused$"):
        await sent(mail)


# Looking in


async def visited(post: Post) -> Reply:
    sender = Sender(timedelta(seconds=20))
    try:
        return await sender.ask(Visit(post))
    finally:
        await sender.close()


async def test_server_is_looked_at_without_a_letter() -> None:
    with mail_server() as (mailbox, mail):
        assert await visited(mail.server) == Reply(250, {"command": "noop"}, b"OK")
    assert mailbox.letters == []


async def test_look_tells_that_the_login_is_refused() -> None:
    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with mail_server(authenticator=check, auth_require_tls=False) as (_, mail):
        reply = await visited(replace(mail.server, user="t", password="canary"))
    assert (reply.status, reply.headers["command"]) == (535, "auth")
    assert b"canary" not in reply.body


async def test_look_at_what_hangs_up_after_its_answer_is_a_look_all_the_same() -> None:
    async with ill_server(saying(HELLO, OK, OK)) as mail:
        assert (await visited(mail.server)).headers == {"command": "noop"}


# Row 8 of the fault matrix, and row 29

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def ill_server(talk: Talk) -> AsyncIterator[Mail]:
    """A mail server that talks like this; an e-mail for it."""
    talks: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        try:
            await talk(reader, writer)
        except OSError:
            pass  # nobody listens any more
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield Mail(Post("127.0.0.1", port, Tls.NONE), "t@example.org", "a@example.org", CONTENT)
    finally:
        server.close()
        for writer in talks:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # who was talking hears of it


def saying(*lines: bytes, then: Talk | None = None) -> Talk:
    """Greets with the first line and answers each of the client's with the next; then does `then`, or closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(lines):
            if number and not await reader.readline():
                return
            writer.write(line)
            await writer.drain()
        if then is not None:
            await then(reader, writer)

    return talk


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"250-more\r\n" * 100_000)
        await writer.drain()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    at_once = struct.pack("ii", 1, 0)  # linger for no time: RST instead of FIN
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


HELLO, OK, GO_ON = b"220 here\r\n", b"250 OK\r\n", b"354 go on\r\n"
AT_DATA = (HELLO, OK, OK, OK, GO_ON)
NOT_IN_TIME = "127.0.0.1: no answer within 0.5 s"


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        pytest.param(saying(then=hang), NOT_IN_TIME, id="says nothing"),
        pytest.param(saying(*AT_DATA, then=hang), NOT_IN_TIME, id="takes the letter and says nothing"),
        pytest.param(drip, NOT_IN_TIME, id="a byte at a time"),
        pytest.param(reset, "127.0.0.1: ", id="resets the connection"),
        pytest.param(saying(*AT_DATA, then=reset), "127.0.0.1: ", id="resets it after the letter"),
        pytest.param(saying(), "127.0.0.1: it broke off", id="closes the connection"),
        pytest.param(saying(HELLO, OK, OK, OK), "127.0.0.1: it broke off", id="closes it at the letter"),
    ],
)
async def test_server_that_says_nothing_clear_is_unreachable_in_time(talk: Talk, told: str) -> None:
    async with ill_server(talk) as mail:
        with pytest.raises(Unreachable) as caught:
            await sent(mail, seconds=0.5 if told == NOT_IN_TIME else 20)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        pytest.param(saying(b"421 too busy\r\n"), Again, id="greets with too busy"),
        pytest.param(saying(b"554 go away\r\n"), Never, id="greets with a refusal"),
        pytest.param(saying(HELLO, b"451 not now\r\n", b"451 not now\r\n", then=hang), Again, id="no EHLO now"),
        pytest.param(saying(HELLO, OK, b"421 closing\r\n"), Again, id="closes at MAIL"),
        pytest.param(saying(HELLO, OK, OK, b"450 greylisted\r\n", OK), Again, id="greylists"),
        pytest.param(saying(HELLO, OK, OK, b"550 no such user\r\n", OK), Never, id="knows nobody of that name"),
        pytest.param(saying(HELLO, OK, OK, OK, b"503 no\r\n", OK), Never, id="takes no DATA"),
        pytest.param(saying(*AT_DATA, b"452 full\r\n"), Again, id="is full after the letter"),
        pytest.param(saying(*AT_DATA, b"999 what\r\n"), Again, id="answers with a number that SMTP has not"),
        pytest.param(saying(*AT_DATA, b"<html>\r\n"), Again, id="answers in HTML"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\n\r\n<html>"), Again, id="is a web server"),
        pytest.param(saying(b"\x00\xff\xfe\r\n" * 50), Again, id="babbles"),
    ],
)
async def test_no_fault_passes_for_a_letter_that_was_taken(talk: Talk, kind: type) -> None:
    async with ill_server(talk) as mail:
        try:
            verdict = classify(page("email"), await sent(mail, seconds=20))
        except Unreachable as error:
            verdict = Again(str(error))
    assert not isinstance(verdict, Done)
    assert isinstance(verdict, kind)


async def test_server_that_says_too_much_does_not_fill_the_memory() -> None:
    async with ill_server(saying(HELLO, then=flood)) as mail:
        with pytest.raises(Unreachable, match=r"^127.0.0.1: it broke off$"):
            await sent(mail, seconds=20)


async def test_name_that_can_not_be_resolved_is_told() -> None:
    mail = Mail(Post("nowhere.invalid", 25, Tls.NONE), "t@example.org", "a@example.org", CONTENT)
    with pytest.raises(Unreachable, match=r"^nowhere.invalid: its name can't be resolved$"):
        await sent(mail)


@pytest.mark.parametrize(
    ("lasts", "what"),
    [(timedelta(days=90), "self-signed certificate"), (timedelta(seconds=1), "certificate has expired")],
)
@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
async def test_certificate_that_proves_nothing_gets_no_letter_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: Tls, lasts: timedelta, what: str
) -> None:
    certificate, key = made("127.0.0.1", lasts=lasts, since=timedelta(days=-30)).write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if lasts < timedelta(days=1):
        trusting = ssl.create_default_context(cafile=str(certificate))  # only its time is over
        monkeypatch.setattr("tocsin.engine.mail._authorities", lambda: trusting)
    options: dict[str, Any] = {"ssl_context": context} if tls is Tls.IMPLICIT else {"tls_context": context}
    told = rf"^127.0.0.1: its certificate is not valid \({what}"
    with mail_server(**options) as (mailbox, mail), pytest.raises(Unreachable, match=told):
        await sent(replace(mail, server=replace(mail.server, tls=tls, user="t", password="canary")))
    assert mailbox.letters == []
