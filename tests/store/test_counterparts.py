"""Which incident of PagerDuty is which page?"""

from datetime import timedelta

from tests.store.response import NOON
from tocsin.store.counterparts import KEPT_FOR
from tocsin.store.open import Store


def note(store: Store, id_: str, page: str, after: timedelta = timedelta()) -> None:
    with store.transaction() as tx:
        tx.counterparts.note(id_, page, NOON + after)


def pages_of(store: Store, id_: str) -> list[str]:
    with store.transaction() as tx:
        return tx.counterparts.pages_of(id_)


def test_what_was_told_together_is_found_by_the_incident_alone(store: Store) -> None:
    note(store, "Q1", "INC-2026-0001-3-0")
    assert pages_of(store, "Q1") == ["INC-2026-0001-3-0"]
    assert pages_of(store, "Q2") == []


def test_incident_that_pagerduty_has_grouped_is_several_pages(store: Store) -> None:
    note(store, "Q1", "INC-2026-0002-3-0")
    note(store, "Q1", "INC-2026-0001-3-0")
    note(store, "Q1", "INC-2026-0001-3-0")
    assert pages_of(store, "Q1") == ["INC-2026-0001-3-0", "INC-2026-0002-3-0"]


def test_what_was_not_heard_of_for_long_is_forgotten(store: Store) -> None:
    note(store, "Q1", "INC-2026-0001-3-0")
    note(store, "Q2", "INC-2026-0002-3-0")
    note(store, "Q2", "INC-2026-0002-3-0", after=KEPT_FOR)
    note(store, "Q3", "INC-2026-0003-3-0", after=KEPT_FOR + timedelta(seconds=1))
    assert (pages_of(store, "Q1"), pages_of(store, "Q2")) == ([], ["INC-2026-0002-3-0"])
