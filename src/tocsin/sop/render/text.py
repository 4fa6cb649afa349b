"""How is plain text put into one line? The small pieces of language that every document needs."""

import re
from collections.abc import Sequence

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they make a line read otherwise than it is


def one_line(text: str) -> str:
    """The text without line breaks, control characters and runs of blanks."""
    return _BREAKS.sub(" ", _DIRECTION_OVERRIDES.sub("", text)).strip()


def listed(items: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; empty for no items."""
    return f" {word} ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def ordinal(number: int) -> str:
    """`2nd`, `3rd`, `11th`."""
    teens = number % 100 in (11, 12, 13)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
