"""Who talks to the outside? The one place that sends HTTP requests: time-outs, no redirects, replies cut at a limit."""

import asyncio
from datetime import timedelta

import httpx2

from tocsin.errors import Unreachable
from tocsin.integrations.wire import Reply, Request

_TIMEOUT = timedelta(seconds=10)
_MAX_REPLY_BYTES = 1_048_576


class Sender:
    """Sends requests to providers. Proxies in the environment are ignored, redirects are never followed.

    `timeout` holds for the whole exchange: a reply of one byte a second must not hold up a page for hours.
    """

    def __init__(self, timeout: timedelta = _TIMEOUT) -> None:
        self._timeout = timeout
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=16)
        self._client = httpx2.AsyncClient(timeout=None, limits=limits, follow_redirects=False, trust_env=False)

    async def send(self, request: Request) -> Reply:
        """The provider's reply; raises Unreachable when none came in time."""
        try:
            async with (
                asyncio.timeout(self._timeout.total_seconds()),
                self._client.stream(
                    request.method, request.url, headers=request.headers, content=request.body
                ) as response,
            ):
                body = await _read(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(status=response.status_code, headers=headers, body=body)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            # The address may hold a secret (webhook URLs do): name the host only.
            host = httpx2.URL(request.url).host
            raise Unreachable(f"{host}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _read(response: httpx2.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_REPLY_BYTES:
            return body[:_MAX_REPLY_BYTES]
    return body
