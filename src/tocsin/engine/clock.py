"""What time is it? Engine time: aware UTC, never going backwards, whatever happens to the wall clock."""

import asyncio
import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The wall clock, held to monotonic time when it is set back; `speed` engine seconds pass in one real second.

    A speed other than 1 is for demonstrations: a two-hour incident in a minute.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._lock = threading.Lock()
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()
        self._last = self._started_at
        self._last_read = self._started

    def now(self) -> datetime:
        """The present instant; each call is at or after the one before."""
        with self._lock:
            read = time.monotonic()
            elapsed = timedelta(seconds=(read - self._last_read) * self.speed)
            wall = self._wall(read)
            self._last = wall if wall >= self._last else self._last + elapsed
            self._last_read = read
            return self._last

    def _wall(self, read: float) -> datetime:
        if self.speed == 1.0:
            return datetime.now(UTC)
        return self._started_at + timedelta(seconds=(read - self._started) * self.speed)

    def not_before(self, instant: datetime) -> None:
        """Engine time is at or after `instant` from now on: what is recorded already lies in the past."""
        with self._lock:
            self._last = max(self._last, instant)

    async def wait_for(self, event: asyncio.Event, at_most: timedelta) -> None:
        """Wait until `event` is set, or until `at_most` of engine time has passed."""
        if at_most > timedelta():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), self.real_seconds(at_most))

    def real_seconds(self, length: timedelta) -> float:
        """How many real seconds `length` of engine time takes."""
        return length.total_seconds() / self.speed
