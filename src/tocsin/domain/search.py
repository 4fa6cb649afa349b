"""What of an incident can be found by its words? Titles, updates, notes and postmortems; pure, no I/O.

Words are runs of letters and digits, without case and accents, so that both databases and a query cut text alike.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from tocsin.domain import events as e

MAX_WORDS = 10  # of a query
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 64  # characters: of a longer one the beginning is known
_EXCERPT = 240  # characters
_BEFORE = 60


class Found(StrEnum):
    """What a text is."""

    TITLE = "title"
    NOTE = "note"
    UPDATE = "update"
    POSTMORTEM = "postmortem"


class Text(Struct, frozen=True):
    """A text of an incident; a later one of the same `part` takes its place."""

    part: str
    kind: Found
    text: str


SEARCHED = ("incident_opened", "note_added", "update_posted", "mitigated", "resolved", "reopened", "postmortem_saved")


def texts_of(recorded: e.Recorded) -> Iterator[Text]:
    """The texts that an event brings; of events of other kinds than SEARCHED there are none."""
    event, part = recorded.event, str(recorded.seq)
    match event:
        case e.IncidentOpened():
            yield Text(part, Found.TITLE, f"{event.title}\n{recorded.incident} {event.service}")
        case e.UpdatePosted():
            yield Text(part, Found.UPDATE, event.text)
        case e.NoteAdded(text=text) | e.Mitigated(note=text) | e.Resolved(note=text) | e.Reopened(reason=text) if text:
            yield Text(part, Found.NOTE, text)
        case e.PostmortemSaved():
            for name, text in event.sections.items():
                yield Text(f"postmortem/{name}", Found.POSTMORTEM, text)
            actions = "\n".join(it.text for it in event.action_items)
            yield Text("postmortem/action items", Found.POSTMORTEM, actions)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in their order."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return tuple(word[:_LONGEST_WORD] for word in _WORD.findall(plain.casefold()))


def excerpt(text: str, words: tuple[str, ...]) -> str:
    """The part of a text in which the first of the words stands, on one line, with an ellipsis where it is cut."""
    line = " ".join(text.split())
    found = next((it.start() for it in _WORD.finditer(line) if _begins(it[0], words)), 0)
    start = max(0, min(found - _BEFORE, len(line) - _EXCERPT))
    end = start + _EXCERPT
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"


def _begins(word: str, words: tuple[str, ...]) -> bool:
    return any(known.startswith(words) for known in words_of(word))
