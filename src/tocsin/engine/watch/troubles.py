"""Which troubles does a look show? Pure: a kind of trouble, and of each subject a line that names it."""

from collections.abc import Mapping
from datetime import timedelta

from tocsin.engine.watch.alarms import Trouble
from tocsin.engine.watch.look import Look

LATE_AFTER = timedelta(seconds=30)  # a node that died is missed for that long
IDLE_AFTER = 60.0  # seconds
FAILING_AFTER = timedelta(minutes=5)
JUMP = timedelta(minutes=1)
_ENDS_SOON = timedelta(days=14)
_LAST_PART = 4  # of a token's life: one that was made for an hour is no trouble yet

Found = dict[Trouble, dict[str, str]]


def troubles(look: Look, *, idle: Mapping[str, float], behind: timedelta, speed: float) -> Found:
    """What the look shows, by kind; every kind that a look can show is there, empty where there is nothing.

    `idle` says for how many real seconds no delivery was begun, by provider; `behind` how far engine time is behind
    the clock that it follows.
    """
    return {
        Trouble.WAKER: _late(look, speed),
        Trouble.OUTBOX: _stuck(look, idle),
        Trouble.PROVIDER: _failing(look, speed),
        Trouble.UNREACHED: _unreached(look),
        Trouble.QUARANTINE: _quarantined(look),
        Trouble.RESTORED: _held(look),
        Trouble.INTAKE: _ending(look),
        Trouble.CLOCK: {"": f"engine time is {_span(behind)} behind, and catches up slowly"} if behind > JUMP else {},
    }


def _late(look: Look, speed: float) -> dict[str, str]:
    is_late = look.wakes_late_by > LATE_AFTER * speed
    return {"": f"deadlines are {_span(look.wakes_late_by)} late"} if is_late else {}


def _stuck(look: Look, idle: Mapping[str, float]) -> dict[str, str]:
    """A long queue, or a provider that is down, is no stuck outbox: deliveries begin all the time."""
    found = {
        it.provider: f"{it.key} has been due since {it.due_at:%H:%M:%S} UTC, and nothing leaves for {it.provider}"
        for it in look.overdue
        if idle.get(it.provider, IDLE_AFTER) >= IDLE_AFTER
    }
    if look.forgotten_leases:
        found["leases"] = f"{', '.join(look.forgotten_leases[:3])}: given up by a node, and taken over by none"
    return found


def _failing(look: Look, speed: float) -> dict[str, str]:
    return {
        it.provider: f"{it.provider} has not taken what waits since {it.oldest_at:%H:%M:%S} UTC ({it.rows} waiting)"
        for it in look.waiting
        if look.at - it.oldest_at > FAILING_AFTER * speed
    }


def _unreached(look: Look) -> dict[str, str]:
    return {
        it.id: f"{it.id} ({it.severity or it.provisional or 'not assessed'}, {it.service}): nobody could be paged"
        for it in look.unreached
    }


def _held(look: Look) -> dict[str, str]:
    count, taken_at = look.held
    who = "1 incident is" if count == 1 else f"{count} incidents are"
    what = f"restored from a backup of {taken_at[:16].replace('T', ' ')} UTC: {who} held, and nobody is paged"
    return {"": f"{what}; `tocsin list --state held`, then `tocsin release`"} if count else {}


def _quarantined(look: Look) -> dict[str, str]:
    count, source = look.quarantined
    what = f"{count} bodies are kept aside" if count > 1 else "1 body is kept aside"
    return {"": f"{what}, the newest from {source}; see `tocsin quarantine`"} if count else {}


def _ending(look: Look) -> dict[str, str]:
    return {
        it.name: f"the token {it.name} lets alerts in and "
        f"{'ends' if look.at < it.expires_at else 'ended'} on {it.expires_at:%Y-%m-%d %H:%M} UTC: make another "
        "(`tocsin tokens add`, `add-routing-key`), put it into what sends them, and revoke this one"
        for it in look.ending
        if it.expires_at - look.at < min(_ENDS_SOON, (it.expires_at - it.created_at) / _LAST_PART)
    }


def _span(length: timedelta) -> str:
    """The length in whole seconds: `0:02:13`."""
    return str(timedelta(seconds=int(length.total_seconds())))
