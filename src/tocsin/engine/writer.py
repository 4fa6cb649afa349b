"""How is everything written durably and fast? One thread takes what waits, and commits it all with one fsync.

An answer is given only after the commit that makes it true. Under load the batch grows and the cost of a piece of
work falls; a piece that fails is undone alone. A piece that met another node's work is done again, in a transaction of
its own: it reads what the other has written, and decides anew.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from tocsin.engine.clock import Clock
from tocsin.errors import Overloaded, StoreError
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_WAITING = 20_000
_MAX_BATCH = 1_000
_TRIES = 6  # of a piece that meets other nodes' work again and again
_PAUSE_SECONDS = 0.02


class _Piece(Struct, frozen=True):
    """A piece of work and where its outcome goes."""

    work: Callable[[Transaction, datetime], Any]
    future: Future[Any]


_Outcome = tuple[Any, BaseException | None]


class Writer:
    """The one thread that writes. `on_commit` is called in that thread after each commit."""

    def __init__(self, store: Store, clock: Clock, on_commit: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_commit = on_commit
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tocsin-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    async def write(self, work: Callable[[Transaction, datetime], T]) -> T:
        """Run `work` in a transaction and return its value once that is durable.

        Raises what `work` raises (nothing of it is kept then), StoreError when the commit fails, Overloaded when too
        much waits.
        """
        if self._waiting.qsize() >= _MAX_WAITING:
            raise Overloaded(f"{_MAX_WAITING} requests wait to be written: try again in a few seconds")
        future: Future[T] = Future()
        self._waiting.put(_Piece(work, future))
        return await asyncio.wrap_future(future)

    def _run(self) -> None:
        is_running = True
        while is_running:
            batch = self._next_batch()
            is_running = None not in batch
            self._commit([piece for piece in batch if piece is not None])

    def _next_batch(self) -> list[_Piece | None]:
        batch = [self._waiting.get()]
        while len(batch) < _MAX_BATCH and batch[-1] is not None:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _commit(self, batch: list[_Piece]) -> None:
        """Do the batch in one transaction, then tell each piece's outcome; all fail together if the commit does."""
        # A caller that went away (a closed connection) has cancelled its piece: it is not done half-heartedly.
        live = [piece for piece in batch if piece.future.set_running_or_notify_cancel()]
        if not live:
            return
        outcomes = self._done(live)
        for piece, outcome in zip(live, outcomes, strict=True):
            _tell(piece, outcome if _is_final(outcome) else self._done_alone(piece))

    def _done_alone(self, piece: _Piece) -> _Outcome:
        """The outcome of a piece in a transaction of its own, for as many tries as it takes, up to a limit."""
        for attempt in range(1, _TRIES + 1):
            outcome = self._done([piece])[0]
            if _is_final(outcome):
                return outcome
            time.sleep(_PAUSE_SECONDS * attempt)
        logger.warning("given up after %d tries: %s", _TRIES, outcome[1])
        return None, Overloaded("other nodes are working on the same: try again in a few seconds")

    def _done(self, pieces: list[_Piece]) -> list[_Outcome]:
        """The outcomes of the pieces, durable, after one commit."""
        try:
            with self._store.transaction() as tx:
                if self._store.keeps_time:
                    self._clock.follow(tx.database_now())
                now = self._clock.now()
                outcomes = [_do(piece, tx, now) for piece in pieces]
        except InTheWay as error:
            return [(None, error)] * len(pieces)
        except StoreError as error:
            logger.critical("nothing could be written: %s", error)
            return [(None, error)] * len(pieces)
        self._on_commit()
        return outcomes


def _do(piece: _Piece, tx: Transaction, now: datetime) -> _Outcome:
    try:
        with tx.savepoint():
            return piece.work(tx, now), None
    except Exception as error:
        # Even a bug in one piece must not stop the others; its caller gets it.
        return None, error


def _is_final(outcome: _Outcome) -> bool:
    """Whether doing it again could not end otherwise."""
    return not isinstance(outcome[1], Stale | InTheWay)


def _tell(piece: _Piece, outcome: _Outcome) -> None:
    value, failure = outcome
    if failure is None:
        piece.future.set_result(value)
    else:
        piece.future.set_exception(failure)
