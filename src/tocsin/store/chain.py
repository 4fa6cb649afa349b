"""Has anybody changed the record? Each event's hash covers the event and the hash before it (invariant 17).

A row of the outbox has a digest of its own: what is to be sent stays what was decided.
"""

import hashlib

from msgspec import Struct

from tocsin.domain.events import Recorded
from tocsin.store.codec import to_column, to_json


def link(before: str, recorded: Recorded, event: str) -> str:
    """The hash of an event, 32 hex digits; `before` is the one of the event before, empty for the first.

    `event` is the stored text, so that the chain can be checked without understanding every event.
    """
    fields = (recorded.incident, recorded.seq, to_column(recorded.at), recorded.actor, recorded.via, event)
    return _hash_of([before, *fields])


class Sealed(Struct, frozen=True):
    """What of a row of the outbox never changes, as it is stored."""

    key: str
    incident: str
    provider: str
    lane: str
    page: str | None
    effect: str
    created_at: int

    @property
    def digest(self) -> str:
        """32 hex digits that change with any of it."""
        return _hash_of(self)


def _hash_of(value: object) -> str:
    return hashlib.blake2b(to_json(value).encode(), digest_size=16).hexdigest()
