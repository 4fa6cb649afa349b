"""Text from the SOP file is shown in Markdown as it stands, whatever it contains. A real parser is the judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.sop_render.leaves import Path, with_every
from tocsin.sop.load import default_sop
from tocsin.sop.render import documents
from tocsin.sop.render.markdown import bullets, escape, page, table
from tocsin.sop.render.text import listed, one_line, ordinal

HOSTILE = [
    "a | b",
    "`code` and ``more``",
    "*bold* _it_ **b** __c__ ~~gone~~",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) ![x](y)",
    "&lt;script&gt; &amp; &#35;",
    "back\\slash \\| end\\",
    "# heading",
    "- item",
    "1. item",
    "2) item",
    "> quote",
    "line\nbreak\r\nand\ttab",
    "--- | ---",
    "snake_case_name",
    "<https://example.com>",
    "```",
    "\u202eevil\u2066",
]


def shown(tokens: list[Token]) -> str:
    """The text of inline content; anything but text is an interpretation, and shows as its kind."""
    return "".join(token.content if token.type in ("text", "text_special") else f"<{token.type}>" for token in tokens)


def cells_of(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert tokens[0].type == "table_open"
    assert tokens[-1].type == "table_close"
    return [shown(token.children or []) for token in tokens if token.type == "inline"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_hostile_text_as_it_is(text: str) -> None:
    assert cells_of(table(("A", "B"), [(text, "next")])) == ["A", "B", one_line(text), "next"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=4, max_size=4))
def test_a_table_keeps_its_cells_apart_whatever_they_contain(texts: list[str]) -> None:
    assert cells_of(table(("A", "B"), [texts[:2], texts[2:]])) == ["A", "B", *(one_line(text) for text in texts)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_list_item_shows_any_text_as_it_is(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse(bullets([escape(text)]))
    assert [shown(token.children or []) for token in tokens if token.type == "inline"] == [one_line(text)] * bool(
        one_line(text)
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_the_sop_changes_the_shape_of_a_document(text: str) -> None:
    def hostile(_path: Path, leaf: object) -> object:
        return text if type(leaf) is str else leaf

    usual, odd = documents(default_sop()), documents(with_every(default_sop(), hostile))
    for name in ("severity-levels.md", "postmortem-template.md"):
        assert shape(odd[name]) == shape(usual[name])
    policy = "escalation-policy.md"
    assert set(shape(odd[policy])) == set(shape(usual[policy]))


def shape(markdown: str) -> list[tuple[str, tuple[str, ...]]]:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [
        (token.type, tuple(child.type for child in token.children or [] if child.type != "text_special"))
        for token in tokens
    ]


def test_a_page_leaves_empty_blocks_out_and_ends_in_one_newline() -> None:
    assert page("# A", "", "b") == "# A\n\nb\n"


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_items_are_listed_as_people_do(items: list[str], text: str) -> None:
    assert listed(items) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text
