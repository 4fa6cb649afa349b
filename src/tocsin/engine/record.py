"""What does the audit log tell? Who was let in, and what they did; of a command, the event that it led to and no more.

Only people and tokens are told of: what Tocsin does by itself, and each alert, stand in the timeline alone.
"""

import re
from datetime import datetime

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.store.audit_log import Deed
from tocsin.store.transaction import Transaction

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def deed_of(actor: Actor, action: str, target: str, **detail: object) -> Deed:
    """What somebody did, with who was let in for it and from where."""
    return Deed(actor.name, actor.via, action, target, {"by": actor.key, "address": actor.address, **detail})


def tell_command(
    tx: Transaction, now: datetime, actor: Actor, *, command: c.Opening | c.Change, incident: Incident
) -> None:
    """Tell of a command that was carried out; `event` is the number of the incident's last event after it."""
    action = f"incident.{_WORD.sub('_', type(command).__name__).lower()}"
    tx.audit.add(deed_of(actor, action, incident.id, event=incident.seq), now)
