"""How many wrong tokens may come from one address? A thousand a minute, counted in memory; then it hears 429, not 401.

A right token is always let in: monitoring may share an address with whoever guesses. `now` is in seconds, of any clock
that doesn't go backwards.
"""

import math

MOST = 1_000
WINDOW_SECONDS = 60
_MOST_ADDRESSES = 4_096


class Strangers:
    """The addresses that wrong tokens came from lately."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, int]] = {}

    def wait_after_another(self, address: str, now: float) -> int:
        """Count one more wrong token; how many seconds the next must wait, 0 while there were few."""
        since, count = self._since.get(address, (now, 0))
        if now - since >= WINDOW_SECONDS:
            since, count = now, 0
        if address not in self._since and len(self._since) >= _MOST_ADDRESSES:
            self._forget(now)
        self._since[address] = (since, count + 1)
        return math.ceil(since + WINDOW_SECONDS - now) if count >= MOST else 0

    def _forget(self, now: float) -> None:
        """Make room: of what is over, or else of everything, for a flood of addresses counts for nothing."""
        self._since = {it: known for it, known in self._since.items() if now - known[0] < WINDOW_SECONDS}
        if len(self._since) >= _MOST_ADDRESSES:
            self._since.clear()
