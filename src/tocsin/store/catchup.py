"""What waits behind the head of a lane, and is said with it? The rows behind `domain/catchup.py`.

What is said in another's message is counted in it, as pages are in a storm: it ends as that does.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tocsin.domain.catchup import Waiting, counted_in, is_superseded, lines_of
from tocsin.domain.effects import Said, SetTopic, UpdateSummary
from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.connection import Connection, Row
from tocsin.store.rows import Delivery

_LOOKED_AT = 200  # rows of a lane


class Catchup:
    """What waits in the lanes of channels, inside a transaction. A lane is its head's: nobody else takes from it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def with_what_waits(self, delivery: Delivery) -> Delivery:
        """The delivery as it leaves now: a message says all that waits as well.

        A repeated one says what it said before: under its key, nothing new would be told.
        """
        head = delivery.effect
        if not isinstance(head, Said):
            return delivery
        told = self._counted(delivery.id)
        if not delivery.is_repeat:
            more = counted_in(head, [*told, *self._waiting(delivery)])
            self._count(delivery.id, more)
            told = list(more)
        lines = lines_of(head, delivery.created_at, told)
        return replace(delivery, effect=replace(head, lines=lines), counted=len(told))

    def is_superseded(self, delivery: Delivery) -> bool:
        """Whether what the delivery shows is shown anew by something that waits behind it."""
        head = delivery.effect
        return isinstance(head, SetTopic | UpdateSummary) and is_superseded(head, self._waiting(delivery))

    def is_told(self, delivery: Delivery, fault: str) -> bool:
        """Whether what was sent last in the delivery's lane failed by the same fault: that has been told then."""
        sql = """
            SELECT status, note FROM outbox WHERE lane = ? AND id < ? AND status IN ('done', 'failed')
            ORDER BY id DESC LIMIT 1
        """
        rows = self._connection.all(sql, delivery.effect.lane, delivery.id)
        return bool(rows) and rows[0][0] == "failed" and _fault_in(rows[0][1]) == _fault_in(fault)

    def _waiting(self, delivery: Delivery) -> list[Waiting]:
        sql = """
            SELECT id, created_at, effect FROM outbox WHERE lane = ? AND id > ? AND status = 'pending'
            ORDER BY id LIMIT ?
        """
        return _readable(self._connection.all(sql, delivery.effect.lane, delivery.id, _LOOKED_AT))

    def _counted(self, lead: int) -> list[Waiting]:
        sql = "SELECT id, created_at, effect FROM outbox WHERE counted_in = ? AND status = 'counted' ORDER BY id"
        return _readable(self._connection.all(sql, lead))

    def _count(self, lead: int, rows: Sequence[Waiting]) -> None:
        connection = self._connection
        sql = f"""
            UPDATE outbox SET status = 'counted', counted_in = ?
            WHERE id {connection.ONE_OF} AND status IN ('pending', 'counted')
        """
        if rows:
            connection.all(sql, lead, connection.list_of([it.id for it in rows]))


def _readable(rows: Sequence[Row]) -> list[Waiting]:
    """The rows up to one that a newer Tocsin wrote: what follows it must not come before it."""
    found: list[Waiting] = []
    for id_, created_at, text in rows:
        try:
            found.append(Waiting(id_, codec.from_column(created_at), codec.effect_from(text)))
        except StoreError:
            break
    return found


def _fault_in(note: str) -> str:
    """What was wrong, without the method that found it so."""
    return note.partition(": ")[2]
