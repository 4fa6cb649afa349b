"""Which node calls the emergency contacts for an alarm, and when may they be called again?"""

from datetime import timedelta

from tests.store.response import NOON
from tocsin.store.open import Store

MINUTE = timedelta(minutes=1)


def claim(store: Store, *alarms: str, at: float = 0, for_: float = 1) -> frozenset[str]:
    with store.transaction() as tx:
        return tx.cries.claim(alarms, NOON + at * MINUTE, NOON + (at + for_) * MINUTE)


def test_alarm_is_claimed_by_one_and_by_another_once_the_claim_has_ended(store: Store) -> None:
    assert claim(store, "database", "waker") == {"database", "waker"}
    assert claim(store, "database", "outbox", at=0.5) == {"outbox"}
    assert claim(store, "database", at=1) == {"database"}


def test_alarm_that_was_told_is_left_quiet_until_then(store: Store) -> None:
    claim(store, "database")
    with store.transaction() as tx:
        tx.cries.keep_quiet({"database"}, NOON + 15 * MINUTE)
    assert claim(store, "database", at=14.9) == frozenset()
    assert claim(store, "database", at=15) == {"database"}
