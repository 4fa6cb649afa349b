"""Does what was sent keep to the vendors' rates? The stand-in's record, as any vendor could count it.

Rates are upper bounds in any window of time, so that a slow machine is no fault. Sources: docs.slack.dev/apis/web-api/
rate-limits and the "Rate limits" of each method's page; of PagerDuty's Events API v2 its support names 120 a minute.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from tocsin.simulate.sandbox.recording import RecordedRequest

MINUTE = timedelta(minutes=1)
EVENTS_A_MINUTE = 120
_WINDOW = timedelta(seconds=10)
# What arrives together may have left apart, by some seconds on a busy machine.
_MOST_MESSAGES = _WINDOW.seconds + 5
# "Tier 2: 20+ per minute", "Tier 3: 50+", "Tier 4: 100+"; chat.postMessage has its own, by channel.
_TIERS = {
    20: (
        "bookmarks.add",
        "conversations.archive",
        "conversations.create",
        "conversations.list",
        "conversations.setTopic",
        "conversations.unarchive",
        "pins.add",
    ),
    50: (
        "bookmarks.list",
        "chat.update",
        "conversations.history",
        "conversations.info",
        "conversations.invite",
        "conversations.join",
        "conversations.open",
        "conversations.replies",
    ),
    100: ("chat.postEphemeral", "views.open", "views.update"),
}
A_MINUTE = {method: most for most, methods in _TIERS.items() for method in methods}


def most_within(window: timedelta, instants: Iterable[datetime]) -> int:
    """The most of them in any window of that length."""
    sorted_, most, first = sorted(instants), 0, 0
    for last, at in enumerate(sorted_):
        while at - sorted_[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def faults_in(requests: Sequence[RecordedRequest]) -> list[str]:
    """Each rate that was exceeded, and by how much."""
    return [*_events(requests), *_messages(requests), *_methods(requests)]


def _events(requests: Sequence[RecordedRequest]) -> list[str]:
    by_key = defaultdict(list)
    for it in requests:
        if it.path == "/v2/enqueue":
            by_key[json.loads(it.body)["routing_key"]].append(it.at)
    counted = [most_within(MINUTE, instants) for instants in by_key.values()]
    return [f"PagerDuty: {most} events in a minute for one key" for most in counted if most > EVENTS_A_MINUTE]


def _messages(requests: Sequence[RecordedRequest]) -> list[str]:
    by_channel = defaultdict(list)
    for it in requests:
        if it.path == "/api/chat.postMessage":
            by_channel[dict(parse_qsl(it.body.decode()))["channel"]].append(it.at)
    counted = {channel: most_within(_WINDOW, instants) for channel, instants in by_channel.items()}
    return [f"Slack: {most} messages in {_WINDOW} to {it}" for it, most in counted.items() if most > _MOST_MESSAGES]


def _methods(requests: Sequence[RecordedRequest]) -> list[str]:
    by_method = defaultdict(list)
    for it in requests:
        if it.path.startswith("/api/"):
            by_method[it.path.removeprefix("/api/")].append(it.at)
    counted = {method: most_within(MINUTE, instants) for method, instants in by_method.items()}
    return [f"Slack: {most} times {it} in a minute" for it, most in counted.items() if most > A_MINUTE.get(it, most)]
