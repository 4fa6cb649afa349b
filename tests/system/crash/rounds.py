"""Which rounds of kills are there? One server on a file, and two nodes on PostgreSQL."""

import random
from collections.abc import Iterable
from pathlib import Path

from tests.system.crash.databases import PostgresDatabase, SqliteFile
from tests.system.crash.drill import Drill
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import moods, quick_moods
from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome

SQLITE, POSTGRESQL = "kills on SQLite", "kills on PostgreSQL"
_SPEED = 60.0  # engine seconds a second: ladders climb while a round lasts
_LONGEST_LIFE = 40  # points
_KILLS = 24
_KILLS_OF_TWO = 40  # the leases of the last ones have to be waited for, so there should be many


def kills_on_sqlite(seed: int, directory: Path) -> Outcome:
    """Two dozen kills of one server on a file."""
    chance = random.Random(seed)
    dooms = _dooms(chance, _KILLS)
    installation = Installation(directory, SqliteFile(directory), dooms=dooms, TOCSIN_CLOCK_SPEED=str(_SPEED))
    with Drill(seed, installation, chance, speed=_SPEED) as drill:
        drill.respond_until_dead(drill.scenario(drill.settle), _KILLS, moods(chance))
        return drill.outcome(SQLITE)


def kills_on_postgresql(seed: int, directory: Path) -> Outcome:
    """Forty kills of two nodes on one database; then one of them stands still for longer than its leases last."""
    chance = random.Random(seed)
    with two_nodes(seed, directory, _dooms(chance, _KILLS_OF_TWO)) as drill:
        scenario = drill.scenario(lambda: None)  # nobody waits for the leases of the dead
        drill.respond_until_dead(scenario, _KILLS_OF_TWO, quick_moods(chance))
        drill.respond_while_one_stands_still(scenario)
        return drill.outcome(POSTGRESQL)


def two_nodes(seed: int, directory: Path, dooms: Iterable[int]) -> Drill:
    """A drill of two nodes on PostgreSQL, whose ladders climb sixty times as fast."""
    sop = str(hurried_sop(directory))
    installation = Installation(directory, PostgresDatabase(), nodes=2, dooms=dooms, TOCSIN_SOP=sop)
    return Drill(seed, installation, random.Random(seed), minute=1.0)


def _dooms(chance: random.Random, kills: int) -> list[int]:
    return [chance.randint(1, _LONGEST_LIFE) for _ in range(kills)]
