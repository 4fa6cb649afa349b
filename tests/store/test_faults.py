"""What is said when the disk or the file fails? Always StoreError: which file, what is wrong, what to do."""

import re
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, Response, declared, whole_responses
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain.events import Reach
from tocsin.errors import StoreError
from tocsin.sop.model import ContactMethod
from tocsin.store.open import Store
from tocsin.store.sqlite import SqliteStore
from tocsin.store.transaction import Transaction

LONG = "x" * 100_000
ALICE = Reach("alice", ContactMethod(via="inbox"))
UNDONE = "the disk is full or fails, and the transaction was undone"


def test_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"Dear diary, today nobody paged me.\n" * 100)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert str(caught.value) == f"database {path}: file is not a database; name another file, or move this one away"
    assert path.read_bytes().startswith(b"Dear diary")


def test_directory_in_the_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match=rf"database {path}: unable to open database file; let the user that runs"):
        SqliteStore(path)


def test_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    whole = SqliteStore(path)
    whole_responses(whole)
    whole.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # all but the first page, which says that it is a database
    path.write_bytes(content)
    fault = f"database {path}: database disk image is malformed; stop Tocsin, keep the file, and restore a backup"
    with pytest.raises(StoreError, match=re.escape(fault)):
        SqliteStore(path)


def test_file_that_cannot_be_written_is_said_to_be_read_only(
    connections: list[apsw.Connection], file_store: SqliteStore
) -> None:
    connections[0].pragma("query_only", True)
    with pytest.raises(StoreError) as caught:
        declared(file_store)
    remedy = "let the user that runs Tocsin write the file and its folder"
    assert str(caught.value) == f"database {file_store.path}: attempt to write a readonly database; {remedy}"
    assert file_store.queries.incidents(is_open=None, limit=10) == []


def test_lock_of_another_program_is_waited_for_and_then_told(
    connections: list[apsw.Connection], file_store: SqliteStore
) -> None:
    connections[0].set_busy_timeout(1)
    with closing(apsw.Connection(str(file_store.path))) as backup:
        backup.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            declared(file_store)
    assert (
        str(caught.value)
        == f"database {file_store.path}: database is locked; another program holds it: end that program"
    )
    assert declared(file_store).id == "INC-2026-0001"


@pytest.fixture
def full(connections: list[apsw.Connection], file_store: SqliteStore) -> SqliteStore:
    """A store whose file can't grow."""
    fill_up(connections[0])
    return file_store


def fill_up(writer: apsw.Connection) -> None:
    writer.pragma("max_page_count", writer.pragma("page_count"))


def write_long(tx: Transaction) -> None:
    tx.facts.set_meta("before", "it would fit")
    tx.facts.set_meta("large", LONG)


def write_in_parts(tx: Transaction) -> None:
    tx.facts.set_meta("before", "undone with the rest")
    with pytest.raises(StoreError, match="database or disk is full; free some space"), tx.savepoint():
        write_long(tx)
    with pytest.raises(StoreError, match=UNDONE), tx.savepoint():
        tx.facts.set_meta("after", "must not be committed by itself")


def test_full_disk_keeps_nothing_of_the_transaction(full: SqliteStore) -> None:
    with pytest.raises(StoreError) as caught, full.transaction() as tx:
        write_long(tx)
    assert str(caught.value) == f"database {full.path}: database or disk is full; free some space"
    assert [full.queries.meta(name) for name in ("before", "large")] == [None, None]


def test_nothing_is_written_beside_a_transaction_that_the_full_disk_has_undone(full: SqliteStore) -> None:
    with pytest.raises(StoreError, match=UNDONE), full.transaction() as tx:
        write_in_parts(tx)
    assert [full.queries.meta(name) for name in ("before", "large", "after")] == [None, None, None]


def test_full_disk_can_be_read_and_is_written_again_once_there_is_space(
    connections: list[apsw.Connection], file_store: SqliteStore
) -> None:
    response = declared(file_store)
    fill_up(connections[0])
    with pytest.raises(StoreError, match="database or disk is full"), file_store.transaction() as tx:
        write_long(tx)
    assert file_store.queries.incident(response.id) == response.incident
    connections[0].pragma("max_page_count", 1_000_000)
    with file_store.transaction() as tx:
        write_long(tx)
    assert file_store.queries.meta("large") == LONG


# What a newer Tocsin wrote, or a fault


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        pytest.param(
            "UPDATE incidents SET state = '{'", r"a stored incident can't be read: Input data was truncated", id="state"
        ),
        pytest.param(
            'UPDATE events SET event = \'{"kind":"dreamt"}\'',
            r"a stored event can't be read: Invalid value 'dreamt'",
            id="event",
        ),
    ],
)
def test_row_that_cannot_be_read_is_told_as_such(store: Store, damage: str, fault: str) -> None:
    response = declared(store)
    rows_of(store, damage)
    with pytest.raises(StoreError, match=f"{fault}.*; it is damaged, or a newer Tocsin has written it"):
        store.queries.incident(response.id), store.queries.timeline(response.id)


