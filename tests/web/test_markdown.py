"""Can Markdown do anything but be read? Whoever wrote it: no tags, no scripts, no pictures from elsewhere."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.web.markdown import html_of


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Exports *timed out*.", "<p>Exports <em>timed out</em>.</p>\n"),
        ("# Title", "<h2>Title</h2>\n"),
        ("###### Deep", "<h6>Deep</h6>\n"),
        ("~~no~~", "<p><s>no</s></p>\n"),
        ("[x](https://example.org)", '<p><a href="https://example.org" rel="noreferrer nofollow">x</a></p>\n'),
        ("a\n\n- b", "<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n"),
        ("- [ ] told", '<ul>\n<li class="task">☐ told</li>\n</ul>\n'),
        ("1. [x] *told*\n2. [y]", '<ol>\n<li class="task">☑ <em>told</em></li>\n<li>[y]</li>\n</ol>\n'),
        ("-\n- # a", "<ul>\n<li></li>\n<li>\n<h2>a</h2>\n</li>\n</ul>\n"),
    ],
)
def test_markdown_is_shown(text: str, html: str) -> None:
    assert html_of(text) == html


def test_table_can_be_scrolled_and_has_no_empty_heading() -> None:
    html = html_of("|  | b |\n|---|---|\n| 1 | 2 |")
    assert html.startswith('<div class="wide" role="group" aria-label="Table" tabindex="0"><table>')
    assert "<th>b</th>" in html
    assert "<th></th>" not in html


def test_table_that_a_phone_has_no_room_for_names_its_columns_in_every_cell() -> None:
    words = " | ".join(f"{'x' * 12}{n}" for n in range(3))
    html = html_of(f"| a | <b> | c |\n|---|---|---|\n| {words} |")
    assert html.startswith('<div class="wide long"')
    assert '<td data-column="&lt;b&gt;">xxxxxxxxxxxx1</td>' in html
    assert "data-column" not in html_of("| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "![x](https://example.org/x.png)",
        "![x](javascript:alert(1))",
        '[x](https://example.org "onclick=alert(1)")',
        "<div onclick=alert(1)>x</div>",
        "<style>*{display:none}</style>",
        "<!-- hidden -->",
        "&lt;script&gt;",
    ],
)
def test_markdown_can_do_nothing(text: str) -> None:
    assert_harmless(html_of(text))


@given(st.text(alphabet="<>()[]!\"'=&;:/ajvscriptonerrmgx \n*_`#|-", max_size=200))
def test_whatever_is_written_makes_no_tag_that_does_something(text: str) -> None:
    assert_harmless(html_of(text))


def assert_harmless(html: str) -> None:
    for tag in re.findall(r"<[^>]*>", html):
        assert re.match(
            r"</?(p|h\d|em|strong|s|a|code|pre|ul|ol|li|blockquote|hr|br|table|thead|tbody|tr|t[hd]|div)\b", tag
        )
        names = set(re.findall(r'([\w-]+)="[^"]*"', tag))
        assert names <= {"href", "rel", "title", "class", "role", "aria-label", "tabindex", "start", "style"}
        assert not re.search(r'href="\s*(javascript|vbscript|data|file):', tag, re.IGNORECASE)
