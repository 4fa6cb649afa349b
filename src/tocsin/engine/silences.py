"""How is an alert silenced? Silences are made, changed and ended inside the writer's transactions."""

from datetime import datetime

from msgspec.structs import replace

from tocsin.domain.silence import AT_MOST, Silence, SilenceState, fault_in_silence, may_become
from tocsin.engine.desk import Actor
from tocsin.engine.once import Asked, once
from tocsin.engine.record import deed_of
from tocsin.errors import InvalidInput, Refused
from tocsin.store.rows import KeptSilence
from tocsin.store.transaction import Transaction


def make_once(tx: Transaction, now: datetime, silence: Silence, *, by: Actor, asked: Asked) -> KeptSilence:
    """Keep a silence, once for each key of the actor's; raises as `make` does, and Refused for a key of other words."""
    return tx.silences.one(once(tx, now, by, asked, lambda: make(tx, now, silence, by=by).silence.id))


def make(tx: Transaction, now: datetime, silence: Silence, *, by: Actor) -> KeptSilence:
    """Keep a silence; it starts at `now` at the earliest. Raises InvalidInput and Refused."""
    wanted = replace(silence, starts_at=max(silence.starts_at, now))
    _refuse_faults(wanted, now)
    if tx.silences.count_after(now) >= AT_MOST:
        raise Refused("too_many_silences", f"{AT_MOST} silences are to come already: expire some")
    tx.audit.add(deed_of(by, "silence.make", wanted.id, matchers=", ".join(map(str, wanted.matchers))), now)
    return tx.silences.add(wanted, by.name, now)


def revise(tx: Transaction, now: datetime, wanted: Silence, *, former: str, by: Actor) -> KeptSilence:
    """Change the silence `former`; where it can't become `wanted`, it ends, and `wanted` is made.

    Raises NotFound, InvalidInput and Refused.
    """
    old = tx.silences.one(former).silence
    if not may_become(old, wanted, now):
        made = make(tx, now, wanted, by=by)
        expire(tx, now, former, by=by)
        return made
    changed = replace(wanted, id=former, starts_at=old.starts_at if old.starts_at <= now else wanted.starts_at)
    _refuse_faults(changed, now)
    tx.audit.add(deed_of(by, "silence.change", former), now)
    return tx.silences.change(changed, by.name, now)


def expire(tx: Transaction, now: datetime, id_: str, *, by: Actor) -> KeptSilence:
    """End a silence at once; what fires and was muted by it alone opens incidents. One that is over stays so.

    Raises NotFound.
    """
    kept = tx.silences.one(id_)
    silence = kept.silence
    if silence.state(now) is SilenceState.EXPIRED:
        return kept
    tx.audit.add(deed_of(by, "silence.expire", id_), now)
    return tx.silences.change(replace(silence, starts_at=min(silence.starts_at, now), ends_at=now), by.name, now)


def _refuse_faults(silence: Silence, now: datetime) -> None:
    fault = fault_in_silence(silence, now)
    if fault is not None:
        raise InvalidInput(fault)
