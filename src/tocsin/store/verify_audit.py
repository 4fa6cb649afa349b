"""Is the audit log whole? Every entry against its hash and the one before it, the ends against those noted elsewhere.

What a chain can't show by itself is that its end was cut off: that takes a head that was noted somewhere else.
"""

from collections.abc import Collection, Iterator

from msgspec import Struct

from tocsin.store import codec
from tocsin.store.audit_queries import AuditQueries, Head, link
from tocsin.store.connection import Reads
from tocsin.store.rows import Entry
from tocsin.store.snapshot import in_order

_COLUMNS = ("at", "actor", "via", "action", "target", "detail", "hash_before", "hash")


class Whole(Struct, frozen=True):
    """What was looked at: how many entries, and where each lane ends."""

    entries: int
    heads: tuple[Head, ...]


class Chain:
    """What has been looked at of the log so far; it goes on with whatever entry comes next in the order of its key."""

    def __init__(self) -> None:
        self._entries = 0
        self._heads: dict[int, Head] = {}

    @property
    def whole(self) -> Whole:
        """What has been looked at so far."""
        return Whole(self._entries, tuple(self._heads.values()))

    def faults_of(self, entry: Entry) -> Iterator[str]:
        """What is wrong with the next entry, each as a sentence that names it."""
        before = self._heads.get(entry.lane, Head(entry.lane, 0, ""))
        where = f"audit_log {entry.lane}/{entry.seq}"
        if entry.seq != before.seq + 1:
            yield f"{where}: {before.seq + 1} comes next: something was taken out before it"
        elif entry.hash_before != before.hash:
            yield f"{where}: the entry before it is not the one that it was written after"
        if link(entry) != entry.hash:
            yield f"{where}: it was changed after it was written"
        self._heads[entry.lane] = Head(entry.lane, entry.seq, entry.hash)
        self._entries += 1


class AuditVerification:
    """One look at the whole log, bit by bit."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._chain = Chain()

    @property
    def whole(self) -> Whole:
        """What has been looked at so far."""
        return self._chain.whole

    def faults(self, noted: Collection[Head] = ()) -> Iterator[str]:
        """Everything that is wrong, each as a sentence that names the entry; `noted` are heads kept elsewhere."""
        for row in in_order(self._reads, _COLUMNS, "audit_log", ("lane", "seq")):
            lane, seq, at, *rest = row
            yield from self._chain.faults_of(Entry(lane, seq, codec.from_column(at), *rest))
        yield from faults_of_noted(AuditQueries(self._reads), noted)


def faults_of_noted(log: AuditQueries, noted: Collection[Head]) -> Iterator[str]:
    """What is wrong where lanes once ended, each as a sentence; `noted` are heads kept elsewhere."""
    for head in noted:
        found = log.hash_at(head.lane, head.seq)
        if found is None:
            yield f"audit_log {head.lane}/{head.seq}: was noted, and is not there: the end was cut off"
        elif found != head.hash:
            yield f"audit_log {head.lane}/{head.seq}: was noted with another hash: the lane was written anew"


def head_of(text: str) -> Head | None:
    """The head of `LANE:SEQ:HASH`; None where it is none."""
    lane, _, rest = text.partition(":")
    seq, _, hash_ = rest.partition(":")
    is_one = lane.isascii() and lane.isdigit() and seq.isascii() and seq.isdigit() and len(hash_) == 64
    return Head(int(lane), int(seq), hash_) if is_one else None
