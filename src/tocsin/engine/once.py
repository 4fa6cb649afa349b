"""Was that asked for already? What comes again under its key is done once, and answered as the first time.

A key is its sender's own: nobody learns from somebody else's what they did. What was refused is not kept; it may be
right the next time.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.errors import InvalidInput, Refused
from tocsin.store.once import Done
from tocsin.store.transaction import Transaction

_LONGEST = 255


def key_of(text: str) -> str:
    """The key as its sender gave it, empty for none; raises InvalidInput for what can't be one."""
    if len(text) > _LONGEST or not (text.isascii() and (text.isprintable() or not text)):
        raise InvalidInput(f"Idempotency-Key: must be at most {_LONGEST} printable ASCII characters")
    return text


def done_once(
    tx: Transaction,
    now: datetime,
    actor: Actor,
    *,
    asked: tuple[str, c.Opening | c.Change, str],
    work: Callable[[], Incident],
) -> Incident:
    """The incident after `work`, or as it is now where that was done before; `asked` is incident, command and key.

    Raises Refused where the key was used for something else, and what `work` raises.
    """
    incident_id, command, key = asked
    if not key:
        return work()
    digest = _digest(actor, incident_id, command)
    done = tx.once.find(actor.key, key)
    if done is None:
        incident = work()
        tx.once.keep(actor.key, key, Done(digest, incident.id), now)
        return incident
    if done.digest != digest:
        told = f"this was sent before with other words, and {done.incident} took them"
        raise Refused("key_used", f"{told}; send it again under a new key if you want both")
    return tx.incidents.get(done.incident)


def _digest(actor: Actor, incident_id: str, command: c.Opening | c.Change) -> str:
    asked = msgspec.json.encode([actor.name, incident_id, type(command).__name__, command], enc_hook=str)
    return hashlib.blake2b(asked, digest_size=16).hexdigest()
