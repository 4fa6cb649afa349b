"""What does the file itself hold? Read and changed from outside, as an operator, a fault or another program would."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw


def rows_of(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement on a connection of its own; what it changes is committed."""
    with closing(apsw.Connection(str(path))) as connection:
        return list(connection.execute(sql, values))
