"""Is everything there that was promised, and did nobody get a page after somebody had answered? Invariants 1 and 10."""

from collections import Counter
from collections.abc import Iterator

from tests.system.checker.evidence import Event, Evidence, Promise
from tests.system.checker.pagerduty import knocks_in

# What was asked for -> the event that stands for it, and what of the body stands in the event under which name.
_EVENTS: dict[str, tuple[str, dict[str, str]]] = {
    "acknowledge": ("acknowledged", {}),
    "notes": ("note_added", {"text": "text"}),
    "updates": ("update_posted", {"text": "text"}),
    "roles": ("role_assigned", {"role": "role", "person": "person"}),
    "teams": ("team_added", {"team": "team"}),
    "pages": ("person_paged", {"reason": "reason"}),
    "mitigate": ("mitigated", {}),
    "resolve": ("resolved", {}),
    "reopen": ("reopened", {}),
    "cancel": ("cancelled", {}),
}
_STOPS = ("acknowledge", "mitigate", "resolve", "cancel")
_ENDS = ("resolve", "cancel")
_ON_ITS_WAY_SECONDS = 5.0  # between the last look at the lease and the vendor's log, on a busy machine


def promises_are_kept(evidence: Evidence) -> Iterator[str]:
    """1: what was answered with a 2xx is there after every crash."""
    attached = {frozenset(alert.labels.items()) for alert in evidence.alerts if alert.incident in evidence.incidents}
    for promise in evidence.promises:
        if promise.what == "alert" and frozenset(promise.body["labels"].items()) not in attached:
            yield f"[1] the alert {promise.body['labels']} was acknowledged, and is lost"
        if promise.what == "declare" and promise.incident not in evidence.events:
            yield f"[1] {promise.incident} was declared, and is lost"
    for what, count in Counter(_asked(it) for it in evidence.promises if it.what in _EVENTS).items():
        incident, kind, actor, details = what
        found = [it for it in evidence.events.get(incident, []) if _is(it, kind, actor, dict(details))]
        if len(found) < count:
            yield f"[1] {incident}: {count} times {kind} by {actor} was promised, {len(found)} are in the record"


def _asked(promise: Promise) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    kind, names = _EVENTS[promise.what]
    details = tuple((name, promise.body[given]) for given, name in names.items())
    return promise.incident, kind, promise.body["by"], details


def _is(event: Event, kind: str, actor: str, details: dict[str, str]) -> bool:
    if kind == "person_paged":
        return event.kind == kind and event.actor == actor  # one request may page several people
    return event.kind == kind and event.actor == actor and details.items() <= event.body.items()


def nobody_is_paged_after_the_answer(evidence: Evidence) -> Iterator[str]:
    """10: once it is answered or over, no page sets out for it that was due before."""
    knocks = [knock for knock in knocks_in(evidence.sent) if knock.action == "trigger"]
    for promise, seq in _stops(evidence):
        for knock in knocks:
            incident, cause = knock.page.rsplit("-", 2)[:2]
            is_stopped = incident == promise.incident and int(cause) < seq
            is_stopped = is_stopped and (promise.what in _ENDS or knock.urgency == "page")
            late_by = knock.at - promise.at
            if is_stopped and late_by > _ON_ITS_WAY_SECONDS:
                yield f"[10] {knock.page}: was sent {late_by:.1f} s after {promise.incident} was told to {promise.what}"


def _stops(evidence: Evidence) -> Iterator[tuple[Promise, int]]:
    """What stops pages, with the number of an event that stands for it: where several fit, the earliest."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for promise in evidence.promises:
        if promise.what in _STOPS:
            asked = (promise.incident, _EVENTS[promise.what][0], promise.body["by"])
            events = [it for it in evidence.events.get(asked[0], []) if (it.kind, it.actor) == asked[1:]]
            if seen[asked] < len(events):
                yield promise, events[seen[asked]].seq
            seen[asked] += 1
