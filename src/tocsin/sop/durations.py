"""How long is `15m`? The SOP file's durations: whole weeks, days, hours, minutes and seconds, `1h30m`."""

import re
from datetime import timedelta
from typing import Self

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "min", "s": "s"}
_SAID_IN_SMALLER_UNITS = {"w": _UNITS["w"], "d": 2 * _UNITS["d"]}  # 7d and 48h, not 1w and 2d
_PATTERN = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


class Duration(timedelta):
    """A length of elapsed time, written `15m`, `1h30m`, `48h`, `2w` in the SOP file. Never negative."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `text`; raise ValueError when it is not a duration."""
        match = _PATTERN.fullmatch(text.strip())
        if not text.strip() or match is None:
            raise ValueError(f"must be a duration such as 15m, 1h30m, 48h or 2w, got {text!r}")
        amounts = (int(amount or 0) for amount in match.groups())
        return cls(seconds=sum(amount * unit for amount, unit in zip(amounts, _UNITS.values(), strict=True)))

    @classmethod
    def of(cls, length: timedelta) -> Self:
        """The same length, cut to whole seconds; a negative one becomes zero."""
        return cls(seconds=max(0, int(length.total_seconds())))

    def __str__(self) -> str:
        """A text that `parse` reads back, as people say it: `15m`, `1h30m`, `48h`, `7d`, `2w`."""
        left = int(self.total_seconds())
        parts = []
        for unit, seconds in _UNITS.items():
            if left <= _SAID_IN_SMALLER_UNITS.get(unit, 0) or (unit in "wd" and left % seconds):
                continue
            amount, left = divmod(left, seconds)
            if amount:
                parts.append(f"{amount}{unit}")
        return "".join(parts) or "0m"

    def __repr__(self) -> str:
        return f"Duration.parse({str(self)!r})"

    @property
    def words(self) -> str:
        """The duration as a document says it: `15 min`, `60 min`, `4 hours`, `2 hours 30 min`, `7 days`."""
        minutes, seconds = divmod(int(self.total_seconds()), 60)
        if minutes <= 90 and not seconds:
            return f"{minutes} min"
        parts = []
        for amount, unit in re.findall(r"(\d+)([wdhms])", str(self)):
            plural = "s" if unit in "wdh" and amount != "1" else ""
            parts.append(f"{amount} {_NAMES[unit]}{plural}")
        return " ".join(parts)
