"""How does one round go? Servers die at point after point while people and monitoring respond; then all is sent."""

import random
from contextlib import closing
from pathlib import Path

from tests.system.checker.check import faults_in, figures_of
from tests.system.checker.evidence import gather
from tests.system.crash.databases import SqliteFile
from tests.system.crash.installation import Database, Installation
from tests.system.crash.scenario import Scenario, moods
from tests.system.outcome import Outcome
from tests.system.outside import Outside
from tests.system.waiting import until

SPEED = 60.0  # engine seconds a second: ladders climb while a round lasts
_KILLS = 24
_LONGEST_LIFE = 40  # points


def kills_on_sqlite(seed: int, directory: Path) -> Outcome:
    """Two dozen kills of the one server on a file."""
    return _round("kills on SQLite", seed, directory, SqliteFile(directory), nodes=1)


def _round(kind: str, seed: int, directory: Path, database: Database, *, nodes: int) -> Outcome:
    chance = random.Random(seed)
    dooms = iter([chance.randint(1, _LONGEST_LIFE) for _ in range(_KILLS)])
    installation = Installation(directory, database, nodes=nodes, dooms=dooms, speed=SPEED)
    urls = [node.url for node in installation.nodes]
    with installation, closing(Outside(urls, installation.token, installation.mend)) as outside:
        installation.feel(moods(chance))

        def settle() -> None:
            until(installation.is_nothing_waiting, "everything is sent", within=90)

        scenario = Scenario(chance, outside, settle)
        while len(installation.deaths) < _KILLS:
            scenario.act()
        settle()
        crashes = len(installation.deaths)
        evidence = gather(database.read, installation.sent, outside.promises, crashes=crashes, speed=SPEED)
        figures = figures_of(evidence)
        return Outcome(
            kind,
            seed,
            kills=crashes,
            pages_due=figures.due,
            pages_lost=figures.lost,
            pages_repeated=figures.repeated,
            under_two_keys=figures.under_two_keys,
            broken=[*installation.faults, *outside.faults, *faults_in(evidence)],
        )
