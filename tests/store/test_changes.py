"""Is it remembered what people changed, and for how long?"""

from datetime import timedelta

from tests.store.response import NOON
from tocsin.domain.service_change import ServiceChange
from tocsin.store.changes import KEPT_FOR
from tocsin.store.open import Store

DAY = timedelta(days=1)


def made(store: Store, summary: str, *, after: timedelta = timedelta(), service: str = "website") -> ServiceChange:
    change = ServiceChange(NOON + after, service, "ci", summary, "build-7", "", {"by": "alice"})
    with store.transaction() as tx:
        tx.changes.add(change)
    return change


def test_changes_are_told_the_newest_first(store: Store) -> None:
    first, second = made(store, "one"), made(store, "two", after=DAY)
    other = made(store, "three", service="api")
    assert store.queries.desk.changes(since=NOON, limit=10) == [second, other, first]
    assert store.queries.desk.changes(since=NOON, limit=10, service="website") == [second, first]
    assert store.queries.desk.changes(since=NOON + DAY, limit=10) == [second]
    assert store.queries.desk.changes(since=NOON, limit=1) == [second]
    assert store.queries.desk.changes(since=NOON, before=NOON + DAY, limit=1, service="website") == [first]
    assert store.queries.desk.changes(since=NOON, before=NOON, limit=1) == []


def test_what_is_old_is_forgotten(store: Store) -> None:
    made(store, "one")
    kept = made(store, "two", after=KEPT_FOR)
    assert len(store.queries.desk.changes(since=NOON, limit=10)) == 2
    newest = made(store, "three", after=KEPT_FOR + timedelta(microseconds=1))
    assert store.queries.desk.changes(since=NOON, limit=10) == [newest, kept]
