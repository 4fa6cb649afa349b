"""Who is served, and what is counted in whose page? The same on both databases; two nodes never serve one recipient."""

from datetime import timedelta

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, SEV1, SEV2, SEV3, Response, declared
from tocsin.domain import commands as c
from tocsin.domain.effects import SendPage
from tocsin.domain.storm import APART, MOST_COUNTED
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.rows import Delivery
from tocsin.store.sqlite import SqliteStore

SECOND = timedelta(seconds=1)
STATUS = "SELECT status, counted_in FROM outbox WHERE provider = 'pagerduty' AND page IS NOT NULL ORDER BY id"


def lease(store: Store, after: timedelta = SECOND, limit: int = 16) -> list[Delivery]:
    with store.transaction() as tx:
        return list(tx.outbox.lease("pagerduty", "node-1", NOON + after, limit).deliveries)


def settle(store: Store, delivery: Delivery, status: str = "done", after: timedelta = SECOND) -> None:
    with store.transaction() as tx:
        assert tx.outbox.settle(delivery, status, NOON + after, "")


def opened(store: Store, count: int) -> list[Response]:
    return [declared(store, SEV2, now=NOON + number * SECOND / 1000) for number in range(count)]


def paged(delivery: Delivery) -> tuple[str, str, tuple[str, ...]]:
    assert isinstance(delivery.effect, SendPage)
    return delivery.incident, delivery.effect.reach.person, delivery.effect.more


def test_what_is_counted_is_written_down_with_the_lease(store: Store) -> None:
    first, *others = opened(store, 5)
    (delivery,) = lease(store)
    assert paged(delivery) == (first.id, "alice", tuple(it.id for it in others))
    assert delivery.counted == 4
    assert rows_of(store, STATUS) == [("leased", None), *[("counted", delivery.id)] * 4]
    assert rows_of(store, "SELECT sum(attempts) FROM outbox WHERE status = 'counted'") == [(0,)]


def test_next_page_of_a_storm_is_leased_a_minute_after_the_last_was_taken(store: Store) -> None:
    opened(store, 5)
    (delivery,) = lease(store)
    settle(store, delivery, after=4 * SECOND)
    opened(store, 3)
    assert store.queries.outbox.next_delivery_at("pagerduty") == NOON + 4 * SECOND + APART
    assert lease(store, 3 * SECOND + APART) == []
    assert len(lease(store, 4 * SECOND + APART)) == 1


def test_lone_page_leaves_within_the_minute_all_the_same(store: Store) -> None:
    opened(store, 5)
    (delivery,) = lease(store)
    settle(store, delivery)
    later = declared(store, SEV2)
    assert [paged(it) for it in lease(store, 2 * SECOND)] == [(later.id, "alice", ())]


def test_storm_whose_node_has_died_keeps_its_distance_to_the_one_that_left_meanwhile(store: Store) -> None:
    opened(store, 5)
    (stuck,) = lease(store)
    opened(store, 1)
    (lone,) = lease(store)
    settle(store, lone)
    opened(store, 3)
    (other,) = lease(store, 2 * SECOND + APART)
    assert other.counted == 2
    settle(store, other, after=3 * SECOND + APART)
    with store.transaction() as tx:
        tx.outbox.release_all()
    assert lease(store, 4 * SECOND + APART) == []
    (again,) = lease(store, 3 * SECOND + 2 * APART)
    assert (again.id, again.counted) == (stuck.id, 4)


def test_page_that_was_refused_keeps_the_next_one_from_nothing(store: Store) -> None:
    opened(store, 5)
    (delivery,) = lease(store)
    opened(store, 3)
    settle(store, delivery, "failed")
    assert len(lease(store)) == 1


def test_lone_page_that_was_refused_does_not_make_the_storm_before_it_forgotten(store: Store) -> None:
    opened(store, 5)
    (storm,) = lease(store)
    settle(store, storm)
    opened(store, 1)
    (lone,) = lease(store, 5 * SECOND)
    settle(store, lone, "failed", 5 * SECOND)
    opened(store, 4)
    assert store.queries.outbox.next_delivery_at("pagerduty") == NOON + SECOND + APART
    assert lease(store, APART) == []
    assert len(lease(store, SECOND + APART)) == 1


