"""Does an e-mail leave as SMTP wants it, at the last moment, and is every answer of the server a reply?"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec.structs import replace

from tests.postgres import free_port
from tocsin.engine.sender import Sender, no_look
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Mail, Post, Reply, Tls

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
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        post = Post("127.0.0.1", controller.port, Tls.NONE)
        yield mailbox, Mail(post, "t@example.org", "a@example.org", CONTENT)
    finally:
        controller.stop()


async def sent(mail: Mail, *, seconds: float = 5) -> Reply:
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


async def test_time_of_the_last_look_is_not_the_servers() -> None:
    async def look() -> None:
        await asyncio.sleep(0.6)

    with mail_server() as (_, mail):
        sender = Sender(timedelta(seconds=0.5))
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


async def test_server_that_hangs_is_unreachable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mail = Mail(Post("127.0.0.1", deaf.getsockname()[1], Tls.NONE), "t@example.org", "a@example.org", CONTENT)
        with pytest.raises(Unreachable, match=r"^127.0.0.1: no answer within 0.3 s$"):
            await sent(mail, seconds=0.3)


async def test_server_that_is_not_there_is_unreachable() -> None:
    mail = Mail(Post("127.0.0.1", free_port(), Tls.NONE), "t@example.org", "a@example.org", CONTENT)
    with pytest.raises(Unreachable, match=r"^127.0.0.1: the connection was refused$"):
        await sent(mail)
