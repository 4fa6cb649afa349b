"""How is evidence forged? Each function gives a change that a check must notice; see `test_checker.py`."""

import json
from collections.abc import Callable

from msgspec.structs import replace

from tests.system.checker.evidence import Event, Evidence, Row, Sent

LATER = 1e6  # seconds
Forge = Callable[[Evidence], Evidence]
ANSWERED, OPEN, QUIET = range(3)


def id_of(evidence: Evidence, which: int) -> str:
    return sorted(evidence.incidents)[which]


def timeline(which: int, change: Callable[[list[Event]], list[Event]]) -> Forge:
    """One of the timelines is another one."""

    def forge(evidence: Evidence) -> Evidence:
        id_ = id_of(evidence, which)
        return replace(evidence, events={**evidence.events, id_: change(evidence.events[id_])})

    return forge


def one_more(which: int, kind: str, actor: str = "alice", **body: object) -> Forge:
    """One of the timelines has an event more."""

    def change(events: list[Event]) -> list[Event]:
        last = events[-1]
        return [*events, Event(last.incident, last.seq + 1, last.at, actor, kind, {"kind": kind, **body})]

    return timeline(which, change)


def later(events: list[Event]) -> list[Event]:
    """The newest event is of a much later time: the clock has gone on."""
    return [*events[:-1], replace(events[-1], at=events[-1].at + LATER)]


def step(**changed: object) -> Forge:
    """The open incident's first step fires once more, with a difference."""

    def change(events: list[Event]) -> list[Event]:
        fired = next(event for event in events if event.kind == "step_fired")
        return [*events, replace(fired, seq=events[-1].seq + 1, at=events[-1].at, body={**fired.body, **changed})]

    return timeline(OPEN, change)


def state(which: int, **changed: object) -> Forge:
    """One of the stored states is another one."""

    def forge(evidence: Evidence) -> Evidence:
        id_ = id_of(evidence, which)
        return replace(evidence, incidents={**evidence.incidents, id_: replace(evidence.incidents[id_], **changed)})

    return forge


def outbox(change: Callable[[list[Row]], list[Row]]) -> Forge:
    """The outbox is another one."""
    return lambda evidence: replace(evidence, outbox=change(evidence.outbox))


def row(kind: str, **changed: object) -> Forge:
    """The first row of a kind is another one."""

    def change(rows: list[Row]) -> list[Row]:
        first = next(it for it in rows if it.kind == kind)
        return [replace(it, **changed) if it is first else it for it in rows]

    return outbox(change)


def log(change: Callable[[list[Sent]], list[Sent]]) -> Forge:
    """The vendors have written down something else."""
    return lambda evidence: replace(evidence, sent=change(evidence.sent))


def triggers(sent: list[Sent]) -> list[Sent]:
    return [it for it in sent if it.event.get("event_action") == "trigger"]


def replaced(sent: list[Sent], old: str, new: str) -> list[Sent]:
    """The first trigger once more, with a word replaced."""
    first = triggers(sent)[0]
    assert old in first.body
    return [*sent, replace(first, body=first.body.replace(old, new))]


def unanswered(path: str) -> Forge:
    """Every request to the path was answered 500."""
    return log(lambda sent: [replace(it, status=500) if it.path == path else it for it in sent])


def again(path: str) -> Forge:
    """The first request to the path that was taken came three times more."""

    def change(sent: list[Sent]) -> list[Sent]:
        first = next(it for it in sent if it.path == path and it.is_taken)
        return [*sent, first, first, first]

    return log(change)


def key_of(evidence: Evidence) -> str:
    return str(triggers(evidence.sent)[0].event["dedup_key"])


def page_after_the_answer(evidence: Evidence) -> Evidence:
    first = triggers(evidence.sent)[0]
    return replace(evidence, sent=[*evidence.sent, replace(first, at=evidence.promises[-1].at + 60)])


def telling(sent: Sent, **details: object) -> Sent:
    """The trigger with other details."""
    event = sent.event
    event["payload"]["custom_details"] |= details
    return replace(sent, body=json.dumps(event))


def two_storms(evidence: Evidence) -> Evidence:
    """The first page tells of another incident, and so does one that is sent a second later."""
    first = triggers(evidence.sent)[0]
    page = first.event["payload"]["custom_details"]["page_key"]
    row = next(it for it in evidence.outbox if (it.page, it.provider) == (page, "pagerduty"))
    twin = replace(row, id=row.id + 10_000, page="INC-1-1-0", settled_at=(row.settled_at or 0) + 1)
    more = {"more": 1, "more_incidents": ["INC-9"]}
    later = replace(telling(first, page_key=twin.page, **more), at=first.at + 1)
    storms = [telling(first, **more), later]
    return replace(evidence, sent=[*evidence.sent, *storms], outbox=[*evidence.outbox, twin])


def regraded_under_way(evidence: Evidence) -> Evidence:
    """Its incident was found to be no SEV1 while the last page was under way."""
    last = evidence.outbox[-1]
    events = evidence.events[last.incident]
    found = Event(last.incident, 0, last.settled_at or 0.0, "alice", "assessed", {"severity": "SEV2"})
    in_order = sorted([*events, found], key=lambda event: event.at)
    return replace(evidence, events={**evidence.events, last.incident: in_order})


def counted_in_another(evidence: Evidence) -> Evidence:
    """A page counts as told in another one, which doesn't name it."""
    first, second = [it for it in evidence.outbox if (it.kind, it.provider) == ("SendPage", "pagerduty")][:2]
    changed = replace(first, status="done", counted_in=second.id)
    return replace(evidence, outbox=[changed if it is first else it for it in evidence.outbox])


def two_open_ones(evidence: Evidence) -> Evidence:
    id_ = id_of(evidence, QUIET)
    twin = replace(evidence.incidents[id_], id="INC-2026-9999")
    return replace(evidence, incidents={**evidence.incidents, twin.id: twin})


def backwards(events: list[Event]) -> list[Event]:
    return [replace(events[0], at=events[0].at + LATER), *events[1:]]


def taken_twice(events: list[Event]) -> list[Event]:
    return [*events, next(event for event in events if event.kind == "page_accepted")]


def reworded(events: list[Event]) -> list[Event]:
    return [replace(events[0], text=events[0].text.replace("well", "ill")), *events[1:]]


def without_step(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind != "step_fired"]


def words_swapped(sent: list[Sent]) -> list[Sent]:
    posts = [it for it in sent if it.path == "/api/chat.postMessage"]
    others = [it for it in sent if it.path != "/api/chat.postMessage"]
    return [*others, *reversed(posts)]


RECEIPT = {"key": "INC-1-1-0", "person": "alice", "via": "pagerduty"}
EARLY = "2199-01-01T00:00:00Z"
