"""How are all rows carried from one database to another? Table by table, whichever databases the two are.

Both have the same tables with the same columns, so nothing is translated. Who serves the database is not copied: it is
true of the one that they serve.
"""

from collections.abc import Iterator

from tocsin.store.connection import Reads, Row

_NOT_COPIED = ("nodes",)

# Each table's columns that identify a row, in order: what is read bit by bit must be read in some order.
_TABLES = """
    SELECT m.name, c.name, c.pk FROM pragma_table_list AS m, pragma_table_info(m.name) AS c
    WHERE m.schema = 'main' AND m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid
"""


def tables_of(file: Reads) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The tables of a SQLite file that are copied: the columns of the primary key, and the other ones."""
    found: dict[str, list[tuple[str, int]]] = {}
    for table, column, place in file.all(_TABLES):
        if table not in _NOT_COPIED:
            found.setdefault(table, []).append((column, place))
    return {table: _columns(columns) for table, columns in found.items()}


def _columns(columns: list[tuple[str, int]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    key = sorted((place, column) for column, place in columns if place)
    return tuple(column for _, column in key), tuple(column for column, place in columns if not place)


def inserting(table: str, columns: tuple[str, ...]) -> str:
    """The statement that takes a row of those columns."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def in_parts(rows: Iterator[Row], size: int = 2_000) -> Iterator[list[Row]]:
    """The rows in lists that are not too long."""
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
