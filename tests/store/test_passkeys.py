"""Which passkeys are kept, whose are they, and is a challenge answered once?"""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.store.response import NOON
from tocsin.errors import NotFound, Refused
from tocsin.store.accounts import NewAccount
from tocsin.store.open import Store
from tocsin.store.rows import Passkey, Session

MINUTE = timedelta(minutes=1)
LAPTOP = Passkey("bGFwdG9w", 1, "cHVibGlj", 0, "Laptop", True, NOON)
PHONE = Passkey("cGhvbmU", 1, "a2V5", 4_294_967_295, "Phone", False, NOON + MINUTE)


def kept(store: Store, *passkeys: Passkey) -> None:
    with store.transaction() as tx:
        for it in passkeys:
            tx.passkeys.add(it)


def test_passkeys_are_kept_as_they_are_in_the_order_in_which_they_came(store: Store) -> None:
    kept(store, PHONE, LAPTOP, replace(LAPTOP, id="b3RoZXI", account=2))
    known = store.queries.passkeys
    assert known.of(1) == [LAPTOP, PHONE]
    assert known.passkey(PHONE.id) == PHONE
    assert known.passkey("bm9uZQ") is None


def test_id_is_taken_once_whoever_has_it(store: Store) -> None:
    kept(store, LAPTOP)
    with pytest.raises(Refused, match="it is there already"):
        kept(store, replace(LAPTOP, account=2))
    assert store.queries.passkeys.passkey(LAPTOP.id) == LAPTOP


def test_only_its_account_renames_and_removes_it(store: Store) -> None:
    kept(store, LAPTOP, PHONE)
    with store.transaction() as tx:
        tx.passkeys.rename(1, LAPTOP.id, "Old laptop")
        with pytest.raises(NotFound):
            tx.passkeys.rename(2, LAPTOP.id, "Mine")
        with pytest.raises(NotFound):
            tx.passkeys.remove(2, LAPTOP.id)
        assert tx.passkeys.remove(1, PHONE.id) == "Phone"
        with pytest.raises(NotFound):
            tx.passkeys.remove(1, PHONE.id)
    assert store.queries.passkeys.of(1) == [replace(LAPTOP, label="Old laptop")]


def test_what_it_says_of_itself_is_noted_when_it_is_used(store: Store) -> None:
    kept(store, LAPTOP)
    with store.transaction() as tx:
        tx.passkeys.note_used(LAPTOP.id, sign_count=9, is_synced=False, at=NOON + MINUTE)
    assert store.queries.passkeys.of(1) == [replace(LAPTOP, sign_count=9, is_synced=False, used_at=NOON + MINUTE)]


def test_account_tells_how_many_it_has(store: Store) -> None:
    with store.transaction() as tx:
        account = tx.accounts.add(NewAccount(email="alice@example.com", name="Alice", role="admin"), NOON)
        tx.passkeys.add(replace(LAPTOP, account=account.id))
        tx.passkeys.add(replace(PHONE, account=account.id + 1))
    assert (account.passkeys, store.queries.accounts.account(account.id).passkeys) == (0, 1)


def test_challenge_is_answered_once_and_forgotten_when_it_is_over(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.passkeys.spend("c1", NOON, NOON + 5 * MINUTE)
        assert not tx.passkeys.spend("c1", NOON + 4 * MINUTE, NOON + 5 * MINUTE)
        assert tx.passkeys.spend("c2", NOON + 6 * MINUTE, NOON + 9 * MINUTE)
        assert tx.passkeys.spend("c1", NOON + 6 * MINUTE, NOON + 9 * MINUTE)  # its time alone keeps it out by then


def test_session_knows_by_what_it_began_and_ends_with_its_passkey(store: Store) -> None:
    with store.transaction() as tx:
        account = tx.accounts.add(NewAccount(email="alice@example.com", name="Alice", role="admin"), NOON)
        for hash_, how, passkey in (("s1", "passkey", "p1"), ("s2", "passkey", "p1"), ("s3", "password", None)):
            tx.sign_in.begin(Session(hash_, account.id, NOON, NOON, "192.0.2.7", "Firefox", how, passkey))
    begun = store.queries.accounts.sessions_of(account.id)
    assert {it.hash: (it.how, it.passkey) for it in begun} == {
        "s1": ("passkey", "p1"),
        "s2": ("passkey", "p1"),
        "s3": ("password", None),
    }
    with store.transaction() as tx:
        tx.sign_in.end_all_by("p1", but="s2")
    assert {it.hash for it in store.queries.accounts.sessions_of(account.id)} == {"s2", "s3"}
