"""How does a test wait? It asks again and again until it has its answer, up to a deadline; it never sleeps for luck."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 30.0


def until(ask: Callable[[], T], what: str, within: float = PATIENCE_SECONDS) -> T:
    """The first answer of `ask` that is true; the test fails, naming `what`, when none is in time."""
    give_up_at = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > give_up_at:
            raise AssertionError(f"not within {within:g} seconds: {what}; the last answer was {answer!r}")
        time.sleep(0.02)