def test_next_page_of_a_storm_keeps_its_distance_to_one_that_was_taken_late(store: Store) -> None:
    opened(store, 5)
    (storm,) = lease(store)
    opened(store, 1)
    (lone,) = lease(store, 2 * SECOND)
    settle(store, lone, after=2 * SECOND)
    settle(store, storm, after=20 * SECOND)
    opened(store, 4)
    assert lease(store, 19 * SECOND + APART) == []
    assert len(lease(store, 20 * SECOND + APART)) == 1


def test_each_recipient_is_served_once_before_anybody_is_served_twice(store: Store) -> None:
    alone = declared(store, SEV2)
    alone.send(c.PageByHand(target="erin", reason="have a look"))
    declared(store, SEV2)
    assert {paged(it)[1] for it in lease(store, limit=2)} == {"alice", "erin"}


def test_pages_and_notifications_are_not_counted_in_one_another(store: Store) -> None:
    """Whoever is to be woken isn't by what informs them of something else."""
    for _ in range(4):
        declared(store, SEV1)
    kinds = {(it.effect.reach.person, it.effect.urgency) for it in lease(store) if isinstance(it.effect, SendPage)}
    assert ("alice", "page") in kinds
    rows = rows_of(store, "SELECT recipient FROM outbox WHERE status = 'counted' AND provider = 'pagerduty'")
    assert set(rows) == {("1 page alice",)}


def test_incident_that_gets_worse_is_not_counted_in_a_lesser_page_any_longer(store: Store) -> None:
    *_, last = opened(store, 4)
    (delivery,) = lease(store)
    last.send(c.Assess(severity=SEV1, reason="it spreads"))
    assert next(paged(it) for it in lease(store)) == (last.id, "alice", ())
    assert rows_of(store, "SELECT count(*) FROM outbox WHERE counted_in = ?", delivery.id) == [(2,)]


def test_page_that_is_under_way_while_its_incident_gets_worse_is_tried_again_as_what_it_is(store: Store) -> None:
    (first,) = opened(store, 1)
    (delivery,) = lease(store)
    first.send(c.Assess(severity=SEV1, reason="it spreads"))
    opened(store, 4)
    with store.transaction() as tx:
        tx.outbox.postpone(delivery, NOON + 2 * SECOND, "HTTP 502")
    assert [paged(it)[0] for it in lease(store, 2 * SECOND, limit=1)] == [first.id]
    rows = rows_of(store, "SELECT status, recipient FROM outbox WHERE id = ?", delivery.id)
    assert rows == [("leased", "1 page alice")]


def test_sev1_is_not_counted_in_a_page_that_has_become_lesser(store: Store) -> None:
    first, *others = [declared(store, SEV1, now=NOON + number * SECOND / 1000) for number in range(4)]
    (delivery,) = [it for it in lease(store) if it.counted]
    with store.transaction() as tx:
        tx.outbox.postpone(delivery, NOON + 50 * SECOND, "HTTP 502")
    first.send(c.Assess(severity=SEV3, reason="one user"))
    rows = rows_of(store, "SELECT status, recipient FROM outbox WHERE id > ? AND page IS NOT NULL", delivery.id)
    assert {row for row in rows if row[1] == "1 page alice"} == {("pending", "1 page alice")}
    assert {paged(it)[0] for it in lease(store, APART + SECOND) if it.counted} <= {it.id for it in others}


def test_answered_incident_is_not_counted_any_longer(store: Store) -> None:
    first, second, *_ = opened(store, 4)
    (delivery,) = lease(store)
    second.send(c.Acknowledge())
    with store.transaction() as tx:
        tx.outbox.postpone(delivery, NOON + 9 * SECOND, "HTTP 502")
    (again,) = (it for it in lease(store, 9 * SECOND) if it.id == delivery.id)
    assert len(paged(again)[2]) == 2
    first.send(c.Resolve())  # while its page is under way: it is no lease any more, but what is counted waits for it
    assert [row for row in rows_of(store, STATUS) if row[0] == "counted"] == [("counted", delivery.id)] * 2
    with store.transaction() as tx:
        tx.storms.free(delivery.id)
    assert [row[0] for row in rows_of(store, STATUS)].count("pending") == 2


