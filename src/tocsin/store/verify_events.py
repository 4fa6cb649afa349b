"""Is a timeline as it was written? Numbers, times, kinds and the chain of hashes, and what the events fold to."""

from collections.abc import Iterator

from tocsin.domain.apply import apply
from tocsin.domain.events import Recorded
from tocsin.domain.incident import Incident
from tocsin.errors import StoreError
from tocsin.store import codec
from tocsin.store.chain import link
from tocsin.store.connection import Row


class Timeline:
    """The events of one incident, looked at in their order; `incident` is what they have folded to so far."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.incident: Incident | None = None
        self.events = 0
        self.unchained = 0
        self._seq = 0
        self._at = 0
        self._hash = ""
        self._is_readable = True

    def faults_of(self, row: Row) -> Iterator[str]:
        """What is wrong with the next event."""
        _, seq, at, actor, via, kind, text, hash_ = row
        where = f"events {self.id}/{seq}"
        self.events += 1
        if seq != self._seq + 1:
            yield f"{where}: its number should be {self._seq + 1}"
        if at < self._at:
            yield f"{where}: it is recorded at {clock(at)}, before the one that it follows"
        self._seq, self._at = seq, at
        try:
            event = codec.event_from(text)
        except StoreError as error:
            yield f"{where}: {error}"
            self._give_up()
            return
        if kind != event.__struct_config__.tag:
            yield f"{where}: kind is {kind!r}, but the event is {event.__struct_config__.tag!r}"
        recorded = Recorded(self.id, seq, codec.from_column(at), actor, via, event)
        yield from self._faults_of_hash(where, recorded, text, hash_)
        if self._is_readable:
            yield from self._folded(where, recorded)

    def _faults_of_hash(self, where: str, recorded: Recorded, text: str, hash_: str | None) -> Iterator[str]:
        if hash_ is None:
            if self._hash:
                yield f"{where}: it has no hash, though the event before it has one"
            self.unchained += 1
        elif hash_ != link(self._hash, recorded, text):
            yield f"{where}: its hash is not that of the event: one of the two has been changed"
        self._hash = hash_ or ""

    def _folded(self, where: str, recorded: Recorded) -> Iterator[str]:
        try:
            self.incident = apply(self.incident, recorded)
        except (ValueError, KeyError) as error:
            yield f"{where}: it doesn't follow from the events before it: {error}"
            self._give_up()
            return
        if self.incident.id != self.id:
            yield f"{where}: it is the opening of {self.incident.id}"

    def _give_up(self) -> None:
        """What can't be folded on says nothing about the state."""
        self._is_readable = False
        self.incident = None


def clock(micros: int | None) -> str:
    """An instant of a column, to the microsecond."""
    return f"{codec.from_column(micros):%Y-%m-%d %H:%M:%S.%f} UTC" if micros is not None else "no time"
