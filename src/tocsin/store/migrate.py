"""Which schema has the database? Numbered SQL files, applied in order; each is one transaction.

Migrations only add, so that a node of the version before works on beside a newer one. A file has the same number for
every database.
"""

from importlib.resources import files
from typing import Protocol

from tocsin.errors import StoreError

SQLITE = "sqlite"
POSTGRES = "postgres"


class Migrated(Protocol):
    """A database whose schema is brought up to date."""

    def current(self) -> int:
        """The number of the newest migration that it has; 0 for an empty database."""

    def apply(self, number: int, text: str) -> None:
        """Run one migration and note its number, in one transaction."""


def migrations(dialect: str) -> tuple[tuple[int, str], ...]:
    """Number and text of every migration this Tocsin knows, in order."""
    folder = files("tocsin.store") / "schema" / dialect
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return tuple((int(entry.name.split("_")[0]), entry.read_text(encoding="utf-8")) for entry in found)


def migrate(dialect: str, database: Migrated) -> int:
    """Bring the schema up to date and return its number; refuse a database that a newer Tocsin has changed."""
    known = migrations(dialect)
    newest = known[-1][0]
    current = database.current()
    if current > newest:
        raise StoreError(f"the database has schema {current}, this Tocsin knows {newest}: start the newer Tocsin")
    for number, text in known:
        if number > current:
            database.apply(number, text)
    return newest
