"""Who did what, and has anybody changed it since? The log only grows, and every change of it is noticed."""

from datetime import timedelta

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON
from tocsin.errors import StoreError
from tocsin.store.audit_log import Deed
from tocsin.store.audit_queries import Head
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.verify_audit import AuditVerification, head_of

SECOND = timedelta(seconds=1)
UNGUARDED = {
    "sqlite": ("DROP TRIGGER audit_log_unchanged", "DROP TRIGGER audit_log_undeleted"),
    "postgres": ("DROP TRIGGER audit_log_unchanged ON audit_log",),
}


def told(store: Store, *actions: str) -> None:
    """Each action in a transaction of its own, a second apart."""
    for number, action in enumerate(actions):
        with store.transaction() as tx:
            tx.audit.add(Deed("alice", "web", action, "INC-2026-0042", {"event": number}), NOON + number * SECOND)


def faults(store: Store, *noted: Head) -> list[str]:
    return list(AuditVerification(store.apart()).faults(noted))


def tampered(store: Store, sql: str) -> list[str]:
    """The faults after somebody has changed the log behind its back."""
    kind = "postgres" if isinstance(store, PostgresStore) else "sqlite"
    for statement in (*UNGUARDED[kind], sql):
        rows_of(store, statement)
    return faults(store)


def test_what_was_done_is_told_the_newest_first(store: Store) -> None:
    told(store, "incident.acknowledge", "incident.assess")
    found = store.queries.audit.entries(limit=10)
    assert [(it.seq, it.actor, it.action, it.target) for it in found] == [
        (2, "alice", "incident.assess", "INC-2026-0042"),
        (1, "alice", "incident.acknowledge", "INC-2026-0042"),
    ]
    assert found[0].detail == '{"event":1}'
    assert found[0].hash_before == found[1].hash


def test_entries_are_found_by_actor_target_and_time(store: Store) -> None:
    told(store, "a", "b", "c")
    audit = store.queries.audit
    assert [it.action for it in audit.entries(limit=10, before=NOON + 2 * SECOND)] == ["b", "a"]
    assert [it.action for it in audit.entries(limit=1, actor="alice", target="INC-2026-0042")] == ["c"]
    assert audit.entries(limit=10, actor="bob") == audit.entries(limit=10, target="INC-2026-0001") == []


def test_pages_of_entries_lose_none_of_one_instant(store: Store) -> None:
    with store.transaction() as tx:
        for action in "abcde":
            tx.audit.add(Deed("alice", "web", action), NOON)
    audit = store.queries.audit
    first = audit.entries(limit=2)
    second = audit.entries(limit=9, below=(first[-1].lane, first[-1].seq))
    assert [it.action for it in (*first, *second)] == ["e", "d", "c", "b", "a"]
    assert audit.entries(limit=9, below=(7, 7)) == []


def test_entry_is_there_only_if_what_it_tells_of_is(store: Store) -> None:
    def undone() -> None:
        with store.transaction() as tx:
            tx.audit.add(Deed("alice", "web", "a"), NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert store.queries.audit.entries(limit=10) == []


def test_log_that_nobody_has_touched_is_whole(store: Store) -> None:
    told(store, "a", "b", "c")
    (head,) = store.queries.audit.heads()
    assert faults(store, head) == []
    assert head_of(str(head)) == head


@pytest.mark.parametrize("sql", ["UPDATE audit_log SET actor = 'bob'", "DELETE FROM audit_log"])
def test_database_refuses_to_change_an_entry(store: Store, sql: str) -> None:
    told(store, "a")
    with pytest.raises(StoreError, match="the audit log is only ever added to"), store.transaction() as tx:
        tx.audit._connection.all(sql)
    assert faults(store) == []


@pytest.mark.parametrize("column", ["actor", "via", "action", "target", "detail"])
def test_changed_entry_is_named(store: Store, column: str) -> None:
    told(store, "a", "b", "c")
    found = tampered(store, f"UPDATE audit_log SET {column} = 'x' WHERE seq = 2")
    assert found == ["audit_log 0/2: it was changed after it was written"]


def test_changed_time_is_noticed(store: Store) -> None:
    told(store, "a", "b")
    assert tampered(store, "UPDATE audit_log SET at = at + 1 WHERE seq = 1") == [
        "audit_log 0/1: it was changed after it was written"
    ]


def test_missing_entry_is_noticed(store: Store) -> None:
    told(store, "a", "b", "c")
    assert tampered(store, "DELETE FROM audit_log WHERE seq = 2") == [
        "audit_log 0/3: 2 comes next: something was taken out before it"
    ]


def test_entries_that_change_places_are_noticed(store: Store) -> None:
    told(store, "a", "b", "c")
    swap = "UPDATE audit_log SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq > 1"
    tampered(store, swap)
    rows_of(store, "UPDATE audit_log SET seq = -seq WHERE seq < 0")
    assert any("changed after it was written" in fault for fault in faults(store))


def test_cut_off_end_shows_by_the_head_that_was_noted(store: Store) -> None:
    told(store, "a", "b", "c")
    (head,) = store.queries.audit.heads()
    assert tampered(store, "DELETE FROM audit_log WHERE seq = 3") == []
    assert faults(store, head) == ["audit_log 0/3: was noted, and is not there: the end was cut off"]


def test_log_written_anew_shows_by_the_head_that_was_noted(store: Store) -> None:
    told(store, "a")
    noted = Head(0, 1, "0" * 64)
    assert faults(store, noted) == ["audit_log 0/1: was noted with another hash: the lane was written anew"]


@pytest.mark.parametrize("text", ["", "0:1", "0:1:abc", "x:1:" + "0" * 64, "0:-1:" + "0" * 64, "0:1:" + "0" * 65])
def test_what_is_no_head_is_told_from_one(text: str) -> None:
    assert head_of(text) is None


def test_two_nodes_write_at_once_and_neither_waits(postgres_store: PostgresStore) -> None:
    other = PostgresStore(postgres_store.url)
    with postgres_store.transaction() as mine, other.transaction() as theirs:
        mine.audit.add(Deed("alice", "web", "a"), NOON)
        theirs.audit.add(Deed("bob", "web", "b"), NOON)
        mine.audit.add(Deed("alice", "web", "c"), NOON)
    other.close()
    assert [(it.lane, it.seq) for it in postgres_store.queries.audit.heads()] == [(0, 2), (1, 1)]
    assert faults(postgres_store) == []


def test_text_that_a_database_cannot_hold_is_kept_as_it_can(store: Store) -> None:
    with store.transaction() as tx:
        tx.audit.add(Deed("a\0b", "web", "x", "\ud83d", {"note": "c\0d"}), NOON)
    (entry,) = store.queries.audit.entries(limit=1)
    assert (entry.actor, entry.target) == ("a\ufffdb", "?")
    assert faults(store) == []