def test_delivery_that_cannot_be_read_is_given_back_and_the_others_leave(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    damaged, sound = declared(store), declared(store)
    (key,) = (row.key for row in store.queries.outbox.rows(incident=damaged.id) if row.provider == "pagerduty")
    rows_of(store, "UPDATE outbox SET effect = '[]' WHERE key = ?", key)
    with store.transaction() as tx:
        leased = tx.outbox.lease("pagerduty", "node-1", NOON, 16)
        assert [it.incident for it in leased.deliveries] == [sound.id]
        tx.outbox.give_back(leased.unreadable)
    assert f"{key}: this node can't deliver it: a stored effect can't be read" in caplog.text
    assert rows_of(store, "SELECT status FROM outbox WHERE key = ?", key) == [("pending",)]
    assert store.queries.outbox.next_delivery_at("pagerduty", leased.unreadable) is None
    with store.transaction() as tx:
        assert tx.outbox.lease("pagerduty", "node-2", NOON, 16, leased.unreadable).deliveries == ()


def of_a_newer_tocsin(store: Store) -> tuple[Response, Response]:
    """Two incidents with pages; the first one's by PagerDuty is of a kind that only a newer Tocsin knows."""
    strange, known = declared(store), declared(store)
    damage = """UPDATE outbox SET effect = '{"kind":"SendHologram"}' WHERE incident = ? AND provider = 'pagerduty'"""
    rows_of(store, damage, strange.id)
    return strange, known


def test_page_that_only_a_newer_tocsin_can_read_is_listed_as_such_with_the_others(store: Store) -> None:
    strange, _ = of_a_newer_tocsin(store)
    for listed in (store.queries.outbox.rows(limit=100), store.queries.outbox.pages()):
        (row,) = (it for it in listed if it.effect is None)
        assert (row.incident, row.provider, row.status) == (strange.id, "pagerduty", "pending")
        assert [it for it in listed if it.incident != strange.id]


def test_page_that_only_a_newer_tocsin_can_read_keeps_no_other_from_going_another_way(store: Store) -> None:
    strange, known = of_a_newer_tocsin(store)
    waiting = store.queries.outbox.waiting_pages("pagerduty")
    assert [it.incident for it in waiting.deliveries] == [known.id]
    rows = rows_of(store, "SELECT id FROM outbox WHERE incident = ? AND provider = 'pagerduty'", strange.id)
    assert [(id_,) for id_ in waiting.unreadable] == rows
    assert store.queries.outbox.waiting_pages("pagerduty", waiting.unreadable).unreadable == ()
    lead = waiting.deliveries[0].id
    rows_of(store, "UPDATE outbox SET status = 'counted', counted_in = ? WHERE id = ?", lead, waiting.unreadable[0])
    counted = store.queries.outbox.counted_in(lead)
    assert (counted.deliveries, counted.unreadable) == ((), waiting.unreadable)


def test_page_that_only_a_newer_tocsin_can_read_keeps_no_other_from_being_given_up(store: Store) -> None:
    _, known = of_a_newer_tocsin(store)
    with store.transaction() as tx:
        assert [it.incident for it in tx.waiting.since_before("pagerduty", NOON)] == [known.id]


def test_page_that_only_a_newer_tocsin_can_read_outdates_no_other(store: Store) -> None:
    strange = declared(store)
    with store.transaction() as tx:
        (page,) = (it for it in tx.outbox.lease("pagerduty", "node-1", NOON, 16).deliveries)
    strange.send(c.PageByHand(target="alice", reason="please"), after=1)
    damage = """UPDATE outbox SET effect = '{"kind":"SendHologram"}' WHERE id > ? AND provider = 'pagerduty'"""
    rows_of(store, damage, page.id)
    with store.transaction() as tx:
        assert not tx.outbox.is_outdated(page)


def test_test_page_that_only_a_newer_tocsin_can_read_hides_no_other(store: Store) -> None:
    for number in (1, 2):
        effect = f.SendPageTest(key=f"test/alice/{number}", reach=ALICE, asked_by="dana")
        with store.transaction() as tx:
            tx.page_tests.send(effect, NOON, NOON)
    rows_of(store, """UPDATE outbox SET effect = '{"kind":"SendHologram"}' WHERE key = 'test/alice/1'""")
    assert [it.key for it in store.queries.desk.page_tests("alice")] == ["test/alice/2"]
    assert [it.key for it in store.queries.desk.page_tests_by_person()["alice"]] == ["test/alice/2"]
