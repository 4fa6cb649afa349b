"""Is every timeline whole and lawful, and is the stored state what its events come to? Invariants 3, 17 and 18."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tests.system.checker.account import OVER, Account
from tests.system.checker.evidence import Evidence, Incident, Json


def one_open_incident_a_group(evidence: Evidence) -> Iterator[str]:
    """3: at most one incident of a group of alerts is open."""
    open_ones = Counter(it.group_key for it in evidence.incidents.values() if it.is_open and it.group_key)
    yield from (f"[3] {group}: {count} open incidents" for group, count in open_ones.items() if count > 1)


def timelines_are_dense(evidence: Evidence) -> Iterator[str]:
    """17: events are numbered from 1 without gaps, belong to an incident, and never go back in time."""
    for id_ in evidence.events.keys() | evidence.incidents.keys():
        timeline, incident = evidence.events.get(id_, []), evidence.incidents.get(id_)
        if [event.seq for event in timeline] != list(range(1, len(timeline) + 1)):
            yield f"[17] {id_}: its timeline has gaps"
        if incident is None or incident.seq != len(timeline):
            yield f"[17] {id_}: {len(timeline)} events, but its state is after {incident and incident.seq}"
        if any(after.at < before.at for before, after in pairwise(timeline)):
            yield f"[21] {id_}: its timeline goes back in time"


def hashes_are_chained(evidence: Evidence) -> Iterator[str]:
    """17: each event's hash covers the event and the hash before it."""
    for id_, timeline in evidence.events.items():
        before = ""
        for event in timeline:
            fields = [before, event.incident, event.seq, event.micros, event.actor, event.via, event.text]
            text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
            before = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
            if event.hash != before:
                yield f"[17] {id_}#{event.seq}: its hash does not fit what comes before it"


def states_are_the_fold(evidence: Evidence) -> Iterator[str]:
    """17: what is stored is what the events come to."""
    for id_, incident in evidence.incidents.items():
        account = Account(evidence.events.get(id_, []))
        for name, (stored, folded) in _compared(incident, account).items():
            if stored != folded:
                yield f"[17] {id_}: {name} is {stored!r}, its events come to {folded!r}"


def _compared(incident: Incident, account: Account) -> dict[str, tuple[object, object]]:
    state: Json = incident.state
    ladder = state["ladder"]
    return {
        "status": (state["status"], account.status),
        "status in its column": (incident.status, account.status),
        "being open": (incident.is_open, account.status not in OVER),
        "severity": (state["severity"], account.severity),
        "severity in its column": (incident.severity, account.severity),
        "epoch": (state["epoch"], account.epoch),
        "who acknowledged": (state["acknowledged_by"], account.acknowledged_by),
        "roles": (state["roles"], account.roles),
        "teams": (tuple(state["teams"]), account.teams),
        "steps done": (set(ladder["done"]), account.done),
        "rounds": (ladder["repeats"], account.rounds),
        "pages": (
            {key: page["status"] for key, page in state["pages"].items()},
            {key: page.status for key, page in account.pages.items()},
        ),
    }


def events_are_lawful(evidence: Evidence) -> Iterator[str]:
    """8, 10, 11, 13, 14, 15, 18, 24: nothing happened that must not happen."""
    for timeline in evidence.events.values():
        yield from Account(timeline).faults
