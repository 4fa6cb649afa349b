"""How much memory may the bodies of all requests take together? A fixed room; who finds it full is asked to come back.

A body counts until its request is answered: what is made of it lives as long. So the answer to a flood is 503, which
every sender of alerts repeats, and never a process that the kernel ends.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.errors import Overloaded

MAX_BYTES = 32 * 1_048_576
_SHARE = "tocsin.share"


class Share:
    """What one request takes of the room."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self.taken = 0

    def take(self, size: int) -> None:
        """Take `size` bytes more; raises Overloaded where there is no room for them."""
        self._room.take(size)
        self.taken += size


class Room:
    """The application, its requests' bodies within `limit` bytes together."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BYTES) -> None:
        self._app = app
        self._limit = limit
        self._taken = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and give the room back."""
        share = scope[_SHARE] = Share(self)
        try:
            await self._app(scope, receive, send)
        finally:
            self._taken -= share.taken

    def take(self, size: int) -> None:
        """Take `size` bytes; raises Overloaded where there is no room for them."""
        if self._taken + size > self._limit:
            raise Overloaded("requests of too many bytes are being worked on: try again in a few seconds")
        self._taken += size


def share_of(request: Request) -> Share:
    """The request's share of the room."""
    share: Share = request.scope[_SHARE]
    return share
