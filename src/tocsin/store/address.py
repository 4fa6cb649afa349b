"""What does the address of a database name? A SQLite file, or a PostgreSQL database.

An address may hold a password: what is wrong with one is told without it.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from tocsin.errors import InvalidInput

_FILE = "sqlite:///"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_on_a_server(url: str) -> bool:
    """Whether the URL names a PostgreSQL database; raises InvalidInput where it names none at all."""
    if url.startswith(("postgresql://", "postgres://")):
        return True
    if not url.startswith(_FILE):
        raise InvalidInput(f"database: must be sqlite:///FILE or postgresql://HOST/NAME, got {_told(url)}")
    return False


def path_of(url: str) -> Path:
    """The file that `sqlite:///relative.db` or `sqlite:////absolute.db` names; raises InvalidInput."""
    name = url.removeprefix(_FILE)
    if not url.startswith(_FILE) or not name:
        raise InvalidInput(f"database: must be sqlite:///FILE (or sqlite:////absolute/FILE), got {_told(url)}")
    path = Path(unquote(name))
    if path.is_dir():
        raise InvalidInput(f"database: must name a file, got the directory {path}")
    return path


def _told(url: str) -> str:
    """What may be shown of it."""
    scheme = _SCHEME.match(url)
    return f"{scheme[0]}…" if scheme else "no address" if url else "nothing"
