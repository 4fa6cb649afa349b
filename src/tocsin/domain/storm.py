"""Which of the pages that wait for one recipient leave now, and which are counted in another? Plain values, no I/O.

A recipient is one person, as one provider reaches them with one kind of page. Few pages leave at once, each for itself.
Many are a storm: one leaves for all of them, the lead, and the next a minute after it
(docs/decisions/0007-a-storm-is-one-page-a-minute.md).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

STORM = 3  # pages that wait, or are under way, at one moment
APART = timedelta(seconds=60)
MOST_COUNTED = 5_000  # in one page: 85 KB of ids, a tenth of a second to write down
_NAMED = 3  # of the incidents that are counted, in words


class Last(Struct, frozen=True):
    """The page that left last. `at` is when it first left, or when one was taken last; `again_at` while it waits."""

    id: int
    at: datetime
    is_under_way: bool = False
    again_at: datetime | None = None


class Queue(Struct, frozen=True):
    """What is known of a recipient: how much waits and is under way, and when the earliest is due.

    `waiting` counts what is counted in a page that waits; beyond STORM it need not be exact.
    """

    recipient: str
    waiting: int
    under_way: int
    due_at: datetime
    last: Last | None = None

    @property
    def is_storm(self) -> bool:
        """Whether not every page may leave for itself."""
        return self.waiting + self.under_way >= STORM


class Waiting(Struct, frozen=True):
    """A page that waits; `rank` is its incident's, 1 the gravest, and `counted` how many pages it has in it already."""

    id: int
    rank: int
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    counted: int = 0


class Call(Struct, frozen=True):
    """A page that leaves now, and the pages that are to be counted in it; `turn` counts its recipient's, from 0."""

    lead: Waiting
    counted: tuple[int, ...] = ()
    turn: int = 0


def leaves_at(queue: Queue) -> datetime | None:
    """When the recipient's next page may leave; None: not before the one that is under way has come to its end.

    At that very instant it may. A retry of the last page waits for nobody: it is no further page.
    """
    last = queue.last
    if not queue.is_storm or last is None:
        return queue.due_at
    if last.is_under_way:
        return None
    turn_at = max(queue.due_at, last.at + APART)
    return min(turn_at, last.again_at) if last.again_at else turn_at


def calls(queue: Queue, waiting: Sequence[Waiting], now: datetime) -> tuple[Call, ...]:
    """What leaves now of all that waits for the recipient.

    In a storm the lead is the gravest, then one that was never tried, then the oldest. One that was may have been taken
    unheard: under its key, what is newly counted in it would ring nobody.
    """
    due = [it for it in waiting if it.due_at <= now]
    if not queue.is_storm:
        oldest_first = sorted(due, key=lambda it: (it.rank, it.created_at, it.id))
        return tuple(Call(it, turn=turn) for turn, it in enumerate(oldest_first))
    last = queue.last
    if last is not None and (last.is_under_way or now < last.at + APART):
        return tuple(Call(it) for it in due if it.id == last.id)
    if not due:
        return ()
    lead = min(due, key=lambda it: (it.rank, it.attempts > 0, it.created_at, it.id))
    others = sorted((it for it in waiting if it is not lead), key=lambda it: (it.rank, it.created_at, it.id))
    return (Call(lead, tuple(_fitting(others, MOST_COUNTED - lead.counted))),)


def _fitting(others: Sequence[Waiting], room: int) -> Iterator[int]:
    """Those for which there is room, with all that is counted in them."""
    for it in others:
        if it.counted < room:
            room -= 1 + it.counted
            yield it.id


def words_for(more: Sequence[str]) -> str:
    """`, and 37 more: INC-2026-0007, INC-2026-0008, INC-2026-0009 …; open Tocsin`; empty for none."""
    if not more:
        return ""
    rest = " …" if len(more) > _NAMED else ""
    return f", and {len(more)} more: {', '.join(more[:_NAMED])}{rest}; open Tocsin"
