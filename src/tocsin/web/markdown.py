"""What does Markdown look like? HTML that can do nothing: no tags of its own, no pictures, no script in a link."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

_HEADINGS_DOWN = 1  # the page has its own first heading
_CELLS = ("th_open", "td_open")
_BOXES = {"[ ] ": "\N{BALLOT BOX} ", "[x] ": "\N{BALLOT BOX WITH CHECK} ", "[X] ": "\N{BALLOT BOX WITH CHECK} "}
_ROOM, _GAP = 35, 1.5  # what a phone shows side by side, and what lies between columns: in characters


def html_of(text: str) -> Markup:
    """The text as HTML: CommonMark, tables, and boxes to tick (`- [ ] …`), whoever wrote it."""
    return Markup(_reader().render(text))  # noqa: S704  # tags in the text come out escaped


@cache
def _reader() -> MarkdownIt:
    reader = (
        MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "html_block"])
    )
    reader.add_render_rule("table_open", _table)
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    for rule in ("heading_open", "heading_close"):
        reader.add_render_rule(rule, _heading)
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("th_open", _head_cell)
    reader.add_render_rule("list_item_open", _item)
    return reader


def _table(_self: RendererHTML, tokens: Sequence[Token], index: int, *_rest: Any) -> str:
    """A table that can be moved; one that a phone has no room for says in every cell as well what its column is."""
    end = next(at for at in range(index, len(tokens)) if tokens[at].type == "table_close")
    cells = [(tokens[at], tokens[at + 1].content) for at in range(index, end) if tokens[at].type in _CELLS]
    names = [text for cell, text in cells if cell.type == "th_open"]
    columns = [[text for _, text in cells[number :: len(names)]] for number in range(len(names))]
    is_long = sum(map(_least_width, columns)) > _ROOM
    for number, (cell, _) in enumerate(cells):
        if is_long and (name := names[number % len(names)]):
            cell.attrSet("data-column", name)
    return f'<div class="wide{" long" if is_long else ""}" role="group" aria-label="Table" tabindex="0"><table>\n'


def _least_width(column: list[str]) -> float:
    """How many characters wide a column is at least: its longest word, and the gap beside it."""
    return max((len(word) for text in column for word in text.split()), default=0) + _GAP


def _head_cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A heading of a column that says nothing is none."""
    if not tokens[index + 1].content:
        tokens[index].tag = tokens[index + 2].tag = "td"
    return self.renderToken(tokens, index, options, env)


def _heading(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].tag = f"h{min(6, int(tokens[index].tag[1]) + _HEADINGS_DOWN)}"
    return self.renderToken(tokens, index, options, env)


def _link(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", "noreferrer nofollow")
    return self.renderToken(tokens, index, options, env)


def _item(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """What is to be ticked has its box in the place of its bullet."""
    words = tokens[index + 2].children if tokens[index + 1].type == "paragraph_open" else None
    if words and (box := _BOXES.get(words[0].content[:4])):
        words[0].content = box + words[0].content[4:]
        tokens[index].attrSet("class", "task")
    return self.renderToken(tokens, index, options, env)
