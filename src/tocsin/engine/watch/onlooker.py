"""Who looks at the database without being in anybody's way? One thread with a connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tocsin.errors import Unreachable
from tocsin.store.connection import Reads
from tocsin.store.open import Store

T = TypeVar("T")

_PATIENCE_SECONDS = 20.0


class Onlooker:
    """Asks one question at a time. Close it before the store."""

    def __init__(self, store: Store, patience: float = _PATIENCE_SECONDS) -> None:
        self._reads = store.apart()
        self._patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tocsin-watch")

    async def look(self, ask: Callable[[Reads], T]) -> T:
        """The answer to `ask`; raises what it raises, and Unreachable where none came in time.

        What comes too late is nobody's any more, and the next question waits for it.
        """
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.get_running_loop().run_in_executor(self._thread, ask, self._reads)
        except TimeoutError as error:
            raise Unreachable(f"the database did not answer the watchman within {self._patience:g} s") from error

    def close(self) -> None:
        """End the thread; what it is asking is waited for."""
        self._thread.shutdown(cancel_futures=True)
