"""How is Slack asked for something at once? Calls of its Web API that somebody waits for, with a short patience.

What may wait is an effect, and leaves by the outbox.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tocsin.engine.sender import Send
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.errors import remedy_for
from tocsin.integrations.wire import Reply, Request
from tocsin.loopback import is_loopback

# docs.slack.dev/interactivity/handling-user-interaction: an answer within 3 seconds, and `trigger_id` lasts as long.
PATIENCE_SECONDS = 2.2
_ANSWERS_AT = "hooks.slack.com"


class SlackSaysNo(TocsinError):
    """Slack understood the call and refused it; `error` is its word for the reason."""

    code = "slack_refused"

    def __init__(self, method: str, error: str, needed: str) -> None:
        super().__init__(f"Slack refused {method}: {error}{remedy_for(error, needed)}")
        self.method = method
        self.error = error


class _Answer(Struct, frozen=True):
    ok: bool = False
    error: str = ""
    needed: str | None = None


class Calls:
    """Calls in the account's name."""

    def __init__(self, account: SlackAccount, send: Send) -> None:
        self._account = account
        self._send = send

    async def call(self, method: str, arguments: Mapping[str, str], *, token: str = "", reads: bool = False) -> bytes:
        """The answer's body; raises SlackSaysNo, and Unreachable where there is none in time."""
        account = msgspec.structs.replace(self._account, token=token) if token else self._account
        request = account.get(method, arguments) if reads else account.post(method, arguments)
        reply = await self._within(request)
        try:
            answer = msgspec.json.decode(reply.body, type=_Answer)
        except (ValueError, RecursionError) as error:
            raise Unreachable(f"{method}: Slack did not answer as documented (HTTP {reply.status})") from error
        if not answer.ok:
            raise SlackSaysNo(method, answer.error[:80], (answer.needed or "")[:80])
        return reply.body

    async def tell(self, answer_to: str, payload: Mapping[str, object]) -> None:
        """Say something to whoever pressed something, by the address that came with the press; raises Unreachable."""
        if not self._is_slacks(answer_to):
            raise Unreachable("the address for the answer is none of Slack's: nothing was sent there")
        headers = {"content-type": "application/json; charset=utf-8"}
        reply = await self._within(Request("POST", answer_to, headers, msgspec.json.encode(payload)))
        if not 200 <= reply.status < 300:
            raise Unreachable(f"the answer was not taken (HTTP {reply.status})")

    async def _within(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._send(request)
        except TimeoutError as error:
            raise Unreachable(f"Slack: no answer within {PATIENCE_SECONDS:g} s") from error

    def _is_slacks(self, url: str) -> bool:
        """Whether it leads to Slack, or to the stand-in that is set up for it."""
        parts, own = urlsplit(url), urlsplit(self._account.api_url)
        if is_loopback(self._account.api_url):
            return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        return parts.scheme == "https" and parts.netloc == _ANSWERS_AT
