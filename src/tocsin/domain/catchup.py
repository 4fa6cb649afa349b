"""What does a channel that has fallen behind still need to be told? Plain values, no I/O.

While Slack is down, or the last message has only just left, what is to happen in a channel waits in its lane. What was
said meanwhile is one message, in order and with its times; of topics and summaries only the newest is shown.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.domain.effects import AnyEffect, Line, Said, SetTopic, UpdateSummary

# What Slack shows in one message (chat.postMessage, `text`), less the times.
_MOST_CHARACTERS = 3_000
_MOST_LINES = 50
_MARKUP = "&<>"  # each of them takes five characters at most


class Waiting(Struct, frozen=True):
    """What waits in a lane behind its head."""

    id: int
    at: datetime
    effect: AnyEffect


def counted_in(head: AnyEffect, waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """What of that which waits, in its order, is said in the head's message: all up to what doesn't fit any more."""
    if not isinstance(head, Said):
        return ()
    room = _MOST_CHARACTERS - _weight(head.text)
    found: list[Waiting] = []
    for it in waiting:
        if type(it.effect) is not type(head) or not isinstance(it.effect, Said):
            continue
        room -= _weight(it.effect.text)
        if it.effect.channel != head.channel or room < 0 or len(found) + 1 == _MOST_LINES:
            break
        found.append(it)
    return tuple(found)


def lines_of(head: Said, at: datetime, counted: Sequence[Waiting]) -> tuple[Line, ...]:
    """What is said in the head's message, its own first; none where it says only its own."""
    others = tuple(it.effect.line(it.at) for it in counted if isinstance(it.effect, Said))
    return (head.line(at), *others) if others else ()


def is_superseded(head: AnyEffect, waiting: Sequence[Waiting]) -> bool:
    """Whether something that waits says it anew: a later topic of the channel, a later state of the same message."""
    match head:
        case SetTopic(channel=channel):
            return any(isinstance(it.effect, SetTopic) and it.effect.channel == channel for it in waiting)
        case UpdateSummary(message=message):
            return any(isinstance(it.effect, UpdateSummary) and it.effect.message == message for it in waiting)
    return False


def _weight(text: str) -> int:
    return len(text) + 4 * sum(text.count(sign) for sign in _MARKUP)
