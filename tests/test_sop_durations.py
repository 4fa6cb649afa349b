import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.sop.durations import Duration


@pytest.mark.parametrize(
    ("text", "said", "words"),
    [
        ("15m", "15m", "15 min"),
        ("60m", "1h", "60 min"),
        ("48h", "48h", "48 hours"),
        ("7d", "7d", "7 days"),
        ("150m", "2h30m", "2 hours 30 min"),
    ],
)
def test_duration_is_said_as_people_say_it(text: str, said: str, words: str) -> None:
    assert str(Duration.parse(text)) == said
    assert Duration.parse(text).words == words


@given(st.integers(min_value=0, max_value=10**7))
def test_every_duration_reads_back_as_itself(seconds: int) -> None:
    duration = Duration(seconds=seconds)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["", " ", "15", "m", "-5m", "5m1h", "1.5h", "15 min", "10:00"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 15m"):
        Duration.parse(text)
