"""Does somebody outside know that Tocsin lives? A call to a dead-man's switch, only while this node is truly ready.

Nothing else waits for it: it has a sender of its own.
"""

import logging
from collections.abc import Awaitable, Callable

from tocsin.engine.loops import Every
from tocsin.engine.sender import Sender
from tocsin.errors import Unreachable
from tocsin.integrations.wire import Reply, Request

logger = logging.getLogger(__name__)


class Pulse:
    """Calls `url` as often as `every_seconds`; `why_not_ready` says what keeps it from that."""

    def __init__(self, url: str, every_seconds: float, why_not_ready: Callable[[], Awaitable[tuple[str, ...]]]) -> None:
        self._url = url
        self._every_seconds = every_seconds
        self._why_not_ready = why_not_ready
        self._sender = Sender()
        self.beats = 0
        self.failures = 0
        self.withheld = 0  # because the node was not ready

    async def run(self) -> None:
        """Beat until cancelled."""
        try:
            await Every(self._every_seconds, self._beat, "the heartbeat out failed").run()
        finally:
            await self._sender.close()

    async def _beat(self) -> None:
        try:
            reasons = await self._why_not_ready()
            if reasons:
                self.withheld += 1
                logger.warning("no heartbeat out: %s", "; ".join(reasons))
                return
            reply = await self._sender.send(Request("GET", self._url))
            self._count(reply)
        except Unreachable as error:
            self.failures += 1
            logger.warning("the heartbeat out was not taken: %s", error)
        except Exception:  # a loop that ends would be a false alarm outside
            self.failures += 1
            logger.critical("the heartbeat out failed", exc_info=True)

    def _count(self, reply: Reply) -> None:
        if not 200 <= reply.status < 300:
            raise Unreachable(f"it answered {reply.status}")
        self.beats += 1
