"""Is an incident kept as it was decided? States, timelines, numbers and groups."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from tests.store.file import rows_of
from tests.store.response import LOUD, NOON, QUIET, SEV1, SEV3, Response, declared, from_alert, whole_responses
from tocsin.domain import commands as c
from tocsin.domain.apply import fold
from tocsin.domain.context import MOST_COUNTED, Decision, PastIncident
from tocsin.domain.effects import AnyEffect, BriefNewcomer, OfPageTest
from tocsin.domain.events import AnyEvent
from tocsin.errors import NotFound, Refused
from tocsin.store.connection import Stale
from tocsin.store.open import Store
from tocsin.store.transaction import Transaction

# States and timelines


def test_every_kind_of_event_comes_back_as_it_was_written(store: Store) -> None:
    responses = whole_responses(store)
    for response in responses:
        assert store.queries.timeline(response.id) == response.events
    happened = {type(it.event) for response in responses for it in response.events}
    assert happened == set(get_args(AnyEvent))


def test_every_kind_of_effect_comes_back_as_it_was_written(store: Store) -> None:
    responses = whole_responses(store)
    for response in responses:
        rows = reversed(store.queries.outbox.rows(incident=response.id))
        assert [row.effect for row in rows] == response.effects
    sent = {type(effect) for response in responses for effect in response.effects}
    undecided = {*OfPageTest.__subclasses__(), BriefNewcomer}  # no decision sends these
    assert sent == set(get_args(AnyEffect)) - undecided


def test_stored_state_is_the_fold_of_the_stored_timeline(store: Store) -> None:
    for response in whole_responses(store):
        stored = store.queries.incident(response.id)
        assert stored == fold(store.queries.timeline(response.id)) == response.incident


def test_state_is_the_fold_after_every_command(store: Store) -> None:
    response = from_alert(store)
    for command in (
        c.Acknowledge(),
        c.Assess(severity=SEV1, reason="all users"),
        c.Resolve(),
        c.Reopen(reason="again"),
    ):
        response.send(command, after=1)
        with store.transaction() as tx:
            assert tx.incidents.get(response.id) == fold(store.queries.timeline(response.id))


def test_event_takes_its_place_in_the_timeline_once(store: Store) -> None:
    response = declared(store)
    before = fold(response.events[:-1])
    again = Decision(before, response.incident, tuple(response.events[-1:]), (), (), None)
    with pytest.raises(Stale, match="another node has decided on it meanwhile"), store.transaction() as tx:
        tx.save(again)
    assert store.queries.timeline(response.id) == response.events


def test_unknown_incident_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(NotFound, match="incident: there is no 'INC-2026-0007'"):
        store.queries.incident("INC-2026-0007")
    with store.transaction() as tx, pytest.raises(NotFound, match="incident: there is no 'INC-2026-0007'"):
        tx.incidents.get("INC-2026-0007")
    assert store.queries.timeline("INC-2026-0007") == []


# Wake-ups


def test_due_incidents_are_those_whose_wake_up_has_come_the_longest_overdue_first(store: Store) -> None:
    later, sooner = declared(store, now=NOON + timedelta(minutes=2)), declared(store)
    quiet = from_alert(store, QUIET)
    with store.transaction() as tx:
        assert tx.incidents.due(NOON + timedelta(minutes=5), 10) == [sooner.id]
        assert tx.incidents.due(NOON + timedelta(minutes=7), 10) == [sooner.id, later.id]
        assert tx.incidents.due(NOON + timedelta(minutes=7), 1) == [sooner.id]
        assert quiet.id not in tx.incidents.due(NOON + timedelta(days=365), 10)
    assert store.queries.next_wake_at() == NOON + timedelta(minutes=5)


def test_incidents_that_a_node_looks_away_from_do_not_count(store: Store) -> None:
    first, second = declared(store), declared(store, now=NOON + timedelta(minutes=1))
    with store.transaction() as tx:
        assert tx.incidents.due(NOON + timedelta(minutes=9), 10, (first.id,)) == [second.id]
    assert store.queries.next_wake_at((first.id,)) == NOON + timedelta(minutes=6)
    assert store.queries.next_wake_at((first.id, second.id)) is None


def test_without_a_deadline_nothing_wakes(store: Store) -> None:
    assert store.queries.next_wake_at() is None
    declared(store).send(c.Cancel(reason="a drill"))
    assert store.queries.next_wake_at() is None


# Numbers


def test_numbers_count_by_utc_year(store: Store) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    with store.transaction() as tx:
        given = [tx.incidents.next_id(at) for at in (NOON, NOON, new_year - timedelta(seconds=1), new_year)]
    assert given == ["INC-2026-0001", "INC-2026-0002", "INC-2026-0003", "INC-2027-0001"]


def test_number_of_a_transaction_that_was_rolled_back_is_given_again(store: Store) -> None:
    declared(store)
    with pytest.raises(AssertionError, match="invalid_declaration"):
        Response(store, c.Declare(title="Slow", service="unknown", trigger=LOUD.trigger))
    assert declared(store).id == "INC-2026-0002"


@pytest.mark.slow
def test_numbers_past_9999_grow_longer(store: Store) -> None:
    with store.transaction() as tx:
        given = [tx.incidents.next_id(NOON) for _ in range(10_000)]
    assert given[-2:] == ["INC-2026-9999", "INC-2026-10000"]


# Groups of alerts


def opened_again(store: Store, first: Response) -> tuple[Response, Response]:
    """An incident that is resolved, and the one that its alerts open afterwards."""
    return first.send(c.Resolve()), from_alert(store)


def test_open_incident_of_a_group_is_found_until_it_is_over(store: Store) -> None:
    response = from_alert(store)
    with store.transaction() as tx:
        assert tx.incidents.open_ones_of(["website{}", "api{}"]) == {"website{}": response.id}
    response.send(c.Resolve())
    with store.transaction() as tx:
        assert tx.incidents.open_ones_of(["website{}"]) == {}


def test_group_of_alerts_has_one_open_incident(store: Store) -> None:
    first = from_alert(store)
    with pytest.raises(Stale, match=f"another node has opened {first.id} for the same alerts meanwhile"):
        from_alert(store)
    assert [it.id for it in store.queries.incidents(is_open=None, limit=10)] == [first.id]


def test_incident_whose_alerts_have_opened_another_is_not_reopened(store: Store) -> None:
    first, second = opened_again(store, from_alert(store))
    with pytest.raises(Refused, match=f"{first.id}: its alerts have opened {second.id} meanwhile; work on that one"):
        first.send(c.Reopen(reason="it is back"))
    assert store.queries.incident(first.id) == first.incident
    assert store.queries.timeline(first.id) == first.events


def test_incident_is_reopened_once_the_other_one_of_its_group_is_over(store: Store) -> None:
    first, second = opened_again(store, from_alert(store))
    second.send(c.Cancel(reason="the same"))
    first.send(c.Reopen(reason="it is back"))
    with store.transaction() as tx:
        assert tx.incidents.open_ones_of(["website{}"]) == {"website{}": first.id}


def test_incidents_without_alerts_are_of_no_group(store: Store) -> None:
    assert [declared(store).id, declared(store).id] == ["INC-2026-0001", "INC-2026-0002"]


def test_groups_do_not_stand_in_each_others_way(store: Store) -> None:
    from_alert(store)
    other = from_alert(store, replace(LOUD, group_key="api{}"))
    assert other.id == "INC-2026-0002"


# What patterns count


def recent(tx: Transaction, *, days: int = 7, but: str = "") -> tuple[PastIncident, ...]:
    return tx.incidents.recent("website", SEV3, NOON - timedelta(days=days), but)


def test_recent_incidents_are_those_of_the_service_and_severity_within_the_span(store: Store) -> None:
    long_ago, lately = NOON - timedelta(days=8), NOON - timedelta(days=6)
    declared(store, SEV3, now=long_ago)
    counted = declared(store, SEV3, now=lately)
    for severity in (None, SEV1):
        declared(store, severity, now=lately)
    declared(store, SEV3, now=lately).send(c.Cancel(reason="a drill"))
    other_service = c.Declare(title="Slow", service="api", trigger=LOUD.trigger, severity=SEV3)
    Response(store, other_service, now=lately)
    with store.transaction() as tx:
        assert recent(tx) == (PastIncident(SEV3, lately),)
        assert recent(tx, but=counted.id) == ()
        assert len(recent(tx, days=9)) == 2
        assert recent(tx, days=6) == ()  # it began exactly then: the span is half-open


def test_no_more_recent_incidents_are_counted_than_are_news_the_newest_of_them(store: Store) -> None:
    for minutes in range(3):
        declared(store, SEV3, now=NOON + timedelta(minutes=minutes))
    others = "seq, is_open, status, severity, severity_rank, service, title, opened_at, state"
    copies = f"""
        WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
        INSERT INTO incidents (id, {others})
        SELECT 'INC-2026-' || (10000 + number), {others} FROM numbers, incidents WHERE id = 'INC-2026-0003'
    """
    rows_of(store, copies, MOST_COUNTED)
    with store.transaction() as tx:
        assert {it.opened_at for it in recent(tx)} == {NOON + timedelta(minutes=2)}
        assert len(recent(tx)) == MOST_COUNTED


# Transactions


def write_and_fail(tx: Transaction, name: str) -> None:
    tx.facts.set_meta(name, "lost")
    assert tx.facts.meta(name) == "lost"
    raise RuntimeError("a bug")


def test_transaction_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError, match="a bug"), store.transaction() as tx:
        write_and_fail(tx, "whole")
    assert store.queries.meta("whole") is None


def test_part_of_a_transaction_is_undone_alone(store: Store) -> None:
    with store.transaction() as tx:
        tx.facts.set_meta("before", "kept")
        with pytest.raises(RuntimeError, match="a bug"), tx.savepoint():
            write_and_fail(tx, "part")
        with tx.savepoint():
            tx.facts.set_meta("after", "kept")
    assert [store.queries.meta(name) for name in ("before", "part", "after")] == ["kept", None, "kept"]


def test_part_inside_a_part_is_undone_alone(store: Store) -> None:
    with store.transaction() as tx, tx.savepoint():
        tx.facts.set_meta("outer", "kept")
        with pytest.raises(RuntimeError, match="a bug"), tx.savepoint():
            write_and_fail(tx, "inner")
    assert [store.queries.meta(name) for name in ("outer", "inner")] == ["kept", None]


def test_what_is_written_is_read_only_after_the_commit(store: Store) -> None:
    with store.transaction() as tx:
        tx.facts.set_meta("installation", "k3x9")
        assert store.queries.meta("installation") is None
        assert tx.facts.meta("installation") == "k3x9"
    assert store.queries.meta("installation") == "k3x9"


def test_what_was_committed_is_there_after_a_reopening(store: Store, reopened: Callable[[Store], Store]) -> None:
    responses = whole_responses(store)
    again = reopened(store)
    assert [again.queries.incident(it.id) for it in responses] == [it.incident for it in responses]


def test_columns_that_queries_read_agree_with_the_state(store: Store) -> None:
    columns = "id, seq, is_open, status, severity, service, title, group_key"
    expected = [
        (it.id, it.seq, not it.status.is_over, it.status, it.severity, it.service, it.title, it.group_key)
        for it in (response.incident for response in whole_responses(store))
    ]
    assert rows_of(store, f"SELECT {columns} FROM incidents ORDER BY id") == expected
