"""How does an e-mail leave? Over SMTP, from threads: the one other place that talks to the outside.

A message is handed over in two steps, so that the last look stands between them: connect and sign in, then say who gets
what. What the server answers last is the reply (RFC 5321).
"""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import IO, TypeVar

from tocsin.errors import Unreachable
from tocsin.integrations.wire import Mail, Post, Reply, Tls, Visit

T = TypeVar("T")

_TIMEOUT_SECONDS = 10.0
_MAX_REPLIES_BYTES = 1_048_576  # of one connection: a reply may have any number of lines (RFC 5321, section 4.2.1)
_NOT_IMPLEMENTED = 502  # RFC 5321, section 4.2.2: "Command not implemented"


class _Answered(Exception):
    """The server said no, and that is its reply."""

    def __init__(self, command: str, status: int, text: bytes | str) -> None:
        self.reply = _reply(command, status, text)


class _Wire:
    """A connection that can be cut, whatever the thread that uses it waits for.

    A server that sends a byte now and then never meets a time-out, and would keep its thread for hours. To close what
    that thread reads would wait for it, and the event loop with it: the connection is shut below it instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: socket.socket | None = None
        self._is_cut = False

    def carry(self, connection: socket.socket) -> None:
        """The connection is made; raises ConnectionAbortedError where that was too late."""
        with self._lock:
            if self._is_cut:
                connection.close()
                raise ConnectionAbortedError("nobody waits for it any more")
            self._end = connection.dup()  # TLS takes the other one

    def must_hold(self) -> None:
        """Raises ConnectionAbortedError where it was cut: what was read last may be half an answer."""
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("nobody waits for it any more")

    def cut(self) -> None:
        """End it; never waits."""
        with self._lock:
            self._is_cut = True
            if self._end is not None:
                with contextlib.suppress(OSError):  # it has ended by itself
                    self._end.shutdown(socket.SHUT_RDWR)
                self._end.close()


class _Bounded:
    """What a server says, up to a limit; OSError beyond it."""

    def __init__(self, said: IO[bytes]) -> None:
        self._said = said
        self._left = _MAX_REPLIES_BYTES

    def readline(self, size: int) -> bytes:
        line = self._said.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("it says too much")
        return line

    def close(self) -> None:
        self._said.close()


class _Line(smtplib.SMTP):
    """A conversation with a mail server over a wire; no server can fill the memory of it."""

    def __init__(self, post: Post, timeout: float, wire: _Wire) -> None:
        self._post = post
        self._wire = wire
        super().__init__(post.host, post.port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """The connection, as smtplib asks for it; with implicit TLS, encrypted from its first byte."""
        connection = socket.create_connection((host, port), timeout)
        self._wire.carry(connection)
        is_implicit = self._post.tls is Tls.IMPLICIT
        return _authorities().wrap_socket(connection, server_hostname=host) if is_implicit else connection

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()


async def hand_over(mail: Mail, last_look: Callable[[], Awaitable[None]], timeout_seconds: float) -> Reply:
    """The server's answer to the e-mail, or to the command at which it said no; raises Unreachable where none came.

    `last_look` is awaited when the connection stands; what it raises keeps the e-mail from leaving, and is raised. The
    time that it takes isn't the server's.
    """
    return await _served(mail.server, timeout_seconds, last_look, lambda server: _sent(server, mail))


async def look_in(visit: Visit, timeout_seconds: float) -> Reply:
    """The server's answer to whoever signs in and wants nothing; raises Unreachable where none came."""
    return await _served(visit.server, timeout_seconds, _no_look, _left)


