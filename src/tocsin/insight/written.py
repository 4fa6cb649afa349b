"""What did people write? The places in a postmortem that are theirs, as they are drafted and as they are read back.

Both directions stand here, so that they can't drift: `parse` gives back what `writable` put in, byte for byte but for
blank lines around it. What people write outside the marks of a section counts as well: no text is lost in silence.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from tocsin.domain.decisions.postmortem import WRITTEN_SECTIONS
from tocsin.domain.incident import ActionItem, Postmortem
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.insight.action_items import blank_table, items_table, read_items
from tocsin.insight.marks import Mark, Piece, PieceKind, enclose, protect, scan, unprotect
from tocsin.sop.render.markdown import checklist, table
from tocsin.sop.render.postmortem import FOLLOW_UP_STEPS, IMPACT_ASPECTS, Section, guidance

_UNWRITTEN = "to be written"
_RECORD = Mark("record", remark="drafted from the record each time: changes in here are not kept")
_KNOWN_ASPECT = "Duration"  # the record knows it
_LAYOUT = re.compile(r"[\s-]+")  # what an editor changes when it lines up a table

_BLANKS = {
    Section.IMPACT: table(("Aspect", "Impact"), ((it, "") for it in IMPACT_ASPECTS if it != _KNOWN_ASPECT)),
    Section.ACTION_ITEMS: blank_table(),
    Section.FOLLOW_UP: checklist(FOLLOW_UP_STEPS),
}


class Written(Struct, frozen=True):
    """What people wrote: Markdown by section key, only where there is any, and the action items."""

    sections: dict[str, str]
    action_items: tuple[ActionItem, ...]


def recorded(body: str) -> str:
    """A part that is drafted from the record, marked so that it is never read back."""
    return enclose(_RECORD, body)


def writable(section: Section, written: Postmortem) -> str:
    """The part of a section that is left to people: what was saved, else what to write there."""
    text = items_table(written.action_items) if written.action_items else ""
    if section is not Section.ACTION_ITEMS:
        text = written.sections.get(section.key, "")
    if text:
        return enclose(Mark(section.key), protect(text))
    blank = "\n\n".join(filter(None, (guidance(section), _BLANKS.get(section))))
    return enclose(Mark(section.key, remark=_UNWRITTEN), blank)


def parse(markdown: str) -> Written:
    """What people wrote in an edited draft; what is drafted from the record is left out, and so are placeholders.

    Raises InvalidInput, which names the place, for a section that is missing, unknown or there twice, for damaged
    marks, for action items that can't be read, and for text that would be lost: in a section drafted from the record.
    """
    found = _by_section(scan(markdown))
    texts = {section: _text(section, pieces) for section, pieces in found.items()}
    for section in (Section.IDENTITY, Section.TIMELINE):
        _refuse_text(section, found[section])
    return Written(
        sections={section.key: texts[section] for section in WRITTEN_SECTIONS if texts[section]},
        action_items=read_items(texts[Section.ACTION_ITEMS]),
    )


def _by_section(pieces: Iterable[Piece]) -> dict[Section, list[Piece]]:
    """The pieces under each section's heading; what stands before the first heading belongs to none."""
    found: dict[Section, list[Piece]] = {}
    under: list[Piece] = []
    for piece in pieces:
        if piece.kind is PieceKind.HEADING:
            section = _section(piece)
            if section in found:
                raise InvalidInput(f"line {piece.line}: the section `{section.title}` is there twice; keep one of them")
            under = found[section] = []
        else:
            under.append(piece)
    missing = next((section for section in Section if section not in found), None)
    if missing:
        raise InvalidInput(f"the section `{missing.title}` is missing; restore its heading `## {missing.title}`")
    return found


def _section(heading: Piece) -> Section:
    section = next((it for it in Section if it.title.casefold() == heading.text.casefold()), None)
    if section is None:
        known = ", ".join(section.title for section in Section)
        raise InvalidInput(
            f"line {heading.line}: `{_start(heading.text)}` is not a section of a postmortem; "
            f"write it inside one of {known}, as a heading of level 3"
        )
    return section


def _text(section: Section, pieces: Iterable[Piece]) -> str:
    """What people wrote under the section's heading, in its order."""
    return "\n\n".join(filter(None, (_piece_text(section, piece) for piece in pieces)))


def _piece_text(section: Section, piece: Piece) -> str:
    mark = piece.mark
    if mark is None:
        return _without_placeholder(section, piece.text)
    if mark.name == _RECORD.name:
        return ""
    if mark.name != section.key:
        remedy = next((f"put it below `## {it.title}`" for it in Section if it.key == mark.name), "remove it")
        raise InvalidInput(f"line {piece.line}: {Mark(mark.name)} stands in the section `{section.title}`; {remedy}")
    text = _without_placeholder(section, piece.text) if mark.remark == _UNWRITTEN else piece.text
    return unprotect(text)


def _without_placeholder(section: Section, text: str) -> str:
    left = "\n".join(line for line in text.split("\n") if line.strip() != guidance(section)).strip()
    is_blank = _LAYOUT.sub("", left) == _LAYOUT.sub("", _BLANKS.get(section, ""))
    return "" if is_blank else left


def _refuse_text(section: Section, pieces: Iterable[Piece]) -> None:
    written = next((piece for piece in pieces if _piece_text(section, piece)), None)
    if written:
        raise InvalidInput(
            f"line {written.line}: `{_start(written.text)}` would be lost: `{section.title}` is drafted from the "
            "record; write it into another section, or add a note to the incident"
        )


def _start(text: str) -> str:
    return clean_line(text, 60)
