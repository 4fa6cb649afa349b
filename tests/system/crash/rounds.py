"""Which rounds of kills are there? One server on a file, two nodes on PostgreSQL, and two whom nothing befalls."""

import random
from collections.abc import Iterable
from pathlib import Path

from tests.system.crash.databases import PostgresDatabase, SqliteFile
from tests.system.crash.drill import Drill
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import moods, quick_moods, slow_moods
from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome

SQLITE, POSTGRESQL, CALM = "kills on SQLite", "kills on PostgreSQL", "calm on PostgreSQL"
_SPEED = 60.0  # engine seconds a second: ladders climb while a round lasts
_LONGEST_LIFE = 40  # points
_KILLS = 24
_KILLS_OF_TWO = 40  # the leases of the last ones have to be waited for, so there should be many
_PEOPLE = 3
_TURNS = 60


def kills_on_sqlite(seed: int, directory: Path) -> Outcome:
    """Two dozen kills of one server on a file."""
    chance = random.Random(seed)
    dooms = _dooms(chance, _KILLS)
    installation = Installation(directory, SqliteFile(directory), dooms=dooms, TOCSIN_CLOCK_SPEED=str(_SPEED))
    with Drill(seed, installation, rest=installation.settle, speed=_SPEED) as drill:
        drill.feel(moods(chance))
        drill.respond_until_dead(_KILLS)
        return drill.outcome(SQLITE)


def kills_on_postgresql(seed: int, directory: Path) -> Outcome:
    """Forty kills of two nodes on one database; then one of them stands still for longer than its leases last."""
    chance = random.Random(seed)
    with two_nodes(seed, directory, _dooms(chance, _KILLS_OF_TWO)) as drill:
        drill.feel(quick_moods(chance))
        drill.respond_until_dead(_KILLS_OF_TWO)
        drill.respond_while_one_stands_still()
        return drill.outcome(POSTGRESQL)


def calm_on_postgresql(seed: int, directory: Path) -> Outcome:
    """Two nodes, slow vendors, and no crash at all: then nothing is sent twice."""
    with two_nodes(seed, directory, ()) as drill:
        drill.feel(slow_moods())
        drill.respond(_TURNS)
        return drill.outcome(CALM)


def two_nodes(seed: int, directory: Path, dooms: Iterable[int]) -> Drill:
    """A drill of two nodes on PostgreSQL, whose ladders climb sixty times as fast."""
    sop = str(hurried_sop(directory))
    installation = Installation(directory, PostgresDatabase(), nodes=2, dooms=dooms, TOCSIN_SOP=sop)
    return Drill(seed, installation, people=_PEOPLE, minute=1.0)


def _dooms(chance: random.Random, kills: int) -> list[int]:
    return [chance.randint(1, _LONGEST_LIFE) for _ in range(kills)]
