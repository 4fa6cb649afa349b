"""Was that asked for already? What comes again under its key is done once, and answered as the first time.

A key is its sender's own: nobody learns from somebody else's what they did. What was refused is not kept; it may be
right the next time.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

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


class Asked(Struct, frozen=True):
    """What is asked, in `words` that tell one request from another, and the key under which it came; empty: none."""

    words: object
    key: str = ""


def once(tx: Transaction, now: datetime, actor: Actor, asked: Asked, work: Callable[[], str]) -> str:
    """The id of what `work` makes, or of what it made before under that key.

    Raises Refused where the key was used for something else, and what `work` raises.
    """
    if not asked.key:
        return work()
    digest = _digest(actor, asked.words)
    done = tx.once.find(actor.key, asked.key)
    if done is None:
        made = work()
        tx.once.keep(actor.key, asked.key, Done(digest, made), now)
        return made
    if done.digest != digest:
        told = f"this was sent before with other words, and {done.made} took them"
        raise Refused("key_used", f"{told}; send it again under a new key if you want both")
    return done.made


def done_once(
    tx: Transaction,
    now: datetime,
    actor: Actor,
    *,
    asked: tuple[str, c.Opening | c.Change, str],
    work: Callable[[], Incident],
) -> Incident:
    """The incident after `work`, or as it is now where that was done before; `asked` is incident, command and key.

    Raises as `once` does.
    """
    incident_id, command, key = asked
    if not key:
        return work()
    words = [incident_id, type(command).__name__, command]
    return tx.incidents.get(once(tx, now, actor, Asked(words, key), lambda: work().id))


def _digest(actor: Actor, words: object) -> str:
    # The words stand in the list as they always have: a node of the version before must find the same digest.
    said = [actor.name, *words] if isinstance(words, list) else [actor.name, type(words).__name__, words]
    return hashlib.blake2b(msgspec.json.encode(said, enc_hook=str), digest_size=16).hexdigest()
