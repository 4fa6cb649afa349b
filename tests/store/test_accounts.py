"""Who may sign in, who is signed in, and what is forgotten in time?"""

from datetime import timedelta

import pytest

from tests.store.response import NOON
from tocsin.accounts.attempts import FORGOTTEN_AFTER, Attempts
from tocsin.accounts.sessions import IDLE, LASTS
from tocsin.errors import NotFound, Refused
from tocsin.store.accounts import NewAccount
from tocsin.store.open import Store
from tocsin.store.rows import Account, Session, Token

HOUR = timedelta(hours=1)


def added(store: Store, email: str = "alice@example.com", role: str = "admin", **more: str) -> Account:
    with store.transaction() as tx:
        return tx.accounts.add(NewAccount(email=email, name="Alice", role=role, **more), NOON)


def begun(store: Store, account: Account, hash_: str, at_hour: int = 0) -> None:
    at = NOON + at_hour * HOUR
    with store.transaction() as tx:
        tx.sign_in.begin(Session(hash_, account.id, at, at, "192.0.2.7", "Firefox"))


def sessions(store: Store, account: Account) -> list[str]:
    return sorted(it.hash for it in store.queries.accounts.sessions_of(account.id))


def test_account_is_found_by_number_address_and_identity(store: Store) -> None:
    made = added(store, issuer="https://id.example", subject="248289")
    known = store.queries.accounts
    assert known.account(made.id) == known.account_of("alice@example.com") == made
    assert known.account_of_identity("https://id.example", "248289") == made
    assert known.account_of_identity("https://other.example", "248289") is None
    assert known.all_accounts() == [made]
    with pytest.raises(NotFound, match="account: there is no 77"):
        known.account(77)


def test_address_has_one_account(store: Store) -> None:
    added(store)
    with pytest.raises(Refused, match=r"alice@example\.com has an account already"):
        added(store)


def test_accounts_without_single_sign_on_stand_beside_each_other(store: Store) -> None:
    first, second = added(store), added(store, "bob@example.com")
    assert (first.issuer, second.issuer) == (None, None)


def test_admins_are_those_who_can_sign_in(store: Store) -> None:
    first, second = added(store), added(store, "bob@example.com")
    added(store, "viv@example.com", "viewer")
    with store.transaction() as tx:
        assert tx.accounts.admins() == 2
        tx.accounts.set_disabled(first.id, NOON)
        assert tx.accounts.admins() == 1
        tx.accounts.set_role(second.id, "responder")
        assert tx.accounts.admins() == 0


def test_all_sessions_of_an_account_end_but_the_one_that_is_kept(store: Store) -> None:
    alice, bob = added(store), added(store, "bob@example.com")
    for hash_ in ("a1", "a2", "a3"):
        begun(store, alice, hash_)
    begun(store, bob, "b1")
    with store.transaction() as tx:
        tx.sign_in.end_all_of(alice.id, but="a2")
    assert (sessions(store, alice), sessions(store, bob)) == (["a2"], ["b1"])
    with store.transaction() as tx:
        tx.sign_in.end_all_of(alice.id)
    assert sessions(store, alice) == []


def test_sessions_that_are_over_are_forgotten_when_another_begins(store: Store) -> None:
    alice = added(store)
    begun(store, alice, "old")
    with store.transaction() as tx:
        tx.sign_in.note_seen([("old", NOON + LASTS)])  # used to the end
    begun(store, alice, "idle", 11)
    begun(store, alice, "new", int((LASTS + IDLE) / HOUR))
    assert sessions(store, alice) == ["new"]


def test_link_works_once_and_a_newer_one_replaces_it(store: Store) -> None:
    alice = added(store)
    with store.transaction() as tx:
        tx.sign_in.keep_link("l1", alice.id, NOON, NOON + HOUR)
        tx.sign_in.keep_link("l2", alice.id, NOON, NOON + HOUR)
        tx.sign_in.keep_link("w1", None, NOON, NOON + HOUR)
        tx.sign_in.keep_link("w2", None, NOON, NOON + HOUR)
        assert [tx.sign_in.use_link(hash_) for hash_ in ("l1", "l2", "l2", "w1", "w2")] == [
            False,
            True,
            False,
            True,
            True,
        ]


def test_failures_are_counted_and_those_of_yesterday_forgotten(store: Store) -> None:
    with store.transaction() as tx:
        tx.sign_in.note_attempts("account:alice@example.com", Attempts(3, NOON), NOON)
        tx.sign_in.note_attempts("account:alice@example.com", Attempts(4, NOON + HOUR), NOON + HOUR)
    assert store.queries.accounts.attempts("account:alice@example.com") == Attempts(4, NOON + HOUR)
    later = NOON + 2 * FORGOTTEN_AFTER
    with store.transaction() as tx:
        tx.sign_in.note_attempts("address:192.0.2.7", Attempts(1, later), later)
    assert store.queries.accounts.attempts("account:alice@example.com") == Attempts()


def test_token_of_a_taken_name_is_refused_and_a_revoked_one_is_gone(store: Store) -> None:
    token = Token("chat", "read", "77aa", "tocsin_abc", None, "alice", expires_at=NOON + HOUR)
    with store.transaction() as tx:
        tx.accounts.add_token(token, NOON)
        with pytest.raises(Refused, match="there is a token 'chat' already"):
            tx.accounts.add_token(token, NOON)
        tx.accounts.note_tokens_used([("77aa", NOON + HOUR)])
    found = store.queries.accounts.token("77aa")
    assert found is not None
    assert (found.used_at, found.expires_at, found.created_by) == (NOON + HOUR, NOON + HOUR, "alice")
    with store.transaction() as tx:
        tx.accounts.drop_token("77aa")
    assert store.queries.accounts.token("77aa") is None


def test_token_of_a_file_never_ends_one_that_somebody_made(store: Store) -> None:
    with store.transaction() as tx:
        tx.accounts.add_token(Token("grafana", "read", "77aa", "tocsin_abc", None, "alice"), NOON)
        assert tx.facts.set_token("5f4d", "grafana", "intake", NOON) == []
    assert store.queries.accounts.token("77aa") is not None


def test_restored_database_has_nobody_signed_in(store: Store) -> None:
    alice = added(store)
    begun(store, alice, "a1")
    with store.transaction() as tx:
        tx.sign_in.keep_link("l1", alice.id, NOON, NOON + HOUR)
        tx.sign_in.forget_all()
    assert sessions(store, alice) == []
    assert store.queries.accounts.link("l1") is None
    assert store.queries.accounts.account(alice.id) == alice
