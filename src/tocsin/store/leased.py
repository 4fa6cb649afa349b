"""How is a row of the outbox read? As the delivery that it is; what a newer Tocsin may have written is named."""

import logging
from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.connection import Row
from tocsin.store.rows import Delivery

logger = logging.getLogger(__name__)

COLUMNS = "id, key, incident, effect, attempts, created_at, untaken"


class Decoded(Struct, frozen=True):
    """Rows of the outbox, and the ids of those that this node can't read: a newer Tocsin may have written them.

    One such row must keep nothing else from being sent, handed over or given up.
    """

    deliveries: tuple[Delivery, ...]
    unreadable: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """Read the rows, in their order."""
        deliveries: list[Delivery] = []
        unreadable: list[int] = []
        for row in rows:
            try:
                deliveries.append(_delivery_of(row))
            except StoreError as error:
                logger.critical("%s: this node can't deliver it: %s", row[1], error)
                unreadable.append(row[0])
        return cls(tuple(deliveries), tuple(unreadable))


def _delivery_of(row: Row) -> Delivery:
    id_, key, incident, effect, attempts, created_at, untaken = row
    decided_at = codec.from_column(created_at)
    return Delivery(id_, key, incident, codec.effect_from(effect), attempts, decided_at, untaken=untaken)
