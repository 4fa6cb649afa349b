"""Which browsers ring, and for whom?"""

from datetime import timedelta

from tests.engine.alerts import NOON
from tocsin.store.accounts import NewAccount
from tocsin.store.open import Store
from tocsin.store.rows import PushBrowser


def account(store: Store, name: str, person: str | None = None) -> int:
    with store.transaction() as tx:
        return tx.accounts.add(NewAccount(f"{name}@example.com", name, "responder", person), NOON).id


def browser(store: Store, account: int, name: str) -> PushBrowser:
    new = PushBrowser(0, account, f"https://push.example.org/{name}", "key", "auth", f"hash-{name}", name, NOON)
    with store.transaction() as tx:
        return tx.push_browsers.add(new)


def labels(store: Store, person: str) -> list[str]:
    return [it.label for it in store.queries.desk.browsers_of_person(person)]


def test_browsers_of_a_person_are_those_of_all_their_accounts(store: Store) -> None:
    alice, also_alice, bob = (
        account(store, "alice", "alice"),
        account(store, "root", "alice"),
        account(store, "b", "bob"),
    )
    for number, (of, name) in enumerate([(alice, "phone"), (bob, "tablet"), (also_alice, "laptop")], start=1):
        assert browser(store, of, name).id == number
    assert labels(store, "alice") == ["phone", "laptop"]
    assert [it.label for it in store.queries.desk.browsers_of_account(alice)] == ["phone"]
    assert store.queries.desk.people_with_browsers() == {"alice": 2, "bob": 1}
    assert store.queries.desk.browser_counts() == {alice: 1, also_alice: 1, bob: 1}


def test_browsers_of_a_disabled_account_ring_for_nobody(store: Store) -> None:
    alice = account(store, "alice", "alice")
    browser(store, alice, "phone")
    with store.transaction() as tx:
        tx.accounts.set_disabled(alice, NOON)
    assert (labels(store, "alice"), store.queries.desk.people_with_browsers()) == ([], {})


def test_browser_is_known_again_by_the_hash_of_its_secret(store: Store) -> None:
    kept = browser(store, account(store, "alice"), "phone")
    assert store.queries.desk.browser_with("hash-phone") == kept
    assert store.queries.desk.browser_with("hash-other") is None


def test_what_was_taken_and_what_is_gone_is_noted(store: Store) -> None:
    alice = account(store, "alice", "alice")
    phone, laptop = browser(store, alice, "phone"), browser(store, alice, "laptop")
    later = NOON + timedelta(minutes=5)
    with store.transaction() as tx:
        tx.push_browsers.note_taken([phone.id], later)
        assert tx.push_browsers.drop([laptop.id, 99]) == [laptop]
    (left,) = store.queries.desk.browsers_of_person("alice")
    assert (left.label, left.taken_at) == ("phone", later)


def test_nothing_by_which_a_browser_could_be_rung_is_shown(store: Store) -> None:
    assert repr(browser(store, account(store, "alice"), "phone")) == "PushBrowser(1, 'phone')"
