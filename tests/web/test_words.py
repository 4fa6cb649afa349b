"""How pages say things: spans, moments, counts; and nothing that people wrote becomes HTML."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.narrate import target_words
from tocsin.web.filters import count, moment, paragraphs, span

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (252, "4 min 12 s"),
        (-252, "4 min 12 s"),
        (7_500, "2 h 5 min"),
        (7_201, "2 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_moment_is_utc_until_a_script_knows_better() -> None:
    told = moment(NOON, "full")
    assert 'datetime="2026-11-25T12:00:00.000+00:00"' in told
    assert ">2026-11-25 12:00 UTC</time>" in told


def test_counts_have_their_plural() -> None:
    assert [count(number, "alert") for number in (0, 1, 1_200)] == ["0 alerts", "1 alert", "1,200 alerts"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("primary", "primary on-call"),
        ("engineering_manager", "engineering manager"),
        ("everyone_on_call", "everyone on call"),
        ("cto", "CTO"),
        ("vp_engineering", "VP engineering"),
        ("it-lead", "IT lead"),
    ],
)
def test_target_is_told_as_people_say_it(target: str, words: str) -> None:
    assert target_words(target) == words


@given(st.text())
def test_text_of_people_never_becomes_markup(text: str) -> None:
    told = str(paragraphs(text)).replace("<br>", "")
    assert "<" not in told
    assert ">" not in told
