"""Which passwords are taken? Long ones, whatever they are made of, but not those that are tried first."""

import pytest

from tocsin.accounts.passwords import LONGEST, SHORTEST, fault_in_password


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a lantern over the harbour",
        "ünïcödé pässwörter",
        "🔥 is what we page for",
        "x7#kQ!pL2z&vR9",
    ],
)
def test_long_password_is_taken_whatever_it_is_made_of(password: str) -> None:
    assert fault_in_password(password, "alice@example.com") is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        pytest.param("", "at least 12 characters", id="empty"),
        pytest.param("short phrase"[:11], "at least 12 characters", id="too short"),
        pytest.param("x" * (LONGEST + 1), "at most 256 characters", id="too long"),
        pytest.param("aaaaaaaaaaaaaaaa", "tried first", id="one letter"),
        pytest.param("abababababababab", "tried first", id="two letters"),
        pytest.param("password123456", "tried first", id="the word itself"),
        pytest.param("PasswordPassword!", "tried first", id="the word twice"),
        pytest.param("012345678901", "tried first", id="digits in order"),
        pytest.param("abcdefghijklmnop", "tried first", id="letters in order"),
        pytest.param("administrator1", "tried first", id="who it is for"),
        pytest.param("wintermute-winter", "your own name", id="the name in it"),
    ],
)
def test_password_that_is_not_taken_says_why(password: str, fault: str) -> None:
    assert fault in (fault_in_password(password, "wintermute@example.com") or "")


def test_password_is_not_repeated_in_what_is_said_of_it() -> None:
    assert "hunter2" not in (fault_in_password("hunter2") or "")
    assert SHORTEST == 12
