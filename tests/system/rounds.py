"""Which kinds of rounds does a soak play? A table: what to call, and each one's share of the time."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.system.cluster.clock_jumps import CLOCK_JUMPS, clock_jumps
from tests.system.cluster.fail_overs import FAIL_OVERS, fail_overs
from tests.system.cluster.full_disks import FULL_DISKS, full_disks
from tests.system.cluster.partitions import PARTITIONS, partitions
from tests.system.cluster.power_cuts import POWER_CUTS, power_cuts
from tests.system.crash.rounds import (
    CALM,
    POSTGRESQL,
    SQLITE,
    calm_on_postgresql,
    kills_on_postgresql,
    kills_on_sqlite,
)
from tests.system.outcome import Outcome


class Round(NamedTuple):
    """`play` takes a seed and a directory of its own; `at_once` is how many of the kind may run at a time."""

    play: Callable[[int, Path], Outcome]
    share: float
    at_once: int = 2


ROUNDS: dict[str, Round] = {
    SQLITE: Round(kills_on_sqlite, share=26),
    POSTGRESQL: Round(kills_on_postgresql, share=54),
    CALM: Round(calm_on_postgresql, share=3),
    FAIL_OVERS: Round(fail_overs, share=14, at_once=1),
    PARTITIONS: Round(partitions, share=5, at_once=1),
    POWER_CUTS: Round(power_cuts, share=4, at_once=1),
    FULL_DISKS: Round(full_disks, share=2, at_once=1),
    CLOCK_JUMPS: Round(clock_jumps, share=2, at_once=1),
}
