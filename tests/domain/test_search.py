"""What of an incident can be found by its words, and what is shown of it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.response import NOON
from tocsin.domain import events as e
from tocsin.domain.incident import ActionItem, ActionItemPriority, Audience
from tocsin.domain.search import SEARCHED, Found, Text, excerpt, texts_of, words_of


def texts(event: e.AnyEvent) -> list[Text]:
    return list(texts_of(e.Recorded("INC-2026-0042", 7, NOON, "alice", "test", event)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Checkout is DOWN", ("checkout", "is", "down")),
        ("checkout-api_v2: 5xx", ("checkout", "api", "v2", "5xx")),
        ("Über die Straße, café", ("uber", "die", "strasse", "cafe")),
        ("结账 失败", ("结账", "失败")),
        ("INC-2026-0042", ("inc", "2026", "0042")),
        ("'; DROP TABLE x; --\"*", ("drop", "table", "x")),
        ("", ()),
        ("!?_-", ()),
        ("x" * 99, ("x" * 64,)),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_case_and_accents(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_words_of_words_are_the_same(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert all(word.isalnum() for word in words)


def test_notes_updates_and_what_is_said_at_an_end_are_texts() -> None:
    assert texts(e.NoteAdded("the deploy")) == [Text("7", Found.NOTE, "the deploy")]
    assert texts(e.UpdatePosted("we roll back", Audience.INTERNAL)) == [Text("7", Found.UPDATE, "we roll back")]
    assert texts(e.Mitigated("rolled back")) == [Text("7", Found.NOTE, "rolled back")]
    assert texts(e.Mitigated()) == []
    assert texts(e.Acknowledged()) == []


def test_later_postmortem_takes_the_place_of_the_one_before() -> None:
    item = ActionItem("Stage it", "bob", ActionItemPriority.P0)
    found = texts(e.PostmortemSaved({"root_cause": "a typo"}, (item,)))
    assert found == [
        Text("postmortem/root_cause", Found.POSTMORTEM, "a typo"),
        Text("postmortem/action items", Found.POSTMORTEM, "Stage it"),
    ]


def test_every_kind_that_is_searched_exists() -> None:
    kinds = {kind.__struct_config__.tag for kind in e.Event.__subclasses__()}
    assert set(SEARCHED) <= kinds


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("Checkout is down", "down", "Checkout is down"),
        ("two\nlines", "lines", "two lines"),
        ("a " * 200 + "Needle here", "need", "…" + ("a " * 200 + "Needle here")[-240:]),
        ("Needle " + "b " * 200, "need", ("Needle " + "b " * 200)[:240] + "…"),
        ("no such word", "x", "no such word"),
    ],
)
def test_excerpt_shows_where_the_word_stands(text: str, word: str, shown: str) -> None:
    assert excerpt(text, (word,)) == shown


@given(st.text(max_size=2000), st.text(min_size=1, max_size=5))
def test_excerpt_is_short_and_on_one_line(text: str, word: str) -> None:
    shown = excerpt(text, words_of(word))
    assert len(shown) <= 242
    assert "\n" not in shown
