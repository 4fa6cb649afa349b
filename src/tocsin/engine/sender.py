"""Who talks to the outside? The one place that sends HTTP requests: time-outs, no redirects, replies cut at a limit.

What leaves by other means (e-mail, Apprise) is handed on to those, with the same time-out and the same last look.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import Any

import httpx2

from tocsin.engine import mail
from tocsin.engine.pushing import Pushing
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Inquiry, Mail, Outgoing, Push, Reading, Reply, Request, Ring, Visit

TIMEOUT = timedelta(seconds=10)
_NAMES_AT_ONCE = 128  # threads, made when they are needed
_CONNECTED_WITHIN = 0.8  # of the time-out
_MAX_REPLY_BYTES = 1_048_576
# The instant before the first byte of a request leaves: its connection is there, its handshake done.
_ABOUT_TO_LEAVE = "http11.send_request_headers.started"

Look = Callable[[], Awaitable[None]]
Send = Callable[[Request], Awaitable[Reply]]  # for who asks something at once: `Sender.ask`, or a test's


async def no_look() -> None:
    """For what may leave whatever has happened meanwhile."""


def make_room_for_names() -> None:
    """Let names be resolved at once for whatever is sent at once; for the running loop, once.

    A name that can't be resolved holds a thread for long. With the handful that a loop has by itself, one provider
    whose name servers are dead would keep every other from being found.
    """
    names = ThreadPoolExecutor(_NAMES_AT_ONCE, thread_name_prefix="tocsin-names")
    asyncio.get_running_loop().set_default_executor(names)


class Sender:
    """Sends requests to providers. Proxies in the environment are ignored, redirects are never followed.

    `timeout` holds for the whole exchange: a reply of one byte a second must not hold up a page for hours. There is no
    limit to connections here, so that no provider waits for those of another: who sends limits what it sends at once.
    """

    def __init__(self, timeout: timedelta = TIMEOUT) -> None:
        self._timeout = timeout
        self._pushing = Pushing(timeout.total_seconds())
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=16)
        # A connection has its own limit below that: who is cancelled within a handshake leaves it open.
        timeouts = httpx2.Timeout(None, connect=_CONNECTED_WITHIN * timeout.total_seconds())
        self._client = httpx2.AsyncClient(
            verify=_authorities(), timeout=timeouts, limits=limits, follow_redirects=False, trust_env=False
        )

    async def ask(self, inquiry: Inquiry) -> Reply:
        """The reply to what reaches nobody; raises Unreachable when none came in time."""
        if isinstance(inquiry, Visit):
            return await mail.look_in(inquiry, self._timeout.total_seconds())
        if isinstance(inquiry, Reading):
            return await self._pushing.read(inquiry)
        return await self.send(inquiry)

    async def send(self, request: Outgoing, last_look: Look = no_look) -> Reply:
        """The provider's reply; raises Unreachable when none came in time.

        `last_look` is awaited once the connection stands, just before the request leaves; what it raises keeps the
        request from leaving, and is raised. The time that it takes isn't the provider's.
        """
        if isinstance(request, Mail):
            return await mail.hand_over(request, last_look, self._timeout.total_seconds())
        if isinstance(request, Push):
            return await self._pushing.send(request, last_look)
        if isinstance(request, Ring):
            raise TypeError("which browsers to ring is known to Ringing alone")
        try:
            async with asyncio.timeout(self._timeout.total_seconds()) as limit:
                return await self._exchange(request, _looking(last_look, limit))
        except TimeoutError as error:
            raise Unreachable(f"{_host(request)}: no answer within {self._timeout.total_seconds():g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise Unreachable(f"{_host(request)}: {_fault(error)}") from error

    async def _exchange(self, request: Request, trace: Callable[[str, Any], Awaitable[None]]) -> Reply:
        # A compressed reply could be a bomb, and is too short to gain by it: none is asked for, none is unpacked.
        headers = {**request.headers, "accept-encoding": "identity"}
        async with self._client.stream(
            request.method, request.url, headers=headers, content=request.body, extensions={"trace": trace}
        ) as response:
            body = await _read(response)
            named = {name.lower(): value for name, value in response.headers.items()}
            return Reply(status=response.status_code, headers=named, body=body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates are trusted: the machine's list, read once for all senders, which takes 20 ms."""
    return httpx2.create_ssl_context(trust_env=False)


def _looking(last_look: Look, limit: asyncio.Timeout) -> Callable[[str, Any], Awaitable[None]]:
    async def trace(event: str, _: Any) -> None:
        if event == _ABOUT_TO_LEAVE:
            ends_at, began = limit.when(), asyncio.get_running_loop().time()
            limit.reschedule(None)
            await last_look()
            took = asyncio.get_running_loop().time() - began
            limit.reschedule(None if ends_at is None else ends_at + took)

    return trace


async def _read(response: httpx2.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MAX_REPLY_BYTES:
            return body[:_MAX_REPLY_BYTES]
    return body


def _host(request: Request) -> str:
    """The address may hold a secret (webhook URLs do): name the host only."""
    try:
        return httpx2.URL(request.url).host
    except httpx2.InvalidURL:
        return "an address that can't be read"


def _fault(error: BaseException) -> str:
    """What went wrong, in words that hold no part of an address."""
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return "its name can't be resolved"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "the encrypted connection could not be set up"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        if isinstance(cause, ConnectionResetError):
            return "the connection was reset"
    if isinstance(error, httpx2.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx2.ConnectError):
        return "no connection could be made"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "it broke off, or did not answer in HTTP"
    return type(error).__name__


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
