"""How do the rows of a file replace those of a PostgreSQL database? In one transaction: all of them, or none."""

from pathlib import Path

from tocsin.store.copying import tables_of
from tocsin.store.postgres_connection import PostgresConnection
from tocsin.store.snapshot import file_moment, in_order

# Whoever stood still all the while may still settle a delivery by its number: none is given out a second time.
_GO_ON_COUNTING = """
    SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(
        nextval(pg_get_serial_sequence('{table}', 'id')), (SELECT coalesce(max(id), 0) FROM {table})))
"""
_COUNTED = "SELECT table_name FROM information_schema.columns WHERE column_name = 'id' AND is_identity = 'YES'"


def replace_rows(file: Path, url: str) -> None:
    """Take the rows of a SQLite file of the same schema for those of the database."""
    connection = PostgresConnection(url)
    with connection.faults(), file_moment(file) as (reads, _):
        tables = tables_of(reads)
        connection.begin()
        connection.all("SET LOCAL statement_timeout = 0")
        connection.all("SET LOCAL lock_timeout = '10s'")
        connection.all(f"TRUNCATE {', '.join((*tables, 'nodes'))}")
        for table, (key, others) in tables.items():
            connection.copy_in(table, (*key, *others), in_order(reads, others, table, key))
        for (table,) in connection.all(_COUNTED):
            connection.all(_GO_ON_COUNTING.format(table=table))
        connection.commit()
    connection.close()
