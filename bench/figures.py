"""What does a measurement say? A named value with its unit, its goal in words, and whether that holds."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct

RESULTS = Path(__file__).parent / "results.json"


class Figure(Struct, frozen=True):
    """`holds` is None where there is no goal: told for its own sake."""

    name: str
    value: float
    unit: str
    goal: str = ""
    holds: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.holds is None else "  holds" if self.holds else "  MISSED"
        goal = f"  goal {self.goal}" if self.goal else ""
        return f"{self.name:<58} {_shown(self.value):>12} {self.unit:<10}{goal:<18}{verdict}"


def told(name: str, value: float, unit: str) -> Figure:
    """A figure without a goal."""
    return Figure(name, value, unit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should be `limit` or more."""
    return Figure(name, value, unit, f">= {limit:g}", value >= limit)


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should be `limit` or less."""
    return Figure(name, value, unit, f"<= {limit:g}", value <= limit)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie: the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


def write(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Keep the figures as `{name: {value, unit, goal, holds}}`."""
    table = {it.name: {"value": it.value, "unit": it.unit, "goal": it.goal, "holds": it.holds} for it in figures}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
