"""How is kept what a bug has kept out? As it came, once an identity, until somebody has looked at it."""

from contextlib import suppress
from datetime import timedelta

import pytest

from tests.store.response import NOON
from tocsin.errors import NotFound
from tocsin.store.open import Store
from tocsin.store.rows import Quarantined

BODY = b'[{"labels":{"a":"\x00\xff"}}]'
MINUTE = timedelta(minutes=1)


def add(store: Store, identity: bytes, body: bytes = BODY, *, source: str = "form/v1", minute: int = 0) -> int:
    with store.transaction() as tx:
        return tx.quarantine.add(source, identity, body, f"KeyError: {minute}", NOON + minute * MINUTE)


def test_it_comes_back_byte_for_byte(store: Store) -> None:
    id_ = add(store, b"a")
    kept = Quarantined(id_, "form/v1", "KeyError: 0", 1, len(BODY), NOON, NOON)
    assert store.queries.quarantined_one(id_) == (kept, BODY)
    assert store.queries.quarantined(limit=10) == [kept]


def test_one_that_comes_again_is_counted_and_kept_as_it_came_last(store: Store) -> None:
    id_ = add(store, b"a")
    assert add(store, b"a", b"later", minute=1) == id_
    kept = Quarantined(id_, "form/v1", "KeyError: 1", 2, 5, NOON, NOON + MINUTE)
    assert store.queries.quarantined_one(id_) == (kept, b"later")


def test_what_differs_in_identity_or_form_is_another_one_and_the_last_heard_of_comes_first(store: Store) -> None:
    ids = [add(store, b"a"), add(store, b"b", minute=1), add(store, b"a", source="form/v2", minute=2)]
    add(store, b"a", minute=3)
    assert [it.id for it in store.queries.quarantined(limit=10)] == [ids[0], ids[2], ids[1]]
    assert [it.id for it in store.queries.quarantined(limit=1)] == [ids[0]]


def test_what_is_dropped_is_gone(store: Store) -> None:
    id_ = add(store, b"a")
    with store.transaction() as tx:
        tx.quarantine.drop(id_)
    assert store.queries.quarantined(limit=10) == []
    with pytest.raises(NotFound, match=rf"^quarantine: there is no {id_}$"):
        store.queries.quarantined_one(id_)
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.quarantine.drop(id_)


def test_it_is_gone_with_the_transaction_that_failed(store: Store) -> None:
    with suppress(ZeroDivisionError), store.transaction() as tx:
        tx.quarantine.add("form/v1", b"a", BODY, "KeyError", NOON)
        raise ZeroDivisionError
    assert store.queries.quarantined(limit=10) == []
