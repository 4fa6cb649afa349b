"""Is what somebody writes on a postmortem kept, and never overwritten by somebody who hasn't seen it?"""

from datetime import timedelta

import pytest

from tests.store.response import NOON
from tocsin.errors import Refused
from tocsin.store.open import Store
from tocsin.store.rows import Draft

ID = "INC-2026-0042"


def saved(store: Store, content: str | None, *, seen: int, by: str = "alice") -> Draft:
    with store.transaction() as tx:
        return tx.drafts.save(ID, content, seen=seen, by=by, now=NOON + timedelta(minutes=seen))


def test_draft_is_kept_under_a_version_that_counts_up(store: Store) -> None:
    assert store.queries.desk.postmortem_draft(ID) is None
    assert saved(store, "one", seen=0) == Draft(1, "one", NOON, "alice")
    second = saved(store, "two", seen=1, by="bob")
    assert store.queries.desk.postmortem_draft(ID) == second == Draft(2, "two", NOON + timedelta(minutes=1), "bob")


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_who_has_not_seen_the_newest_version_is_told_whose_it_is(store: Store, seen: int) -> None:
    saved(store, "one", seen=0)
    saved(store, "two", seen=1, by="bob")
    with pytest.raises(Refused) as caught:
        saved(store, "mine", seen=seen)
    assert caught.value.code == "draft_changed"
    told = f"version: bob has saved version 2 at 12:01:00 UTC, and you have seen {seen}: look at it first"
    assert str(caught.value) == told
    draft = store.queries.desk.postmortem_draft(ID)
    assert draft is not None
    assert draft.content == "two"


def test_version_that_never_was_is_refused(store: Store) -> None:
    with pytest.raises(Refused, match="version: there is no draft, so none of version 7; begin with 0"):
        saved(store, "x", seen=7)


def test_draft_that_is_on_record_is_over_and_its_version_passed(store: Store) -> None:
    saved(store, "one", seen=0)
    with store.transaction() as tx:
        tx.drafts.end(ID, "bob", NOON)
    assert store.queries.desk.postmortem_draft(ID) == Draft(2, None, NOON, "bob")
    with pytest.raises(Refused, match="bob has saved version 2"):
        saved(store, "mine", seen=1)
    assert saved(store, "again", seen=2).version == 3
