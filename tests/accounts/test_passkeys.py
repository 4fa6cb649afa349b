"""Where may people sign in with a passkey, when are they asked once more, and which counter tells of a copy?"""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.accounts.passkeys import RelyingParty, has_gone_back, is_fresh, relying_party

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("public_url", "rp_id", "origin"),
    [
        ("https://tocsin.example.com", "tocsin.example.com", "https://tocsin.example.com"),
        ("https://Tocsin.Example.com/", "tocsin.example.com", "https://tocsin.example.com"),
        ("https://tocsin.example.com:443/a/path", "tocsin.example.com", "https://tocsin.example.com"),
        ("https://tocsin.example.com:8443", "tocsin.example.com", "https://tocsin.example.com:8443"),
        ("https://somebody@tocsin.example.com", "tocsin.example.com", "https://tocsin.example.com"),
        ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://tocsin", "tocsin", "https://tocsin"),
        ("http://localhost:8770", "localhost", "http://localhost:8770"),
        ("http://localhost:80", "localhost", "http://localhost"),
    ],
)
def test_passkeys_belong_to_the_name_and_work_at_its_origin(public_url: str, rp_id: str, origin: str) -> None:
    assert relying_party(public_url) == RelyingParty(rp_id, origin)


@pytest.mark.parametrize(
    ("public_url", "why"),
    [
        ("http://127.0.0.1:8770", "passkeys belong to a name"),
        ("https://192.0.2.7", "passkeys belong to a name"),
        ("https://[2001:db8::7]:8770", "passkeys belong to a name"),
        ("http://tocsin.example.com", "passkeys take https"),
        ("http://localhost.evil.example", "passkeys take https"),
    ],
)
def test_where_there_are_none_the_reason_and_the_remedy_are_told(public_url: str, why: str) -> None:
    told = relying_party(public_url)
    assert isinstance(told, str)
    assert told.startswith(f"{why}, and this server's address is {public_url}: set TOCSIN_PUBLIC_URL to ")


def test_sign_in_is_fresh_for_ten_minutes() -> None:
    assert is_fresh(NOON, NOON + timedelta(minutes=9, seconds=59))
    assert not is_fresh(NOON, NOON + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("before", "after", "is_copy"),
    [(0, 0, False), (0, 1, False), (7, 8, False), (7, 100, False), (7, 7, True), (7, 6, True), (7, 0, True)],
)
def test_counter_must_grow_unless_it_never_counted(before: int, after: int, is_copy: bool) -> None:
    assert has_gone_back(before, after) is is_copy
