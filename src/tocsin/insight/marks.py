"""Whose words are these? Invisible marks in a postmortem's Markdown: what is drafted, and what people write.

A mark is an HTML comment on a line of its own, `<!-- tocsin:root_cause -->`, and encloses lines up to its end mark,
`<!-- /tocsin:root_cause -->`. Marks don't nest, and a text that is enclosed can't contain one: `protect` makes sure.
"""

import re
from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from tocsin.errors import InvalidInput

_BLANKS = " \t"  # and no others: str.strip would see a mark where `protect` sees none
_MARK = re.compile(r"(/?)tocsin:([a-z_]{1,40}+)(?:[ \t]++(.*))?")
_LOOKS_LIKE_MARK = re.compile(r"(<!--[ \t]*)(\\*/?tocsin:)")
_PROTECTED_MARK = re.compile(r"(<!--[ \t]*)\\(\\*/?tocsin:)")


class Mark(Struct, frozen=True):
    """A mark that stands on one line; the remark is for the people who see it."""

    name: str
    is_end: bool = False
    remark: str = ""

    def __str__(self) -> str:
        """The line."""
        remark = f" ({self.remark})" if self.remark else ""
        return f"<!-- {'/' * self.is_end}tocsin:{self.name}{remark} -->"


class PieceKind(Enum):
    """What a document is made of."""

    HEADING = "heading"  # of level 2
    ENCLOSED = "enclosed"  # between two marks
    LOOSE = "loose"  # everything else


class Piece(Struct, frozen=True):
    """A part of a document: `line` is where it begins, counted from 1; `text` has no blank lines around it.

    A heading's text is its title. What is enclosed has its opening mark and begins with it.
    """

    kind: PieceKind
    line: int
    text: str
    mark: Mark | None = None


def enclose(mark: Mark, body: str) -> str:
    """`body` between the mark and its end."""
    return f"{mark}\n\n{body}\n\n{Mark(mark.name, is_end=True)}"


def without_marks(markdown: str) -> str:
    """The document for those who only read it: without the lines that are marks, which no reader needs to see."""
    return "\n".join(line for line in markdown.split("\n") if _mark(line) is None)


def protect(text: str) -> str:
    """`text` with everything that looks like a mark disarmed; `unprotect` restores it."""
    return _LOOKS_LIKE_MARK.sub(r"\1\\\2", text)


def unprotect(text: str) -> str:
    """The text that was given to `protect`."""
    return _PROTECTED_MARK.sub(r"\1\2", text)


def scan(markdown: str) -> list[Piece]:
    """The document's headings, enclosed and loose parts in their order; blank loose parts are left out.

    What is enclosed may contain anything but a mark. Raises InvalidInput for a mark without its counterpart.
    """
    pieces: list[Piece] = []
    begun: list[str] = []  # the lines of the piece that is being read
    opened: Mark | None = None
    starts_on = 1
    for number, line in enumerate(markdown.replace("\r\n", "\n").split("\n"), start=1):
        mark, title = _mark(line), None if opened else _title(line)
        if mark is None and title is None:
            begun.append(line)
            continue
        _check_counterpart(opened, mark, number)
        pieces += _piece(opened, begun, starts_on)
        if title is not None:
            pieces.append(Piece(PieceKind.HEADING, number, title))
        opened = mark if mark and not mark.is_end else None
        begun, starts_on = [], number + 1
    if opened:
        raise InvalidInput(f"line {starts_on - 1}: {_bare(opened)} has no end; restore {_end_of(opened)} after it")
    return [*pieces, *_piece(None, begun, starts_on)]


def _mark(line: str) -> Mark | None:
    comment = line.strip(_BLANKS)
    if not (comment.startswith("<!--") and comment.endswith("-->")):
        return None
    found = _MARK.fullmatch(comment[4:-3].strip(_BLANKS))
    if found is None or "--" in (found[3] or ""):
        return None
    return Mark(found[2], is_end=bool(found[1]), remark=(found[3] or "").strip("()"))


def _title(line: str) -> str | None:
    """The title of a level 2 heading, closing `#` left out."""
    stripped = line.strip()
    is_heading = stripped[:2] == "##" and stripped[2:3] in ("", " ", "\t")
    return stripped.strip("#").strip() if is_heading else None


def _check_counterpart(opened: Mark | None, mark: Mark | None, number: int) -> None:
    if opened and mark and not (mark.is_end and mark.name == opened.name):
        raise InvalidInput(
            f"line {number}: {_bare(mark)} stands inside {_bare(opened)}; restore {_end_of(opened)} before it"
        )
    if opened is None and mark and mark.is_end:
        raise InvalidInput(f"line {number}: {_bare(mark)} has no beginning; restore {Mark(mark.name)} before it")


def _bare(mark: Mark) -> Mark:
    return Mark(mark.name, is_end=mark.is_end)


def _end_of(mark: Mark) -> Mark:
    return Mark(mark.name, is_end=True)


def _piece(mark: Mark | None, lines: list[str], starts_on: int) -> Iterable[Piece]:
    text = list(lines)
    while text and not text[-1].strip():
        text.pop()
    blank = next((number for number, line in enumerate(text) if line.strip()), 0)
    if text or mark:
        kind, line = (PieceKind.ENCLOSED, starts_on - 1) if mark else (PieceKind.LOOSE, starts_on + blank)
        yield Piece(kind, line, "\n".join(text[blank:]), mark)
