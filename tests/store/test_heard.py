"""Is what a vendor tells twice done once?"""

from contextlib import suppress
from datetime import timedelta

from tests.store.response import NOON
from tocsin.errors import NotFound
from tocsin.store.heard import KEPT_FOR
from tocsin.store.open import Store

MICROSECOND = timedelta(microseconds=1)


def is_new(store: Store, source: str, id_: str, after: timedelta = timedelta()) -> bool:
    with store.transaction() as tx:
        return tx.heard.is_new(source, id_, NOON + after)


def test_what_is_told_again_is_not_new(store: Store) -> None:
    assert is_new(store, "pagerduty", "01ABC")
    assert not is_new(store, "pagerduty", "01ABC")
    assert is_new(store, "pagerduty", "01ABD")


def test_vendors_may_use_the_same_id(store: Store) -> None:
    assert is_new(store, "pagerduty", "1")
    assert is_new(store, "slack", "1")


def test_what_was_heard_in_a_transaction_that_failed_is_new_again(store: Store) -> None:
    with suppress(NotFound), store.transaction() as tx:
        assert tx.heard.is_new("slack", "Ev1", NOON)
        tx.incidents.get("INC-2026-0099")
    assert is_new(store, "slack", "Ev1")


def test_it_is_remembered_for_a_week(store: Store) -> None:
    is_new(store, "slack", "Ev1")
    assert not is_new(store, "slack", "Ev1", after=KEPT_FOR)
    assert is_new(store, "slack", "Ev1", after=KEPT_FOR + MICROSECOND)
