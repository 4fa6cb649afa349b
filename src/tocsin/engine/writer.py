"""How is everything written durably and fast? One thread takes what waits, and commits it all with one fsync.

An answer is given only after the commit that makes it true. Under load the batch grows and the cost of a piece of
work falls; a piece that fails is undone alone.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from tocsin.engine.clock import Clock
from tocsin.errors import Overloaded, StoreError
from tocsin.store.sqlite import SqliteStore
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_WAITING = 20_000
_MAX_BATCH = 1_000


class _Piece(Struct, frozen=True):
    """A piece of work and where its outcome goes."""

    work: Callable[[Transaction, datetime], Any]
    future: Future[Any]


class Writer:
    """The one thread that writes. `on_commit` is called in that thread after each commit."""

    def __init__(self, store: SqliteStore, clock: Clock, on_commit: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_commit = on_commit
        self._waiting: queue.Queue[_Piece | None] = queue.Queue(_MAX_WAITING)
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
        future: Future[T] = Future()
        try:
            self._waiting.put_nowait(_Piece(work, future))
        except queue.Full as error:
            raise Overloaded(f"{_MAX_WAITING} requests wait to be written: try again in a few seconds") from error
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
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            with self._store.transaction() as tx:
                now = self._clock.now()
                outcomes = [self._do(piece, tx, now) for piece in live]
        except StoreError as error:
            logger.critical("nothing could be written: %s", error)
            outcomes = [(None, error)] * len(live)
        else:
            self._on_commit()
        for piece, (value, failure) in zip(live, outcomes, strict=True):
            if failure is None:
                piece.future.set_result(value)
            else:
                piece.future.set_exception(failure)

    def _do(self, piece: _Piece, tx: Transaction, now: datetime) -> tuple[Any, BaseException | None]:
        try:
            with tx.savepoint():
                return piece.work(tx, now), None
        except Exception as error:
            # Even a bug in one piece must not stop the others; its caller gets it.
            return None, error
