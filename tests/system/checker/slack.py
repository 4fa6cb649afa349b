"""Did every word reach its channel, once and in order? The outbox against what Slack was sent."""

import json
from collections import Counter
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from urllib.parse import parse_qs

from tests.system.checker.evidence import Evidence

_POST = "/api/chat.postMessage"
_CREATE = "/api/conversations.create"

Word = tuple[str, str]  # channel and text


def words_arrive_in_order(evidence: Evidence) -> Iterator[str]:
    """15, 16: what counts as said in a channel was said there, and in the order in which it was decided."""
    said = [word for word, _, is_done in _posts(evidence) if is_done]
    meant = [(row.effect["channel"], row.effect["text"]) for row in evidence.outbox if _is_said(row.kind, row.status)]
    twice = {word for word, count in Counter(meant).items() if count > 1}  # nobody can tell one from the other
    places = {word: place for word in set(meant) if (place := _place_of(word, said)) is not None}
    yield from (
        f"[15] {channel}: {text!r} counts as said, and Slack never said so"
        for channel, text in set(meant) - places.keys()
    )
    for channel in {channel for channel, _ in meant}:
        words = [word for word in meant if word[0] == channel and word not in twice and word in places]
        for before, after in pairwise(words):
            if places[after] < places[before]:
                yield f"[16] {channel}: {after[1]!r} was said before {before[1]!r}"


def words_are_said_once(evidence: Evidence) -> Iterator[str]:
    """Figure F3: nothing that was said is said again, whoever dies: it is found by its mark."""
    meant = {row.key for row in evidence.outbox if row.kind in _SAID}
    taken = Counter(key for _, key, is_done in _posts(evidence) if is_done and key in meant)
    yield from (f"[F3] {key}: was said {count} times" for key, count in taken.items() if count > 1)


def incidents_have_one_channel(evidence: Evidence) -> Iterator[str]:
    """16: an incident has one channel, however often it was asked for."""
    asked = [(it.body, it.is_done) for it in evidence.sent if it.path == _CREATE]
    made = Counter(parse_qs(body)["name"][0] for body, is_done in asked if is_done)
    yield from (f"[16] {name}: was created {count} times" for name, count in made.items() if count > 1)


_SAID = ("PostMessage", "PostSummary", "TellStakeholders")


def _is_said(kind: str, status: str) -> bool:
    return kind in _SAID and status == "done"


def _place_of(word: Word, said: list[Word]) -> tuple[int, int] | None:
    """In which message it was said, alone or among others, and where in it."""
    channel, text = word
    found = ((number, words.find(text)) for number, (where, words) in enumerate(said) if where == channel)
    return next((place for place in found if place[1] >= 0), None)


def _posts(evidence: Evidence) -> list[tuple[Word, str, bool]]:
    """What was to be said, by whose delivery, and whether Slack did so."""
    forms = [(parse_qs(it.body), it.is_done) for it in evidence.sent if it.path == _POST]
    return [((form["channel"][0], unescape(form["text"][0])), _key_in(form), is_done) for form, is_done in forms]


def _key_in(form: dict[str, list[str]]) -> str:
    return str(json.loads(form["metadata"][0])["event_payload"]["key"])
