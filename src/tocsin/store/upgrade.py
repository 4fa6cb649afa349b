"""How does a database come to a newer Tocsin? Its schema first, beside running nodes, then what is derived."""

import time

from msgspec import Struct

from tocsin.store.address import is_on_a_server, path_of
from tocsin.store.connection import InTheWay
from tocsin.store.open import Store, open_store
from tocsin.store.rederive import rederive
from tocsin.store.snapshot import schema_of

_TRIES = 60  # nodes at work hold the tables for moments
_PAUSE_SECONDS = 0.5


class Upgrade(Struct, frozen=True):
    """The schema's number before and after, and how many states were another than their events give."""

    before: int
    after: int
    derived: int


def upgrade(url: str) -> Upgrade:
    """Bring schema and states up to date; raises StoreError where a newer Tocsin has been there."""
    before = schema_of(url) if is_on_a_server(url) or path_of(url).exists() else 0
    store = _opened(url)
    try:
        return Upgrade(before, store.schema, rederive(store))
    finally:
        store.close()


def _opened(url: str) -> Store:
    for _ in range(_TRIES - 1):
        try:
            return open_store(url)
        except InTheWay:
            time.sleep(_PAUSE_SECONDS)
    return open_store(url)
