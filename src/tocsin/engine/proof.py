"""Is the audit log still whole? Looked at once an hour, bit by bit, while the server runs: a fault is an alarm.

It proves what `tocsin audit verify` proves, and that nothing was cut off since this server looked before. Whoever can
change the database may be able to change this server too: the command, with a head from elsewhere, is the last word.
"""

import asyncio
from datetime import datetime

from msgspec import Struct

from tocsin.engine.clock import Clock
from tocsin.engine.loops import Every
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.store.audit_queries import Head
from tocsin.store.open import Store
from tocsin.store.rows import Entry
from tocsin.store.verify_audit import Chain, faults_of_noted

_EVERY_SECONDS = 3_600
_SOON_SECONDS = 1  # after a start, which has better to do first
_AT_ONCE = 500  # entries: a few milliseconds
_PAUSE_SECONDS = 0.02  # between two bits: nothing that pages waits for this
_MOST_NAMED = 20


class Proved(Struct, frozen=True):
    """What the last look at the whole log has found; no faults: it is as it was written."""

    at: datetime
    entries: int
    faults: tuple[str, ...]


class Proof:
    """Looks at the audit log; `last` is what it found, None before the first time."""

    def __init__(self, store: Store, clock: Clock, alarms: Alarms) -> None:
        self._store = store
        self._clock = clock
        self._alarms = alarms
        self._noted: tuple[Head, ...] = ()
        self.last: Proved | None = None

    async def run(self) -> None:
        """Look soon after a start and then once an hour, until cancelled."""
        failed = "whether the audit log is whole can't be told"
        await Every(_EVERY_SECONDS, self.look, failed, first_after=_SOON_SECONDS).run()

    async def look(self) -> Proved:
        """Look at every entry, and tell; raises StoreError."""
        noted, chain, faults = self._noted, Chain(), list[str]()
        entries = await self._after(-1, 0)
        while entries:
            for entry in entries:
                faults += chain.faults_of(entry)
            del faults[_MOST_NAMED:]
            await asyncio.sleep(_PAUSE_SECONDS)
            entries = await self._after(entries[-1].lane, entries[-1].seq)
        missed = await self._store.read(
            lambda it: {head: fault for head in noted for fault in faults_of_noted(it.audit, (head,))}
        )
        faults += missed.values()
        now = self._clock.now()
        self._noted = (*missed, *chain.whole.heads)  # what is gone stays missed, however long ago it went
        self.last = Proved(now, chain.whole.entries, tuple(faults[:_MOST_NAMED]))
        self._alarms.state(Trouble.TAMPERED, {fault.partition(":")[0]: fault for fault in self.last.faults}, now)
        return self.last

    async def _after(self, lane: int, seq: int) -> list[Entry]:
        return await self._store.read(lambda queries: queries.audit.from_the_first(lane, seq, _AT_ONCE))
