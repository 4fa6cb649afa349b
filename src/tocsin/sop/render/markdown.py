"""How does text become Markdown that says just that text? Plain text in, safe Markdown out.

Whatever stands in the text (pipes, HTML, brackets, line breaks) is shown and never interpreted. The table escapes its
cells itself; prose escapes what it quotes.
"""

import re
from collections.abc import Iterable, Sequence

from tocsin.sop.render.text import one_line

_MARKUP = re.compile(
    r"[\\`*\[\]<>~]"  # emphasis, code, links, HTML
    r"|&(?=#?\w+;)"  # what would read as a character reference
    r"|(?<![^\W_])_|_(?![^\W_])"  # `_` at a word's edge; inside snake_case it means nothing
    r"|^[#+=-]"  # what would begin a heading or a list
)
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")


def escape(text: str) -> str:
    """The text in one line, with every character that Markdown would interpret escaped."""
    return _LIST_NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", one_line(text)))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text; every row has as many cells as the header."""
    lines = [_row(header), "|" + " --- |" * len(header)]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def bullets(items: Iterable[str]) -> str:
    """A list, one line an item; the items are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def numbered(items: Iterable[str]) -> str:
    """A list counted from 1; the items are Markdown already."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def checklist(items: Iterable[str]) -> str:
    """A list of boxes to tick; the items are Markdown already."""
    return bullets(f"[ ] {item}" for item in items)


def page(*blocks: str) -> str:
    """Blocks with an empty line between them, ending in a newline; empty blocks are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell).replace("|", r"\|") for cell in cells) + " |"
