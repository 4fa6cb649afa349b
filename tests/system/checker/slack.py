"""Did every word reach its channel, once and in order? The outbox against what Slack was sent."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import parse_qs

from tests.system.checker.evidence import Evidence

_POST = "/api/chat.postMessage"
_CREATE = "/api/conversations.create"

Word = tuple[str, str]  # channel and text


def words_arrive_in_order(evidence: Evidence) -> Iterator[str]:
    """15, 16: what counts as said in a channel was said there, and in the order in which it was decided."""
    said = [word for word, is_taken in _posts(evidence) if is_taken]
    meant = [(row.effect["channel"], row.effect["text"]) for row in evidence.outbox if _is_said(row.kind, row.status)]
    twice = {word for word, count in Counter(meant).items() if count > 1}  # nobody can tell one from the other
    yield from (
        f"[15] {channel}: {text!r} counts as said, and Slack never said so" for channel, text in set(meant) - set(said)
    )
    for channel in {channel for channel, _ in meant}:
        words = [word for word in meant if word[0] == channel and word not in twice and word in said]
        for before, after in pairwise(words):
            if said.index(after) < said.index(before):
                yield f"[16] {channel}: {after[1]!r} was said before {before[1]!r}"


def words_are_said_once(evidence: Evidence) -> Iterator[str]:
    """Figure F3: what Slack took is said again only by a crash, and at most once by each."""
    meant = Counter((row.effect["channel"], row.effect["text"]) for row in evidence.outbox if row.kind in _SAID)
    for word, count in Counter(word for word, is_taken in _posts(evidence) if is_taken).items():
        if count > meant[word] + evidence.crashes and word in meant:
            yield f"[F3] {word[0]}: {word[1]!r} was said {count} times, in {evidence.crashes} crashes"


def incidents_have_one_channel(evidence: Evidence) -> Iterator[str]:
    """16: an incident has one channel, however often it was asked for."""
    asked = [(it.body, it.is_taken) for it in evidence.sent if it.path == _CREATE]
    made = Counter(parse_qs(body)["name"][0] for body, is_taken in asked if is_taken)
    yield from (f"[16] {name}: was created {count} times" for name, count in made.items() if count > 1)


_SAID = ("PostMessage", "PostSummary", "TellStakeholders")


def _is_said(kind: str, status: str) -> bool:
    return kind in _SAID and status == "done"


def _posts(evidence: Evidence) -> list[tuple[Word, bool]]:
    forms = [(parse_qs(it.body), it.is_taken) for it in evidence.sent if it.path == _POST]
    return [((form["channel"][0], form["text"][0]), is_taken) for form, is_taken in forms]
