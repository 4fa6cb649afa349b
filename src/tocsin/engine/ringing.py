"""How is a person rung by push? All of their browsers at once, so that one push service that hangs holds up no other.

What came of each goes back in one answer; who isn't subscribed any more is forgotten. Nothing else leaves here: what is
no `Ring` is handed on.
"""

import asyncio
import logging

import msgspec

from tocsin.engine.browsers import Browsers
from tocsin.engine.clock import Clock
from tocsin.engine.deliveries import Send
from tocsin.engine.sender import Look
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.push.replies import Fate, Heard, heard_from
from tocsin.integrations.push.services import Subscription, host_of
from tocsin.integrations.wire import Outgoing, Reply, Ring
from tocsin.store.rows import PushBrowser

logger = logging.getLogger(__name__)


class Ringing:
    """Sends as `send` does, and rings browsers by it; `contact` is whom push services may ask about this server."""

    def __init__(self, browsers: Browsers, send: Send, clock: Clock, contact: str) -> None:
        self._browsers = browsers
        self._send = send
        self._clock = clock
        self._contact = contact

    async def send(self, request: Outgoing, last_look: Look) -> Reply:
        """The reply; of a `Ring` its body tells of each browser, and names none where there is none.

        Raises Unreachable for what is no `Ring`; StoreError where it can't be read whom to ring; and what `last_look`
        raises, where that kept it from every browser.
        """
        if not isinstance(request, Ring):
            return await self._send(request, last_look)
        browsers = await self._browsers.of_person(request.person)
        told = await asyncio.gather(*(self._ring(it, request, last_look) for it in browsers), return_exceptions=True)
        heard = {it.id: one for it, one in zip(browsers, told, strict=True) if isinstance(one, Heard)}
        await self._note(heard)
        for one in told:
            if isinstance(one, BaseException) and not any(it.fate is Fate.TAKEN for it in heard.values()):
                raise one
        return Reply(status=0, headers={}, body=msgspec.json.encode(tuple(heard.values())))

    async def _ring(self, browser: PushBrowser, ring: Ring, last_look: Look) -> Heard:
        from tocsin.integrations.push.request import request_to  # noqa: PLC0415  # cryptography is heavy
        from tocsin.integrations.push.vapid import vapid_of  # noqa: PLC0415

        vapid = vapid_of(await self._browsers.key(), self._contact)
        to = Subscription(browser.endpoint, browser.p256dh, browser.auth)
        request = request_to(to, ring, vapid, self._clock.real_now())
        try:
            reply = await self._send(request, last_look)
        except Unreachable as error:
            return Heard(browser.label, Fate.AGAIN, str(error))
        return heard_from(browser.label, host_of(browser.endpoint), reply)

    async def _note(self, heard: dict[int, Heard]) -> None:
        """What was taken is taken, whether or not it can be noted here."""
        taken = [id_ for id_, it in heard.items() if it.fate is Fate.TAKEN]
        gone = [id_ for id_, it in heard.items() if it.fate is Fate.GONE]
        try:
            await self._browsers.heard(taken, gone)
        except TocsinError as error:
            logger.warning("what became of browsers could not be noted: %s", error)
