"""Who is on call instead, as a database tells it; and which of two nodes ends an override."""

from datetime import datetime, timedelta

from tests.store.response import NOON
from tocsin.oncall.overrides import Layer, Override
from tocsin.store.open import Store
from tocsin.store.overrides import plain
from tocsin.store.rows import KeptOverride

HOUR = timedelta(hours=1)
ERIN = Override("platform", Layer.PRIMARY, "erin", NOON + HOUR, NOON + 3 * HOUR, "alice")
CHRIS = Override("backend", Layer.SECONDARY, "chris", NOON, NOON + 2 * HOUR)


def made(store: Store, *them: Override, at: datetime = NOON) -> list[KeptOverride]:
    with store.transaction() as tx:
        return [tx.overrides.add(it, "bob", at) for it in them]


def holding(store: Store, hours: float) -> tuple[Override, ...]:
    with store.transaction() as tx:
        return tx.overrides.holding(NOON + hours * HOUR)


def ended(store: Store, id_: int, hours: float) -> KeptOverride | None:
    with store.transaction() as tx:
        return tx.overrides.end(id_, "dana", NOON + hours * HOUR)


def test_override_comes_back_as_it_was_made(store: Store) -> None:
    first, second = made(store, ERIN, CHRIS)
    assert (first.override, first.made_by, first.made_at, first.cancelled_at) == (ERIN, "bob", NOON, None)
    assert store.queries.desk.overrides(NOON, NOON + HOUR) == [second]
    assert store.queries.desk.overrides(NOON, NOON + 2 * HOUR) == [first, second]
    assert store.queries.desk.newest_overrides(1) == [second]


def test_overrides_hold_from_their_start_up_to_their_end(store: Store) -> None:
    made(store, ERIN, CHRIS)
    assert [len(holding(store, hours)) for hours in (-0.1, 0, 1, 1.9, 2, 2.9, 3)] == [0, 1, 2, 2, 1, 1, 0]
    assert holding(store, 1) == (ERIN, CHRIS)


def test_a_transaction_sees_what_it_has_made_itself(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.overrides.holding(NOON) == ()
        tx.overrides.add(CHRIS, "bob", NOON)
        assert tx.overrides.holding(NOON) == (CHRIS,)
        tx.overrides.end(1, "bob", NOON)
        assert tx.overrides.holding(NOON) == ()


def test_override_that_is_cancelled_ends_at_once(store: Store) -> None:
    (it,) = made(store, CHRIS)
    cancelled = ended(store, it.id, 1)
    assert cancelled is not None
    assert (cancelled.override.ends_at, cancelled.cancelled_by) == (NOON + HOUR, "dana")
    assert (holding(store, 0.5), holding(store, 1)) == (plain([cancelled]), ())


def test_override_that_is_cancelled_before_it_begins_never_holds(store: Store) -> None:
    (it,) = made(store, ERIN)
    cancelled = ended(store, it.id, 0)
    assert cancelled is not None
    assert cancelled.override.ends_at == ERIN.starts_at
    assert holding(store, 1) == ()
    assert store.queries.desk.overrides(NOON, NOON + 9 * HOUR) == []


def test_override_ends_once(store: Store) -> None:
    (it,) = made(store, CHRIS)
    assert ended(store, it.id, 2) is None  # it is over by itself
    assert ended(store, it.id, 1) is not None
    assert ended(store, it.id, 1) is None
    assert ended(store, it.id + 1, 1) is None


def test_what_is_still_to_come_is_counted(store: Store) -> None:
    made(store, ERIN, CHRIS)
    with store.transaction() as tx:
        assert [tx.overrides.count_after(NOON + hours * HOUR) for hours in (0, 2, 3)] == [2, 1, 0]
        assert [tx.overrides.exists(number) for number in (1, 2, 3)] == [True, True, False]
