"""How many wrong tokens may come from one address? A thousand a minute."""

from tocsin.accounts.strangers import MOST, WINDOW_SECONDS, Strangers


def test_the_thousand_and_first_wrong_token_of_a_minute_must_wait_for_its_end() -> None:
    strangers = Strangers()
    waits = [strangers.wait_after_another("192.0.2.7", 100 + number / 100) for number in range(MOST + 1)]
    assert set(waits[:-1]) == {0}
    assert waits[-1] == 50


def test_another_address_need_not_wait() -> None:
    strangers = Strangers()
    for _ in range(MOST + 1):
        strangers.wait_after_another("192.0.2.7", 0)
    assert strangers.wait_after_another("192.0.2.8", 0) == 0


def test_after_a_minute_it_begins_anew() -> None:
    strangers = Strangers()
    for _ in range(MOST + 1):
        strangers.wait_after_another("192.0.2.7", 0)
    assert strangers.wait_after_another("192.0.2.7", WINDOW_SECONDS) == 0


def test_a_flood_of_addresses_takes_no_more_memory() -> None:
    strangers = Strangers()
    for number in range(20_000):
        strangers.wait_after_another(f"2001:db8::{number:x}", number / 1_000)
    assert strangers.wait_after_another("192.0.2.7", 20) == 0
