"""Which jobs have called, and which of several nodes finds one missing?"""

from datetime import timedelta

from tests.store.response import NOON
from tocsin.store.open import Store
from tocsin.store.rows import Monitor

MINUTE = timedelta(minutes=1)


def monitor(store: Store, name: str = "backup") -> Monitor:
    return next(it for it in store.queries.monitors() if it.name == name)


def expected(store: Store, *names: str) -> None:
    with store.transaction() as tx:
        tx.monitors.expect(names or ("backup",), NOON)


def test_job_that_is_expected_has_all_its_time_from_then_on(store: Store) -> None:
    expected(store)
    with store.transaction() as tx:
        tx.monitors.expect(("backup",), NOON + MINUTE)
    assert monitor(store) == Monitor("backup", NOON, 0, timedelta(), None)


def test_call_is_noted_and_says_since_when_the_job_was_missing(store: Store) -> None:
    expected(store)
    with store.transaction() as tx:
        assert tx.monitors.call("backup", NOON + MINUTE) is None
        assert tx.monitors.miss(tx.monitors.all()["backup"], NOON + 5 * MINUTE)
        assert tx.monitors.call("backup", NOON + 6 * MINUTE) == NOON + 5 * MINUTE
    assert monitor(store) == Monitor("backup", NOON + 6 * MINUTE, 2, timedelta(), None)


def test_job_is_found_missing_once(store: Store) -> None:
    expected(store)
    seen = monitor(store)
    for is_first in (True, False):
        with store.transaction() as tx:
            assert tx.monitors.miss(seen, NOON + MINUTE) is is_first


def test_job_that_has_called_since_it_was_read_is_not_missing(store: Store) -> None:
    expected(store)
    seen = monitor(store)
    with store.transaction() as tx:
        tx.monitors.call("backup", NOON + MINUTE)
        assert not tx.monitors.miss(seen, NOON + MINUTE)


def test_time_in_which_nobody_looked_is_told_once_whoever_looks_next(store: Store) -> None:
    told = []
    for minutes in (0, 1, 11, 11):
        with store.transaction() as tx:
            told.append(tx.monitors.time_since_a_look(NOON + minutes * MINUTE))
    assert told == [0 * MINUTE, MINUTE, 10 * MINUTE, 0 * MINUTE]


def test_excuse_adds_up_until_the_job_calls_and_is_for_none_that_is_missing(store: Store) -> None:
    expected(store, "backup", "report")
    with store.transaction() as tx:
        tx.monitors.miss(tx.monitors.all()["report"], NOON)
        tx.monitors.excuse(MINUTE)
        tx.monitors.excuse(MINUTE)
    assert (monitor(store).excused_for, monitor(store, "report").excused_for) == (2 * MINUTE, timedelta())
    with store.transaction() as tx:
        tx.monitors.call("backup", NOON)
        tx.monitors.forget("report")
    assert [(it.name, it.excused_for) for it in store.queries.monitors()] == [("backup", timedelta())]
