"""When has it happened? Polling with a deadline, for what threads, loops and servers do in their own time."""

import asyncio
from collections.abc import Callable

from tests.system.waiting import PATIENCE_SECONDS


async def eventually(condition: Callable[[], object], within: float = PATIENCE_SECONDS) -> None:
    """Wait until `condition` holds; a test fails that has to wait too long."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  # nobody could set an event: the condition is another process's
            await asyncio.sleep(0.005)
