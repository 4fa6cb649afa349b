"""When has it happened? Polling with a deadline, for what threads, loops and servers do in their own time."""

import asyncio
from collections.abc import Callable

_PATIENCE_SECONDS = 10


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; a test fails that has to wait too long."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # nobody could set an event: the condition is another process's
            await asyncio.sleep(0.005)