async def _served(
    post: Post, seconds: float, last_look: Callable[[], Awaitable[None]], do: Callable[[smtplib.SMTP], Reply]
) -> Reply:
    ends_in, wire = _Limit(seconds), _Wire()
    try:
        server = await ends_in.hold(asyncio.to_thread(_signed_in, post, seconds, wire))
        try:
            await last_look()
        except BaseException:
            server.close()  # no thread reads from it now
            raise
        return await ends_in.hold(asyncio.to_thread(_done, server, do))
    except _Answered as refusal:
        return refusal.reply
    except TimeoutError as error:
        raise Unreachable(f"{post.host}: no answer within {seconds:g} s") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Unreachable(f"{post.host}: {_fault(error)}") from error
    finally:
        wire.cut()


async def send_mail(post: Post, *, sender: str, to: str, subject: str, text: str) -> None:
    """Hand an e-mail to the server; raises Unreachable where it didn't take it in time."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    reply = await hand_over(Mail(post, sender, to, message.as_bytes()), _no_look, _TIMEOUT_SECONDS)
    if not (reply.headers["command"] == "data" and 200 <= reply.status < 300):
        raise Unreachable(f"{post.host}: it refused {reply.headers['command']} ({reply.status})")


async def _no_look() -> None:
    """For what may leave whatever has happened meanwhile."""


class _Limit:
    """The time that a server has for all of its answers together."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def hold(self, answering: Awaitable[T]) -> T:
        """Its answer; raises TimeoutError where the time is up before."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(self._left):
            answer = await answering
        self._left -= asyncio.get_running_loop().time() - began
        return answer


def _signed_in(post: Post, timeout: float, wire: _Wire) -> smtplib.SMTP:
    """A connection on which the server waits for messages."""
    try:
        server = _Line(post, timeout, wire)
    except smtplib.SMTPConnectError as error:
        raise _Answered("connect", error.smtp_code, error.smtp_error) from error
    try:
        _sign_in(server, post)
        wire.must_hold()
    except BaseException:
        server.close()
        raise
    return server


def _sign_in(server: smtplib.SMTP, post: Post) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        if post.tls is Tls.STARTTLS:
            status, text = server.starttls(context=_authorities())
            _must_be_well("starttls", status, text)
        if post.user is not None:
            server.login(post.user, post.password or "")
    except smtplib.SMTPAuthenticationError as error:
        raise _Answered("auth", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        # Without it the message, or the password, would leave unencrypted, or in nobody's name.
        command = "auth" if post.tls is not Tls.STARTTLS or server.sock.__class__ is ssl.SSLSocket else "starttls"
        raise _Answered(command, _NOT_IMPLEMENTED, "the server doesn't offer it") from error
    except smtplib.SMTPResponseException as error:
        raise _Answered("ehlo", error.smtp_code, error.smtp_error) from error


def _done(server: smtplib.SMTP, do: Callable[[smtplib.SMTP], Reply]) -> Reply:
    """What comes of it; the connection ends here, in the thread that reads from it."""
    with contextlib.closing(server):
        return do(server)


def _sent(server: smtplib.SMTP, mail: Mail) -> Reply:
    """What the server answers to the message; the content's date is that of this attempt."""
    _must_be_well("mail", *server.mail(mail.sender))
    _must_be_well("rcpt", *server.rcpt(mail.to))
    date = f"Date: {format_datetime(datetime.now(UTC))}\r\n".encode()
    try:
        return _reply("data", *server.data(date + mail.content))
    except smtplib.SMTPDataError as error:
        return _reply("data", error.smtp_code, error.smtp_error)


def _left(server: smtplib.SMTP) -> Reply:
    """What the server answers to one who does nothing, and then goes."""
    reply = _reply("noop", *server.noop())
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    return reply


def _must_be_well(command: str, status: int, text: bytes) -> None:
    if not 200 <= status < 300:
        raise _Answered(command, status, text)


def _reply(command: str, status: int, text: bytes | str) -> Reply:
    body = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return Reply(status=status, headers={"command": command}, body=body)


@cache
def _authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


def _fault(error: Exception) -> str:
    """What went wrong, in words that hold no password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "its name can't be resolved"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it broke off"
    return type(error).__name__
