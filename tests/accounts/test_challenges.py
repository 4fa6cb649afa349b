"""Which challenges are ours? Those we made, for that purpose and that browser, in the last five minutes."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.accounts.challenges import Challenges, Purpose

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OURS = Challenges("a secret of this installation")


def test_challenge_is_good_for_its_purpose_and_browser_until_it_ends() -> None:
    made = OURS.new(Purpose.SIGN_IN, "browser", NOON)
    almost = NOON + timedelta(minutes=4, seconds=59)
    assert OURS.is_good(made, Purpose.SIGN_IN, "browser", almost)
    assert OURS.ends_at(made) == NOON + timedelta(minutes=5)
    assert not OURS.is_good(made, Purpose.SIGN_IN, "browser", NOON + timedelta(minutes=5))
    assert not OURS.is_good(made, Purpose.ADD, "browser", almost)
    assert not OURS.is_good(made, Purpose.SIGN_IN, "another", almost)
    assert not Challenges("another secret").is_good(made, Purpose.SIGN_IN, "browser", almost)


def test_no_two_are_the_same() -> None:
    assert OURS.new(Purpose.ADD, "browser", NOON) != OURS.new(Purpose.ADD, "browser", NOON)


@pytest.mark.parametrize("place", [0, 15, 16, 23, 24, 55])
def test_every_byte_counts(place: int) -> None:
    made = bytearray(OURS.new(Purpose.ADD, "browser", NOON))
    made[place] ^= 1
    assert not OURS.is_good(bytes(made), Purpose.ADD, "browser", NOON)


@pytest.mark.parametrize("made", [b"", b"x", bytes(24), bytes(56), bytes(57), b"\xff" * 5_000])
def test_what_we_never_made_is_not_ours(made: bytes) -> None:
    assert not OURS.is_good(made, Purpose.ADD, "browser", NOON)


def test_account_has_one_handle_that_tells_nothing() -> None:
    assert OURS.handle_of(1) == OURS.handle_of(1) != OURS.handle_of(2)
    assert Challenges("another secret").handle_of(1) != OURS.handle_of(1)
    assert len(OURS.handle_of(1)) == 32


def test_secret_is_not_shown() -> None:
    assert OURS.secret not in repr(OURS)
