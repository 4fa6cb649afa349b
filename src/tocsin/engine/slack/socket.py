"""How is Slack heard where it can't call this server? Socket Mode: a WebSocket that this node opens and keeps.

An envelope is acknowledged once what it asks for is durable; Slack gives one that isn't to another connection. Several
nodes may each hold one: whatever comes twice is done once. This is, beside the sender, the one connection outwards.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tocsin.engine.sender import Send
from tocsin.engine.slack.calls import Calls
from tocsin.engine.slack.way_in import Foreign
from tocsin.errors import InvalidInput, Overloaded, StoreError, TocsinError, Unreachable
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.inbound import envelopes
from tocsin.integrations.slack.inbound import heard as h
from tocsin.integrations.slack.inbound.said import Payload
from tocsin.loopback import is_loopback

logger = logging.getLogger(__name__)

Hear = Callable[[h.Heard | h.Challenge], Awaitable[Payload | None]]

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_MAX_FRAME = 1_048_576  # bytes
_GREETED_WITHIN_SECONDS = 10.0
_STEADY_AFTER_SECONDS = 10.0  # Slack keeps a connection for hours
_CLOSED_WITHIN_SECONDS = 1.0  # Slack doesn't always close its end: whoever stops must not wait for it
_AT_ONCE = 32  # envelopes that are worked on


class Socket:
    """Holds a connection to Slack; `hear` does what an envelope asks for."""

    def __init__(self, token: str, account: SlackAccount, send: Send, hear: Hear) -> None:
        self._token = token
        self._calls = Calls(account, send)
        self._stand_in = urlsplit(account.api_url).hostname or "" if is_loopback(account.api_url) else ""
        self._hear = hear
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._lines: set[asyncio.Task[None]] = set()
        self._since: float | None = None  # it has been down since then; None: it is up, or was never looked for
        self.why = "it has not been opened yet"

    def down_for(self) -> float:
        """For how many seconds there has been no connection; 0 while there is one."""
        return time.monotonic() - self._since if self._since is not None else 0.0

    async def run(self) -> None:
        """Keep a connection open until cancelled; another one is opened before Slack closes it."""
        self._is_down("it has not been opened yet")
        failures = 0
        try:
            while True:
                opened, leave, began_at = asyncio.Event(), asyncio.Event(), time.monotonic()
                line = asyncio.create_task(self._line(opened, leave))
                self._lines.add(line)
                line.add_done_callback(self._lines.discard)
                leaving = asyncio.create_task(leave.wait())
                await asyncio.wait((line, leaving), return_when=asyncio.FIRST_COMPLETED)
                leaving.cancel()
                is_steady = opened.is_set() and time.monotonic() - began_at >= _STEADY_AFTER_SECONDS
                failures = 0 if is_steady else failures + 1
                # One that Slack wants back at once is no line to change over to: asked in a rush, it would shut us out.
                if not (is_steady and leave.is_set()):
                    await asyncio.sleep(_pause(failures))
        finally:
            for line in self._lines:
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)  # each says goodbye

    async def _line(self, opened: asyncio.Event, leave: asyncio.Event) -> None:
        """One connection, from its opening to its end; never raises."""
        try:
            answer = await self._calls.call("apps.connections.open", {}, token=self._token)
            await self._listen(envelopes.address_in(answer, self._stand_in), opened, leave)
            why = "Slack has closed it"
        except TocsinError as error:
            why = str(error)
        except Exception as error:  # a bug must not end the loop
            logger.critical("Slack: the Socket Mode connection failed", exc_info=True)
            why = f"internal fault: {type(error).__name__}"
        if len(self._lines) <= 1:  # no other one has taken its place
            self._is_down(why)

    async def _listen(self, url: str, opened: asyncio.Event, leave: asyncio.Event) -> None:
        import websockets.asyncio.client as client  # noqa: PLC0415  # for installations that use Socket Mode alone
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI  # noqa: PLC0415

        working: set[asyncio.Task[None]] = set()
        try:
            async with client.connect(
                url,
                max_size=_MAX_FRAME,
                open_timeout=_GREETED_WITHIN_SECONDS,
                close_timeout=_CLOSED_WITHIN_SECONDS,
                proxy=None,
            ) as line:
                async for frame in line:
                    it = _envelope(frame)
                    if it is None:
                        continue
                    if it.type == envelopes.Kind.HELLO:
                        self._is_up()
                        opened.set()
                    elif it.type == envelopes.Kind.DISCONNECT:
                        logger.info(
                            "Slack: closes the Socket Mode connection (%s): another one is opened", it.reason[:40]
                        )
                        leave.set()
                    elif it.envelope_id:
                        await self._begin(line, it, working)
        except ConnectionClosed as error:
            raise Unreachable("the connection broke off") from error
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError) as error:
            raise Unreachable("no connection could be made") from error
        finally:
            for task in working:
                task.cancel()

    async def _begin(self, line: Any, it: envelopes.Envelope, working: set[asyncio.Task[None]]) -> None:
        """Begin to answer it, once there is room; what ends before its first step leaves its place as well."""
        await self._room.acquire()
        task = asyncio.create_task(self._answer(line, it))
        working.add(task)
        task.add_done_callback(working.discard)
        task.add_done_callback(lambda _: self._room.release())

    async def _answer(self, line: Any, it: envelopes.Envelope) -> None:
        """Do what it asks for, then acknowledge it; what could not be done is left for Slack to give out again."""
        try:
            payload = await self._outcome(it)
            await line.send(envelopes.acknowledgement(it, payload))
        except (StoreError, Overloaded, Unreachable) as error:
            logger.warning("Slack: an envelope is not acknowledged, so that it comes again: %s", error)
        except Exception:  # a bug, or a connection that has just gone
            logger.warning("Slack: an envelope could not be answered", exc_info=True)

    async def _outcome(self, it: envelopes.Envelope) -> Payload | None:
        try:
            heard = envelopes.heard_in(it)
            return await self._hear(heard) if heard else None
        except Foreign:
            return None  # told in the log; to leave it would bring it again
        except InvalidInput as error:
            logger.warning("Slack: an envelope is passed over: %s", error)
            return None

    def _is_up(self) -> None:
        if self._since is not None:
            logger.info("Slack: listening over Socket Mode")
        self._since = None

    def _is_down(self, why: str) -> None:
        self.why = why
        if self._since is None:
            self._since = time.monotonic()
            logger.warning("Slack: no Socket Mode connection: %s", why)


def _envelope(frame: str | bytes) -> envelopes.Envelope | None:
    try:
        return envelopes.envelope(frame)
    except InvalidInput as error:
        logger.warning("Slack: %s", error)
        return None


def _pause(failures: int) -> float:
    """How many seconds to wait before the next attempt: doubling, up to a half sooner, so that nodes don't agree."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(max(failures - 1, 0), 6))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
