"""Which store does a URL name? A SQLite file, or a PostgreSQL database; both keep one contract."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol, TypeVar

from tocsin.store.address import is_on_a_server, path_of
from tocsin.store.connection import Reads
from tocsin.store.queries import Queries
from tocsin.store.sqlite import SqliteStore
from tocsin.store.transaction import Transaction

T = TypeVar("T")


class Store(Protocol):
    """What keeps everything durably."""

    name: str  # as errors name it
    schema: int  # the number of its newest migration
    keeps_time: bool  # whether its clock is the one that counts
    look_every: timedelta  # how often to look for what nobody has told of

    @property
    def queries(self) -> Queries:
        """The reading side, for the calling thread."""

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk was found full, and only what runs already should be written."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One durable transaction, in the thread of the one that writes; raises StoreError when it can't commit."""

    async def read(self, ask: Callable[[Queries], T]) -> T:
        """The answer to `ask`; never holds up the event loop for long."""

    def apart(self) -> Reads:
        """A reading connection for a thread of its own: what it asks holds up nobody else. Closed with the store."""

    def served(self) -> AbstractContextManager[None]:
        """While a node serves it; raises StoreError where that may not be."""

    def listening(self, heard: Callable[[], None]) -> AbstractContextManager[None]:
        """While somebody wants to hear of other nodes' commits."""

    def announce(self) -> None:
        """Tell other nodes of a commit."""

    def close(self) -> None:
        """End every connection."""


def open_store(url: str) -> Store:
    """The store that `sqlite:///FILE` or `postgresql://…` names, its schema up to date."""
    if is_on_a_server(url):
        from tocsin.store.postgres import PostgresStore  # noqa: PLC0415  # libpq takes 100 ms, and SQLite needs none

        return PostgresStore(url)
    return SqliteStore(path_of(url))
