"""Where do the databases of a measurement lie? In a SQLite file, or where a cluster is given, in PostgreSQL."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tests.postgres import Cluster, run_sql

from bench.figures import Figure
from bench.seeding import Plan, seed
from tocsin.store.open import open_store
from tocsin.store.postgres_restore import replace_rows


class Measure(Protocol):
    """A measurement on either kind of database; small sizes where `quick`."""

    def __call__(self, quick: bool, cluster: Cluster | None = None, /) -> list[Figure]:
        """What was measured."""


def tell(measure: Measure, arguments: Sequence[str]) -> None:
    """Measure, and print it: with `--quick` small sizes, with `--postgres` on a PostgreSQL that syncs every commit."""
    quick = "--quick" in arguments
    if "--postgres" not in arguments:
        figures = measure(quick)
    else:
        with tempfile.TemporaryDirectory() as directory, Cluster(Path(directory), fsync=True) as cluster:
            figures = measure(quick, cluster)
    sys.stdout.writelines(f"{figure}\n" for figure in figures)


def planted(plan: Plan, directory: Path, cluster: Cluster | None) -> str:
    """The URL of a new database of that plan; a file lies in the directory, which is empty."""
    path = directory / "tocsin.db"
    seed(path, plan)
    if cluster is None:
        return f"sqlite:///{path}"
    url = cluster.new_database()
    open_store(url).close()
    replace_rows(path, url)
    run_sql(url, "VACUUM ANALYZE")  # autovacuum would come to it in its own time
    path.unlink()
    return url
