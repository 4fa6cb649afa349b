"""What time is it? Engine time: aware UTC, never going backwards, whatever happens to the clock that it follows.

Where a database keeps time for several nodes, its clock is followed, carried by this machine's monotonic one between
two looks at it. A clock that is set back is waited out; one that jumps ahead is approached, not followed, so that no
deadline is met early (invariant 21).
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

logger = logging.getLogger(__name__)

_PACE_BEHIND = 1.1  # of engine time, while it is behind a clock that has jumped ahead
_PACE_AHEAD = 0.9  # of engine time, while it is ahead of a clock that was set back
_JUMP = timedelta(minutes=1)


def _wall() -> datetime:
    return datetime.now(UTC)


def _monotonic() -> float:
    """Seconds that also pass while the machine sleeps, where the system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clock:
    """The clock that is followed, held to monotonic time; `speed` engine seconds pass in one real second.

    A speed other than 1 is for demonstrations: a two-hour incident in a minute. `wall` is the clock that may be set
    wrong, `monotonic` (in seconds) the one that can't.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        wall: Callable[[], datetime] = _wall,
        monotonic: Callable[[], float] = _monotonic,
    ) -> None:
        self.speed = speed
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._heard: tuple[datetime, float] | None = None  # what the database's clock showed, and when
        self._started_at = self._last = wall()
        self._started = self._last_read = monotonic()
        self._is_jump_told = False

    def now(self) -> datetime:
        """The present instant; each call is at or after the one before."""
        with self._lock:
            read = self._monotonic()
            passed = timedelta(seconds=(read - self._last_read) * self.speed)
            self._last += self._step(self._shown(read) - self._last, passed)
            self._last_read = read
            return self._last

    def _step(self, lead: timedelta, passed: timedelta) -> timedelta:
        """How far engine time goes on, when `passed` has gone by and the clock that it follows leads by `lead`."""
        if lead < timedelta():
            return passed * _PACE_AHEAD
        is_jump = lead - passed > _JUMP
        if is_jump and not self._is_jump_told:
            logger.critical(
                "the clock has jumped ahead by %s: followed slowly, so that nothing is early", lead - passed
            )
        self._is_jump_told = is_jump
        return min(lead, passed * _PACE_BEHIND) if is_jump else lead

    def wall_now(self) -> datetime:
        """What the followed clock shows, wherever engine time stands: to compare with times that others read off."""
        return self._shown(self._monotonic())

    def real_now(self) -> datetime:
        """The same at people's own pace: in a demonstration, too, a session lasts as long as ever."""
        return self.wall_now() if self.speed == 1.0 else self._wall()

    def behind(self) -> timedelta:
        """How far engine time is behind the clock that it follows; negative: ahead of it."""
        return self.wall_now() - self.now()

    def _shown(self, read: float) -> datetime:
        if self.speed != 1.0:
            return self._started_at + timedelta(seconds=(read - self._started) * self.speed)
        if self._heard is None:
            return self._wall()
        shown, at = self._heard
        return shown + timedelta(seconds=read - at)

    def follow(self, database_now: datetime) -> None:
        """The database's clock shows this now, and is the one to follow."""
        with self._lock:
            self._heard = database_now, self._monotonic()

    def not_before(self, instant: datetime) -> None:
        """Engine time is at or after `instant` from now on: what is recorded already lies in the past."""
        with self._lock:
            self._last = max(self._last, instant)

    def begin_at(self, instant: datetime) -> None:
        """Engine time begins here, before anybody has asked for it."""
        with self._lock:
            self._last, self._last_read = instant, self._monotonic()

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
