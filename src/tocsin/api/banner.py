"""How does everybody who asks learn that Tocsin is in trouble? A header on every answer to somebody who was let in."""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "Tocsin-Alarm"
_PATHS = ("/api/v1/", "/incidents/")
_STRANGERS = (401, 403)


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
            if line and message["type"] == "http.response.start" and message["status"] not in _STRANGERS:
                MutableHeaders(scope=message)[HEADER] = line.encode("ascii", "replace").decode()
            await send(message)

        await self._app(scope, receive, tell)
