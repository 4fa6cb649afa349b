"""What came of a round? Its figures, and what was wrong in words; the same for every kind of round."""

from msgspec import Struct


class Outcome(Struct, frozen=True):
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
    notes: dict[str, float] = {}
