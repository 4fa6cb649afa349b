"""On which port does a mail server of a test listen? On whichever is free when it begins to."""

from asyncio import Server
from typing import Any

from aiosmtpd.controller import Controller


class OnAnyPort(Controller):
    """A mail server on the loopback interface; `port` says where once it has started."""

    def __init__(self, handler: object, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, ready_timeout=30, **options)

    def _trigger_server(self) -> None:
        """Called before `start` returns, to see whether it answers."""
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's
