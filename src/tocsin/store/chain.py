"""Has anybody changed the record? Each event's hash covers the event and the hash before it (invariant 17)."""

import hashlib

from tocsin.domain.events import Recorded
from tocsin.store.codec import to_column, to_json


def link(before: str, recorded: Recorded, event: str) -> str:
    """The hash of an event, 32 hex digits; `before` is the one of the event before, empty for the first.

    `event` is the stored text, so that the chain can be checked without understanding every event.
    """
    fields = (recorded.incident, recorded.seq, to_column(recorded.at), recorded.actor, recorded.via, event)
    text = to_json([before, *fields])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
