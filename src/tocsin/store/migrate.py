"""Which schema has the database? Numbered SQL files, applied in order; each is one transaction."""

from importlib.resources import files

import apsw

from tocsin.errors import StoreError


def migrations() -> tuple[tuple[int, str], ...]:
    """Number and text of every migration this Tocsin knows, in order."""
    folder = files("tocsin.store") / "schema"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return tuple((int(entry.name.split("_")[0]), entry.read_text(encoding="utf-8")) for entry in found)


def migrate(connection: apsw.Connection) -> int:
    """Bring the schema up to date and return its number; refuse a database that a newer Tocsin has changed."""
    known = migrations()
    current = int(connection.pragma("user_version"))
    newest = known[-1][0]
    if current > newest:
        raise StoreError(f"the database has schema {current}, this Tocsin knows {newest}: start the newer Tocsin")
    for number, text in known:
        if number > current:
            with connection:
                for _ in connection.execute(text):
                    pass
                connection.pragma("user_version", number)
    return newest
