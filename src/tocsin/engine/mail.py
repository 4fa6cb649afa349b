"""How does an e-mail leave? Over SMTP, from a thread: the one other place that talks to the outside."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from msgspec import Struct

from tocsin.errors import Unreachable

_TIMEOUT_SECONDS = 10


class Post(Struct, frozen=True):
    """A mail server, and as whom it is used."""

    host: str
    port: int
    starttls: bool
    user: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"Post({self.host}:{self.port})"  # without the password


async def send_mail(post: Post, *, sender: str, to: str, subject: str, text: str) -> None:
    """Hand the e-mail to the server; raises Unreachable where it didn't take it in time."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    await asyncio.to_thread(_hand_over, post, message)


def _hand_over(post: Post, message: EmailMessage) -> None:
    try:
        with smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT_SECONDS) as server:
            if post.starttls:
                server.starttls(context=ssl.create_default_context())
            if post.user is not None:
                server.login(post.user, post.password or "")
            server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Unreachable(f"{post.host}: {type(error).__name__}") from error
