"""How does everybody who asks learn that Tocsin is in trouble? A header on every answer to somebody who may read.

It names incidents: whoever was not let in is told nothing, whatever they ask for and whatever becomes of it.
"""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import Principal, may

HEADER = "Tocsin-Alarm"
_PATHS = ("/api/v1/", "/incidents/")


class Banner:
    """Adds the alarms, in one line of ASCII; nothing while there are none."""

    def __init__(self, app: ASGIApp, line: Callable[[], str]) -> None:
        self._app = app
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, with the banner."""
        if scope["type"] != "http" or not scope["path"].startswith(_PATHS):
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            line = self._line()
            if line and message["type"] == "http.response.start" and _may_know(scope):
                MutableHeaders(scope=message)[HEADER] = line.encode("ascii", "replace").decode()
            await send(message)

        await self._app(scope, receive, tell)


def _may_know(scope: Scope) -> bool:
    """Whether somebody was let in, by then, who may read; whoever lets them in notes it in the request's state."""
    principal: Principal | None = scope.get("state", {}).get("principal")
    return principal is not None and may(principal, Permission.READ)
