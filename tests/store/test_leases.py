"""Who may deliver, and for how long? A lease ends by itself, and an outcome counts only for the newest attempt."""

import hashlib
import json
from datetime import timedelta

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, Response, declared, whole_responses
from tocsin.domain import commands as c
from tocsin.store.codec import to_column
from tocsin.store.open import Store
from tocsin.store.outbox import LEASE
from tocsin.store.rows import Delivery, Member

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
STATUS = "SELECT status FROM outbox WHERE id = ?"


def lease(store: Store, node: str = "one") -> Delivery:
    """The only page that is to leave, leased by the node."""
    with store.transaction() as tx:
        (delivery,) = tx.outbox.lease("pagerduty", node, NOON + MINUTE, 16).deliveries
    return delivery


def expire(store: Store) -> list[str]:
    """Let every lease run out, and give back what is."""
    rows_of(store, "UPDATE outbox SET leased_until = leased_until - ?", LEASE // timedelta(microseconds=1))
    with store.transaction() as tx:
        return tx.outbox.release_expired()


@pytest.fixture
def response(store: Store) -> Response:
    return declared(store)


def test_lease_that_still_runs_is_nobody_elses(store: Store, response: Response) -> None:
    delivery = lease(store)
    with store.transaction() as tx:
        assert tx.outbox.release_expired() == []
    assert store.queries.outbox.may_leave(delivery, "one")
    assert not store.queries.outbox.may_leave(delivery, "other")


def test_lease_that_has_run_out_is_given_back_and_its_holder_may_not_send(store: Store, response: Response) -> None:
    delivery = lease(store)
    assert expire(store) == [delivery.key]
    assert not store.queries.outbox.may_leave(delivery, "one")
    again = lease(store, "other")
    assert (again.key, again.attempts) == (delivery.key, 2)
    assert store.queries.outbox.may_leave(again, "other")


def test_lease_that_is_about_to_run_out_is_too_short_to_send_under(store: Store, response: Response) -> None:
    delivery = lease(store)
    rows_of(store, "UPDATE outbox SET leased_until = leased_until - ?", (LEASE - 4 * SECOND) // MICROSECOND)
    assert not store.queries.outbox.may_leave(delivery, "one")
    with store.transaction() as tx:
        tx.outbox.renew("one", [delivery.id])
    assert store.queries.outbox.may_leave(delivery, "one")


def test_lease_of_before_the_clock_was_set_back_lasts_no_longer_than_any(store: Store, response: Response) -> None:
    delivery = lease(store)
    rows_of(store, "UPDATE outbox SET leased_until = leased_until + ?", timedelta(hours=1) // MICROSECOND)
    with store.transaction() as tx:
        assert tx.outbox.release_expired() == []
    assert store.queries.outbox.may_leave(delivery, "one")
    assert expire(store) == [delivery.key]


def test_renewed_lease_does_not_run_out(store: Store, response: Response) -> None:
    delivery = lease(store)
    rows_of(store, "UPDATE outbox SET leased_until = 0 WHERE status = 'leased'")
    with store.transaction() as tx:
        tx.outbox.renew("one", [delivery.id])
        assert tx.outbox.release_expired() == []


def test_lease_is_renewed_for_its_holder_only(store: Store, response: Response) -> None:
    delivery = lease(store)
    rows_of(store, "UPDATE outbox SET leased_until = 0 WHERE status = 'leased'")
    with store.transaction() as tx:
        tx.outbox.renew("other", [delivery.id])
        tx.outbox.renew("one", [])
        assert tx.outbox.release_expired() == [delivery.key]


def test_outcome_of_an_attempt_that_is_no_longer_the_newest_changes_nothing(store: Store, response: Response) -> None:
    stale = lease(store)
    expire(store)
    current = lease(store, "other")
    with store.transaction() as tx:
        assert not tx.outbox.settle(stale, "failed", NOON + MINUTE, "late")
        assert not tx.outbox.postpone(stale, NOON + 9 * MINUTE, "late")
    assert rows_of(store, STATUS, stale.id) == [("leased",)]
    with store.transaction() as tx:
        assert tx.outbox.settle(current, "done", NOON + MINUTE, "")


def test_outcome_counts_where_nobody_has_begun_anew(store: Store, response: Response) -> None:
    delivery = lease(store)
    expire(store)
    with store.transaction() as tx:
        assert tx.outbox.settle(delivery, "done", NOON + MINUTE, "")
    assert rows_of(store, STATUS, delivery.id) == [("done",)]


def test_page_answered_while_it_is_leased_may_not_leave_any_more(store: Store, response: Response) -> None:
    delivery = lease(store)
    response.send(c.Acknowledge(), after=1)
    assert not store.queries.outbox.may_leave(delivery, "one")
    with store.transaction() as tx:
        assert tx.outbox.is_stopped(delivery)


def test_nodes_tell_of_themselves_and_are_seen(store: Store) -> None:
    one = Member("vm-1", "vm", 1, "0.1.0", "http://127.0.0.1:8770", "76de", ("inbox", "pagerduty"))
    other = Member("vm-2", "vm", 2, "0.1.0", "http://127.0.0.1:8771", "76de", ())
    for member in (one, other, one):
        with store.transaction() as tx:
            tx.nodes.seen(member)
    assert {it.member for it in store.queries.nodes()} == {one, other}
    assert all(0 <= it.silent_for < 60 for it in store.queries.nodes())
    rows_of(store, "UPDATE nodes SET seen_at = seen_at - 61000000 WHERE id = 'vm-1'")
    with store.transaction() as tx:
        assert tx.nodes.living() == (other,)
        tx.nodes.gone("vm-1")
    assert [it.member for it in store.queries.nodes()] == [other]


def test_every_event_is_chained_to_the_one_before(store: Store) -> None:
    for response in whole_responses(store):
        before = ""
        rows = rows_of(store, "SELECT * FROM events WHERE incident = ? ORDER BY seq", response.id)
        assert len(rows) == response.incident.seq
        for incident, seq, at, actor, via, _, event, hash_ in rows:
            text = json.dumps([before, incident, seq, at, actor, via, event], separators=(",", ":"), ensure_ascii=False)
            assert hash_ == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
            before = hash_
        assert rows[-1][2] == to_column(response.incident.changed_at)
