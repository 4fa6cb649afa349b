"""What are the states after an upgrade? They and the wake-ups are a cache of the events, and derived from them anew.

A release in which the fold or the deadlines change comes with a migration, be it an empty one; after that this is due.
"""

import logging
from datetime import datetime

from tocsin.domain.apply import fold
from tocsin.domain.deadlines import wake_at
from tocsin.domain.incident import Incident
from tocsin.errors import StoreError
from tocsin.sop.version import decode_stored
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_DERIVED_UNDER = "derived_under_schema"


def rederive_if_older(store: Store) -> None:
    """Derive everything anew where a Tocsin with an older schema did it last."""
    if store.queries.meta(_DERIVED_UNDER) != str(store.schema):
        rederive(store)


def rederive(store: Store) -> int:
    """Derive every state and wake-up from the events; returns how many were another."""
    ids = store.queries.incident_ids()
    changed = 0
    for start in range(0, len(ids), _AT_ONCE):
        with store.transaction() as tx:
            changed += sum(_rederive(tx, id_) for id_ in ids[start : start + _AT_ONCE])
    with store.transaction() as tx:
        tx.facts.set_meta(_DERIVED_UNDER, str(store.schema))
    if changed:
        logger.info("%d of %d incidents were derived anew from their events", changed, len(ids))
    return changed


def _rederive(tx: Transaction, id_: str) -> bool:
    try:
        incident = fold(tx.incidents.timeline(id_))
    except (StoreError, ValueError, KeyError) as error:
        # What is damaged stays as it is: `tocsin verify` names it, and the others must go on.
        logger.critical("%s: can't be derived from its events: %s", id_, error)
        return False
    return tx.incidents.derive(incident, _wake_at(tx, incident))


def _wake_at(tx: Transaction, incident: Incident) -> datetime | None:
    content = tx.facts.sop_content(incident.sop_version) or ""
    try:
        return wake_at(decode_stored(content.encode()), incident)
    except StoreError:
        return incident.changed_at  # at once: whoever wakes it decides under the SOP of today
