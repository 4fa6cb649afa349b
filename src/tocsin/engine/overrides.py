"""How does somebody take over a shift? Overrides are made and cancelled inside the writer's transactions."""

from datetime import datetime

from tocsin.engine.desk import Actor
from tocsin.engine.once import Asked, once
from tocsin.engine.record import deed_of
from tocsin.engine.sops import Sops
from tocsin.errors import InvalidInput, NotFound, Refused
from tocsin.oncall.override_faults import AT_MOST, fault_in_override
from tocsin.oncall.overrides import Override
from tocsin.store.overrides import plain
from tocsin.store.rows import KeptOverride
from tocsin.store.transaction import Transaction


def make_once(
    sops: Sops, tx: Transaction, now: datetime, override: Override, *, by: Actor, asked: Asked
) -> KeptOverride:
    """Keep an override, once for each key of the actor's; raises as `make` does, and Refused for a key used before."""
    made = once(tx, now, by, asked, lambda: str(make(sops, tx, now, override, by=by).id))
    return tx.overrides.one(int(made))


def make(sops: Sops, tx: Transaction, now: datetime, override: Override, *, by: Actor) -> KeptOverride:
    """Keep an override; whoever is paged from now on is paged by it. Raises InvalidInput and Refused."""
    known = tx.overrides.between(override.starts_at, override.ends_at)
    fault = fault_in_override(override, sops.current, plain(known), now)
    if fault is not None:
        raise InvalidInput(fault)
    if tx.overrides.count_after(now) >= AT_MOST:
        message = f"{AT_MOST} overrides are to come already: cancel some, or change the rotation"
        raise Refused("too_many_overrides", message)
    kept = tx.overrides.add(override, by.name, now)
    whose = {"team": override.team, "layer": override.layer.value, "person": override.person}
    tx.audit.add(deed_of(by, "override.make", str(kept.id), **whose), now)
    return kept


def cancel(tx: Transaction, now: datetime, id_: int, *, by: Actor) -> KeptOverride:
    """End an override at once, or before it begins; raises NotFound, and Refused where it is over."""
    ended = tx.overrides.end(id_, by.name, now)
    if ended is not None:
        tx.audit.add(deed_of(by, "override.cancel", str(id_)), now)
        return ended
    if not tx.overrides.exists(id_):
        raise NotFound(f"override: there is no {id_}")
    raise Refused("override_is_over", f"override {id_} is over, or was cancelled before")
