"""Is a provider well? A circuit breaker in plain values: who is ill is asked now and then, and left alone otherwise.

It opens when several deliveries in a row have met with no clear answer; one that fails again and again is not enough,
the fault may lie in it. While it is open a single delivery at a time leaves as a probe, after longer and longer pauses.
The first answer lets two leave at once, the next three, and so on until it closes: whoever has just got up is not run
over. It begins closed, after a restart too: what has changed meanwhile is found out soon enough. No I/O.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

OPENS_AFTER = 5  # deliveries
CLOSES_AFTER = 5  # answers
FIRST_PROBE_AFTER = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(seconds=30)
_UNBOUNDED = 1_000_000


class Health(StrEnum):
    """How a provider is taken to be."""

    CLOSED = "closed"  # well: everything leaves
    OPEN = "open"  # ill: nothing leaves
    HALF_OPEN = "half-open"  # being probed, or getting better


class Breaker(Struct, frozen=True):
    """What is known of a provider's health. `failed` are the keys of deliveries that failed since its last answer."""

    failed: frozenset[str] = frozenset()
    reason: str = ""  # of the latest failure
    opened_at: datetime | None = None
    probe_at: datetime | None = None  # set while it is not closed
    probes: int = 0  # that failed, since it opened
    answers: int = 0  # in a row, since the latest probe that failed

    @property
    def is_closed(self) -> bool:
        """Whether everything may leave."""
        return self.probe_at is None

    def health(self, now: datetime) -> Health:
        """How the provider is taken to be at `now`; at the very instant of a probe it is half-open."""
        if self.probe_at is None:
            return Health.CLOSED
        return Health.HALF_OPEN if self.answers or now >= self.probe_at else Health.OPEN

    def at_once(self, now: datetime) -> int:
        """How many deliveries may be under way."""
        match self.health(now):
            case Health.CLOSED:
                return _UNBOUNDED
            case Health.OPEN:
                return 0
            case Health.HALF_OPEN:
                return 1 + self.answers

    def after_failure(self, key: str, reason: str, now: datetime, asked: timedelta | None = None) -> Self:
        """The delivery of that key met with no clear answer; `asked` is how long the provider wants to be left alone.

        What left before the breaker opened is no probe, and its failure no news.
        """
        if self.is_closed:
            failing = replace(self, failed=self.failed | {key}, reason=reason)
            return failing if len(failing.failed) < OPENS_AFTER else failing._left_alone(now, asked)
        if self.health(now) is Health.OPEN:
            return self
        return replace(self, reason=reason, probes=self.probes + 1, answers=0)._left_alone(now, asked)

    def after_answer(self) -> Self:
        """The provider has answered as documented, be it with a refusal."""
        answers = self.answers + 1
        if self.is_closed or answers >= CLOSES_AFTER:
            return type(self)()
        return replace(self, answers=answers)

    def after_busy(self) -> Self:
        """The provider takes no more at present, and says so: it is well, but no more than that is known."""
        return self if self.is_closed else self.after_answer()

    def _left_alone(self, now: datetime, asked: timedelta | None) -> Self:
        # The one delivery that is asked to wait for an hour does; of the others that says less.
        pause = max(FIRST_PROBE_AFTER * (1 << min(self.probes, 10)), asked or timedelta())
        return replace(self, opened_at=self.opened_at or now, probe_at=now + min(pause, LONGEST_PAUSE))
