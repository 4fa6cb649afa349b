"""How does something go on by itself? Again and again until it is cancelled; that it fails once is no end of it.

A loop that ended at a fault, even one of our own, would be silence: nobody would hear that it is gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from tocsin.errors import TocsinError

logger = logging.getLogger(__name__)


class Loop(Protocol):
    """What runs beside the paging path."""

    async def run(self) -> None:
        """Work until cancelled."""


class Every:
    """Does something, and again whenever `seconds` have passed; the first time after `first_after` seconds.

    `failed` says in the log what has not come about. What can be expected is told there as `level`, a bug as critical.
    """

    def __init__(
        self,
        seconds: float,
        do: Callable[[], Awaitable[object]],
        failed: str,
        *,
        first_after: float = 0.0,
        level: int = logging.WARNING,
    ) -> None:
        self._seconds = seconds
        self._do = do
        self._failed = failed
        self._first_after = first_after
        self._level = level
        self.lag = 0.0  # how much later than asked it was woken, in seconds

    async def run(self) -> None:
        """Work until cancelled."""
        if self._first_after:
            await asyncio.sleep(self._first_after)
        while True:
            await self._once()
            slept_at = asyncio.get_running_loop().time()
            await asyncio.sleep(self._seconds)
            self.lag = max(0.0, asyncio.get_running_loop().time() - slept_at - self._seconds)

    async def _once(self) -> None:
        try:
            await self._do()
        except TocsinError as error:
            logger.log(self._level, "%s: %s", self._failed, error)
        except Exception as error:
            logger.critical("%s: %s", self._failed, error, exc_info=True)