def test_person_who_was_told_of_an_incident_since_is_not_told_again_after_an_outage(store: Store) -> None:
    (first,) = opened(store, 1)
    (delivery,) = lease(store)
    with store.transaction() as tx:
        tx.outbox.postpone(delivery, NOON + 2 * SECOND, "HTTP 502")
    first.send(c.PageByHand(target="alice", reason="have a look"), after=0.5)
    (again,) = lease(store, timedelta(minutes=2), limit=1)
    settle(store, again, after=timedelta(minutes=3))
    assert lease(store, timedelta(minutes=5)) == []
    rows = rows_of(store, "SELECT status, note FROM outbox WHERE provider = 'pagerduty' ORDER BY id DESC LIMIT 1")
    assert rows == [("suppressed", "a later page tells the same")]


def test_number_of_what_waits_does_not_matter_to_who_looks(file_store: SqliteStore) -> None:
    """Recipients are found by jumps, what waits for each by an index: nothing is read through."""
    page = "FROM outbox WHERE provider = 'p' AND recipient = 'r' AND status = 'pending' AND recipient IS NOT NULL"
    questions = {
        "SELECT min(recipient) FROM outbox WHERE provider = 'p' AND status = 'pending' AND recipient IS NOT NULL "
        "AND outbox.recipient > 'a'": "outbox_recipient",
        f"SELECT due_at {page} ORDER BY due_at LIMIT 1": "outbox_recipient_due",
        f"SELECT id {page} ORDER BY rank, created_at, id LIMIT {MOST_COUNTED}": "outbox_recipient_rank",
        "SELECT count(*) FROM outbox WHERE provider = 'p' AND recipient = 'r' AND status = 'leased'": "under_way",
        "SELECT min(counted_in) FROM outbox WHERE status = 'counted' AND counted_in > 7": "outbox_counted",
        "SELECT outbox.due_at FROM outbox_next JOIN outbox ON outbox.id = outbox_next.id WHERE outbox.provider = 'p' "
        "AND outbox.status = 'pending' AND outbox.recipient IS NULL ORDER BY outbox.due_at LIMIT 1": "others_due",
    }
    for question, index in questions.items():
        plan = " ".join(row[3] for row in rows_of(file_store, f"EXPLAIN QUERY PLAN {question}"))
        assert index in plan, plan
        assert "USE TEMP B-TREE" not in plan, plan


# Several nodes


def test_two_nodes_do_not_serve_one_recipient_at_once(postgres_store: PostgresStore) -> None:
    declared(postgres_store, SEV2)  # the recipient is known from now on; who is new makes the others wait a moment
    settle(postgres_store, lease(postgres_store)[0])
    opened(postgres_store, 4)
    other = PostgresStore(postgres_store.url)
    with postgres_store.transaction() as tx:
        assert len(tx.outbox.lease("pagerduty", "one", NOON + 2 * APART, 16).deliveries) == 1
        assert lease(other, 2 * APART) == []
    assert lease(other, 2 * APART) == []
    assert [row[0] for row in rows_of(other, STATUS)] == ["done", "leased", *["counted"] * 3]
    other.close()


def test_other_recipients_are_served_meanwhile(postgres_store: PostgresStore) -> None:
    opened(postgres_store, 4)
    declared(postgres_store, SEV3).send(c.PageByHand(target="erin", reason="have a look"))
    other = PostgresStore(postgres_store.url)
    with postgres_store.transaction() as tx:
        (mine,) = tx.outbox.lease("pagerduty", "one", NOON + SECOND, 1).deliveries
        assert paged(mine)[1] == "alice"
    assert [paged(it)[1] for it in lease(other)] == ["erin"]
    other.close()


@pytest.mark.parametrize("status", ["done", "failed"])
def test_some_are_ended_at_a_time_until_none_is_left(store: Store, status: str) -> None:
    opened(store, 60)
    (delivery,) = lease(store)
    settle(store, delivery, status)
    portions = []
    for _ in range(3):
        with store.transaction() as tx:
            portions.append(len(tx.storms.end(delivery.id, status, NOON + SECOND, "as its page")))
    assert portions == [50, 9, 0]
    assert store.queries.outbox.leads_that_ended("pagerduty") == []
