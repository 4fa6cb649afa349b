"""`make bench`: everything that is measured, on SQLite and on PostgreSQL; prints it, and writes bench/results.json.

Arguments: `--quick` for small sizes; names of measurements (`storm pages footprint …`) for these alone.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.postgres import Cluster

from bench import cockpit, footprint, limits, live, pages, reading, storm, waiting
from bench.figures import Figure, write


def _on_postgresql(quick: bool) -> list[Figure]:
    """Items 1 to 4 with one node and with two, each on empty databases."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as directory, Cluster(Path(directory), fsync=True) as cluster:
        for nodes in (1, 2):
            found += storm.measure(True, cluster.new_database, nodes)
            found += pages.measure(True, cluster.new_database, nodes)
    return found + list(storm.two_against_one(found))


MEASUREMENTS: dict[str, Callable[[bool], list[Figure]]] = {
    "limits": limits.measure,
    "storm": storm.measure,
    "pages": pages.measure,
    "footprint": footprint.measure,
    "waiting": waiting.measure,
    "reading": reading.measure,
    "cockpit": cockpit.measure,
    "live": live.measure,
    "postgresql": _on_postgresql,
}


def main(arguments: list[str]) -> int:
    """Measure, print, write; 0 also where goals are missed: the figures say so."""
    is_quick = "--quick" in arguments
    names = [it for it in arguments if not it.startswith("--")]
    found: list[Figure] = []
    for name, measure in MEASUREMENTS.items():
        if (names and name not in names) or (is_quick and not names and name == "postgresql"):
            continue
        for figure in measure(is_quick):
            print(figure, flush=True)
            found.append(figure)
    print(f"{sum(it.holds is True for it in found)} goals hold, {sum(it.holds is False for it in found)} are missed")
    if not names:
        write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
