"""What has reached PagerDuty? The events that a sandbox was sent, and what it made of them."""

import json
from datetime import datetime
from typing import NamedTuple

from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox


class Event(NamedTuple):
    """An event as it arrived; `person` and `urgency` are empty where it is no page."""

    at: datetime
    action: str
    key: str
    person: str
    urgency: str
    is_taken: bool
    more: tuple[str, ...] = ()  # incidents that are counted in it


def events(sandbox: Sandbox) -> list[Event]:
    """Every event that arrived, the oldest first; those that were not taken are among them."""
    found = []
    for exchange in sandbox.exchanges:
        if exchange.request.path == "/v2/enqueue":
            body = json.loads(exchange.request.body)
            details = body.get("payload", {}).get("custom_details", {})
            person, urgency = details.get("person", ""), details.get("urgency", "")
            is_taken = b'"success"' in exchange.response.body or exchange.response.is_processed
            at, action, key = exchange.request.at, body["event_action"], body["dedup_key"]
            more = tuple(details.get("more_incidents", ()))
            assert len(more) == details.get("more", 0)
            found.append(Event(at, action, key, person, urgency, is_taken, more))
    return found


def taken(sandbox: Sandbox, action: str = "trigger") -> list[Event]:
    """The events of that action that were taken."""
    return [event for event in events(sandbox) if event.action == action and event.is_taken]


def paged(sandbox: Sandbox) -> list[str]:
    """Who was paged, as often as a page to them was taken."""
    return [event.person for event in taken(sandbox)]


def answers(*scripted: Response | None) -> Script:
    """PagerDuty answers its first requests like this, and all others as it should. None: as it should."""
    left = list(scripted)

    def script(request: RecordedRequest) -> Response | None:
        return left.pop(0) if left and request.path == "/v2/enqueue" else None

    return script


def always(response: Response) -> Script:
    """PagerDuty answers every request like this; Slack as it should."""
    return lambda request: response if request.path == "/v2/enqueue" else None
