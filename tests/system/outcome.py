"""What came of a round, and of many? Figures, and what was wrong in words; the same for every kind of round."""

from collections.abc import Sequence

from msgspec import Struct


class Outcome(Struct, frozen=True, omit_defaults=True):
    """`kind` and `seed` play the round again. `broken` are faults in words, `[n]` before those of invariant n."""

    kind: str
    seed: int
    kills: int = 0
    stops: int = 0
    failovers: int = 0
    pages_due: int = 0
    pages_lost: int = 0
    pages_repeated: int = 0
    under_two_keys: int = 0
    seconds: float = 0.0
    broken: list[str] = []
    kept: str = ""  # the directory where all that a breach left behind is kept
    notes: dict[str, float] = {}  # further figures, such as how long it took until the engine was back

    @property
    def is_breach(self) -> bool:
        """Whether anything was lost, sent under another key, or broken."""
        return bool(self.pages_lost or self.under_two_keys or self.broken)

    @property
    def line(self) -> str:
        """The round in a line."""
        figures = ", ".join(f"{value} {name}" for name, value in _figures([self]).items() if value)
        notes = "".join(f", {name} {value:.1f}" for name, value in self.notes.items())
        verdict = "BROKEN" if self.is_breach else "held"
        return f"{verdict}: {self.kind}, seed {self.seed}: {figures}{notes} in {self.seconds:.1f} s"


def table(outcomes: Sequence[Outcome]) -> str:
    """One line a kind of round, and their sum."""
    kinds = list(dict.fromkeys(outcome.kind for outcome in outcomes))
    lines = {kind: [it for it in outcomes if it.kind == kind] for kind in kinds}
    heads = ["rounds", *_figures([])]
    rows = [(name, [len(found), *_figures(found).values()]) for name, found in [*lines.items(), ("all", outcomes)]]
    head = " " * 24 + "".join(f"{head:>12}" for head in heads)
    return "\n".join([head, *(f"{name:24}" + "".join(f"{value:>12}" for value in row) for name, row in rows)])


def _figures(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {
        "kills": sum(it.kills for it in outcomes),
        "stops": sum(it.stops for it in outcomes),
        "fail-overs": sum(it.failovers for it in outcomes),
        "pages due": sum(it.pages_due for it in outcomes),
        "lost": sum(it.pages_lost for it in outcomes),
        "repeated": sum(it.pages_repeated for it in outcomes),
        "two keys": sum(it.under_two_keys for it in outcomes),
        "broken": sum(len(it.broken) for it in outcomes),
    }
