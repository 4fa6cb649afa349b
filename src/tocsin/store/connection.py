"""What does the store ask of a database? SQL in the portable subset, and the few things in which databases differ.

SQL is written once, with `?` for values. Rows that changed are told by `RETURNING`.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tocsin.errors import StoreError, TocsinError

Row = tuple[Any, ...]


class Stale(TocsinError):
    """Another node changed it after it was read: read again, and decide again."""

    code = "stale"


class InTheWay(StoreError):
    """Another node held what was needed for too long, or the two waited for one another: undone, to be done again."""

    code = "in_the_way"


class Reads(Protocol):
    """What can be asked of a database."""

    ONE_OF: str  # how a list is asked for: `incident {ONE_OF}`, with `list_of(values)` as the value
    NOW: str  # the database's clock, in microseconds since 1970 UTC

    HAS_WORDS: str  # a condition on `search_documents AS d`, with `sought(words)` as the value

    def sought(self, words: Sequence[str]) -> str:
        """How words are asked for that must all be there, each as the beginning of a word."""

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Every row of the result."""

    def list_of(self, values: Collection[str] | Collection[int]) -> Any:
        """A list as one value."""


class Connection(Reads, Protocol):
    """One transaction of a database."""

    EACH: str  # in a FROM: the elements of a JSON list, the statement's value, in a column `value`
    LOCKED: str  # after a SELECT: its rows stay as they are until the end of the transaction
    SHARED: str  # as LOCKED, but other nodes may hold the same rows so as well
    UNLOCKED_ONLY: str  # as LOCKED, but rows that another node has locked are passed over

    def many(self, sql: str, rows: Iterable[Row]) -> int:
        """Run the statement once for each row of values; returns how many rows it has changed in all."""

    def try_lock(self, number: int) -> bool:
        """Whether this transaction has that lock now, until its end; it never waits for one that another node has."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that is undone alone when its block raises. Raises Stale where it broke a rule of uniqueness."""

    def refuse_if_undone(self) -> None:
        """Raise StoreError where the database has undone the whole transaction by itself."""
