"""Where do the databases of a measurement lie? In a SQLite file, or where a cluster is given, in PostgreSQL."""

from pathlib import Path

from tests.postgres import Cluster, run_sql

from bench.seeding import Plan, seed
from tocsin.store.open import open_store
from tocsin.store.postgres_restore import replace_rows


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
