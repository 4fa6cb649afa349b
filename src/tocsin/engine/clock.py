"""What time is it? Engine time: aware UTC, never going backwards, whatever happens to the wall clock."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_PACE_AHEAD = 0.9


def _wall() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The wall clock, held to monotonic time when it is set back; `speed` engine seconds pass in one real second.

    A speed other than 1 is for demonstrations: a two-hour incident in a minute. `wall` is the clock that may be set
    back, `monotonic` (in seconds) the one that can't.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        wall: Callable[[], datetime] = _wall,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._started_at = self._last = wall()
        self._started = self._last_read = monotonic()

    def now(self) -> datetime:
        """The present instant; each call is at or after the one before."""
        with self._lock:
            read = self._monotonic()
            elapsed = timedelta(seconds=(read - self._last_read) * self.speed)
            shown = self._shown(read)
            # Behind the wall clock again, little by little: time that ran ahead would call live alerts outdated.
            self._last = shown if shown >= self._last else self._last + elapsed * _PACE_AHEAD
            self._last_read = read
            return self._last

    def wall_now(self) -> datetime:
        """What the wall clock shows, wherever engine time stands: to compare with times that others read off theirs."""
        return self._shown(self._monotonic())

    def _shown(self, read: float) -> datetime:
        if self.speed == 1.0:
            return self._wall()
        return self._started_at + timedelta(seconds=(read - self._started) * self.speed)

    def not_before(self, instant: datetime) -> None:
        """Engine time is at or after `instant` from now on: what is recorded already lies in the past."""
        with self._lock:
            self._last = max(self._last, instant)

    async def wait_for(self, event: asyncio.Event, at_most: timedelta) -> None:
        """Wait until `event` is set, or until `at_most` of engine time has passed."""
        if at_most > timedelta():
            # Not asyncio.wait_for, which on Python 3.11 can swallow a cancellation that comes as the event is set.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.real_seconds(at_most)):
                    await event.wait()

    def real_seconds(self, length: timedelta) -> float:
        """How many real seconds `length` of engine time takes."""
        return length.total_seconds() / self.speed
