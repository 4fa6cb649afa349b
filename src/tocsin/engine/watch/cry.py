"""How is help called? Every emergency contact by every way at once; nothing of it needs the database.

A test says of itself that it is one, wherever it arrives.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from tocsin.engine.mail import send_mail
from tocsin.engine.watch.contacts import Contact, Emergency, MailServer
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.wire import Post, Reply, Request, Tls
from tocsin.settings import Settings

logger = logging.getLogger(__name__)

_HEADERS = {"Content-Type": "application/json"}


class Cry(Struct, frozen=True):
    """What the contacts are told; the body of the webhook. `is_test`: nothing is wrong."""

    subject: str
    text: str
    alarms: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    node: str = ""
    is_test: bool = False


TEST = Cry(
    subject="Tocsin: a test of the emergency contacts",
    text="This is a test: nothing is wrong. In an emergency Tocsin reaches you like this.",
    is_test=True,
)


class Told(Struct, frozen=True):
    """What came of one way to one contact; `fault` is empty where it was taken."""

    name: str
    way: str
    fault: str = ""


async def cry_out(
    cry: Cry, emergency: Emergency, settings: Settings, send: Callable[[Request], Awaitable[Reply]]
) -> tuple[Told, ...]:
    """Tell every contact by every way that it has; never raises for a way that fails."""
    ways: list[tuple[Contact, str, Awaitable[None]]] = []
    for contact in emergency.contacts:
        if contact.webhook:
            ways.append((contact, "webhook", _post(contact.webhook, cry, send)))
        if contact.email and emergency.smtp:
            ways.append((contact, "email", _mail(contact.email, cry, emergency.smtp, settings)))
    return tuple(await asyncio.gather(*(_told(contact, way, calling) for contact, way, calling in ways)))


async def _told(contact: Contact, way: str, calling: Awaitable[None]) -> Told:
    try:
        await calling
    except TocsinError as error:
        return Told(contact.name, way, str(error))
    except Exception as error:  # a bug must not keep the other contacts from being called
        logger.critical("%s could not be called by %s", contact.name, way, exc_info=True)
        return Told(contact.name, way, f"internal fault: {type(error).__name__}")
    return Told(contact.name, way)


async def _post(url: str, cry: Cry, send: Callable[[Request], Awaitable[Reply]]) -> None:
    reply = await send(Request("POST", url, _HEADERS, msgspec.json.encode(cry)))
    if not 200 <= reply.status < 300:
        raise Unreachable(f"the webhook answered {reply.status}")


async def _mail(to: str, cry: Cry, server: MailServer, settings: Settings) -> None:
    password = settings.secret(server.password) if server.password else None
    tls = Tls.STARTTLS if server.starttls else Tls.NONE
    post = Post(server.host, server.port, tls, server.user, password)
    await send_mail(post, sender=server.sender, to=to, subject=cry.subject, text=cry.text)
