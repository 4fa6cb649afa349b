"""How much has been done? Counters in memory: the paging path adds to them, and waits for nothing."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

LATENCY_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds


class Histogram:
    """How often a length of time fell into which bucket; the last bucket has no upper bound."""

    def __init__(self, bounds: Sequence[float] = LATENCY_BUCKETS) -> None:
        self.bounds = tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one; a length at a bucket's bound belongs to it."""
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def cumulative(self) -> list[int]:
        """For each bound how many were at most that long, and last how many there are."""
        sums, so_far = [], 0
        for count in self._counts:
            so_far += count
            sums.append(so_far)
        return sums


class Meters:
    """What this node has done since its start."""

    def __init__(self) -> None:
        self.commits = 0
        self.leases_taken_over = 0
        self.attempts: Counter[str] = Counter()  # by provider
        self.outcomes: Counter[tuple[str, str]] = Counter()  # by provider, and done, again or never
        self.failures: Counter[str] = Counter()  # by provider
        self.page_latency = Histogram()

    def began(self, provider: str, *, page_after: float | None) -> None:
        """A delivery begins; if it is a page's first attempt, that many seconds after the page was decided on."""
        self.attempts[provider] += 1
        if page_after is not None:
            self.page_latency.add(max(0.0, page_after))

    def ended(self, provider: str, outcome: str) -> None:
        """A delivery has ended so, and that is written."""
        self.outcomes[provider, outcome] += 1
        if outcome != "done":
            self.failures[provider] += 1
