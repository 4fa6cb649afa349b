"""How does a PostgreSQL database stand at one moment? One transaction that only reads, beside running nodes."""

from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.store.connection import Reads
from tocsin.store.postgres_connection import PostgresConnection


@contextmanager
def postgres_moment(url: str) -> Iterator[tuple[Reads, int]]:
    """The database as it is now, and the number of its schema; 0 where it is empty."""
    connection = PostgresConnection(url)
    with connection.faults():
        connection.begin()
        try:
            connection.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection, _schema(connection)
        finally:
            connection.close()


def _schema(connection: PostgresConnection) -> int:
    if connection.all("SELECT to_regclass('schema_version')")[0][0] is None:
        return 0
    return int(connection.all("SELECT coalesce(max(number), 0) FROM schema_version")[0][0])
