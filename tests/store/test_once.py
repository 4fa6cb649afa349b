"""Is what was done under a key remembered, for its sender, for two days, and only if it was done?"""

from contextlib import suppress
from datetime import timedelta

import pytest

from tests.store.response import NOON
from tocsin.errors import NotFound
from tocsin.store.connection import Stale
from tocsin.store.once import KEPT_FOR, Done
from tocsin.store.open import Store

DONE = Done("d1", "INC-2026-0001")


def kept(store: Store, sender: str, key: str, after: timedelta = timedelta()) -> None:
    with store.transaction() as tx:
        tx.once.keep(sender, key, DONE, NOON + after)


def found(store: Store, sender: str, key: str) -> Done | None:
    with store.transaction() as tx:
        return tx.once.find(sender, key)


def test_what_was_done_is_found_by_its_sender_and_key_alone(store: Store) -> None:
    kept(store, "account:1", "k")
    assert found(store, "account:1", "k") == DONE
    assert found(store, "account:1", "K") is None
    assert found(store, "account:2", "k") is None


def test_what_was_done_in_a_transaction_that_failed_was_not(store: Store) -> None:
    with suppress(NotFound), store.transaction() as tx:
        tx.once.keep("account:1", "k", DONE, NOON)
        tx.incidents.get("INC-2026-0099")
    assert found(store, "account:1", "k") is None


def test_second_use_of_a_key_is_stale(store: Store) -> None:
    kept(store, "account:1", "k")
    with store.transaction() as tx, pytest.raises(Stale), tx.savepoint():
        tx.once.keep("account:1", "k", DONE, NOON)


def test_it_is_remembered_for_two_days(store: Store) -> None:
    kept(store, "account:1", "old")
    kept(store, "account:1", "new", after=KEPT_FOR)
    assert found(store, "account:1", "old") == DONE
    kept(store, "account:1", "newest", after=KEPT_FOR + timedelta(microseconds=1))
    assert found(store, "account:1", "old") is None
