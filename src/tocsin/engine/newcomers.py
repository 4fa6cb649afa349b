"""What is somebody shown who joins an incident's channel? How it stands, to them alone, by way of the outbox."""

from datetime import datetime

from tocsin.domain.standing import brief
from tocsin.engine.desk import Desk
from tocsin.store.incidents import rank_of
from tocsin.store.transaction import Transaction


def brief_newcomer(desk: Desk, tx: Transaction, now: datetime, incident_id: str, user: str) -> bool:
    """Have the member of Slack's `user` briefed; False where the incident has no channel to be briefed in.

    Raises NotFound.
    """
    incident = tx.incidents.get(incident_id)
    effect = brief(incident, desk.sops.of(incident.sop_version, tx.facts), user)
    if effect is not None:
        tx.outbox.whisper(effect, rank_of(incident), now)
    return effect is not None
