"""Is a backup what the database was at one moment, whole, and for its owner alone?"""

import stat
import threading
from pathlib import Path

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, declared, whole_responses
from tests.store.test_verify import url_of
from tests.system.waiting import until
from tocsin.domain import commands as c
from tocsin.errors import InvalidInput, StoreError
from tocsin.store.backup import back_up
from tocsin.store.copying import tables_of
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.snapshot import file_moment, snapshot
from tocsin.store.sqlite import SqliteStore
from tocsin.store.verify import Verification


def test_backup_holds_every_row_of_every_table(store: Store, tmp_path: Path) -> None:
    responses = whole_responses(store)
    with store.transaction() as tx:
        tx.facts.set_token("hash", "admin", "admin", NOON)
        tx.quarantine.add("alertmanager", b"identity", b"\x00\xff{", "KeyError: 'a'", NOON)
    file = tmp_path / "backup.db"
    made = back_up(url_of(store), file, NOON)
    assert (made.file, made.incidents) == (file, len(responses))
    assert made.events == sum(len(response.events) for response in responses)
    assert made.size == file.stat().st_size
    with file_moment(file) as (reads, _):
        tables = tables_of(reads)
    assert set(tables) >= {"events", "incidents", "outbox", "alerts", "meta", "tokens", "quarantine", "sop_versions"}
    for table, (key, others) in tables.items():
        where = " WHERE name != 'backup_taken_at'" if table == "meta" else ""
        sql = f"SELECT {', '.join((*key, *others))} FROM {table}{where} ORDER BY {', '.join(key)}"
        assert rows_of(file, sql) == rows_of(store, sql), table


def test_backup_is_one_file_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    back_up(url_of(store), folder / "backup.db", NOON)
    assert [path.name for path in folder.iterdir()] == ["backup.db"]
    assert stat.S_IMODE((folder / "backup.db").stat().st_mode) == 0o600


def test_backup_never_replaces_a_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("mine")
    with pytest.raises(InvalidInput) as caught:
        back_up(url_of(store), file, NOON)
    assert str(caught.value) == f"{file}: exists already; a backup never replaces one: name another file"
    assert file.read_text() == "mine"


def test_backup_where_nothing_can_be_written_is_refused(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "no such folder" / "backup.db"
    with pytest.raises(StoreError, match=rf"{file}: can't be written: No such file or directory"):
        back_up(url_of(store), file, NOON)


def test_record_that_is_not_sound_gives_no_backup(store: Store, tmp_path: Path) -> None:
    incident = declared(store).id
    rows_of(store, "UPDATE events SET actor = 'mallory' WHERE seq = 2")
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(StoreError, match=f"not sound: events {incident}/2: its hash is not that of the event"):
        back_up(url_of(store), folder / "backup.db", NOON)
    assert list(folder.iterdir()) == []


def test_backup_that_is_taken_while_the_server_writes_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    response, is_over = declared(store), threading.Event()

    def write() -> None:
        while not is_over.is_set():
            response.send(c.AddNote(text="more"))

    def back_up_some() -> list[int]:
        return [back_up_after_more(number) for number in range(5)]

    def back_up_after_more(number: int) -> int:
        before = len(response.events)
        until(lambda: len(response.events) > before + 1, "more is written than the backup before may have")
        return back_up(url_of(store), tmp_path / f"{number}.db", NOON).events

    if isinstance(store, PostgresStore):
        writer = threading.Thread(target=write)
        writer.start()
        events = back_up_some()
        is_over.set()
        writer.join()
    else:  # one thread a connection: the test's own one writes
        events = []
        backing = threading.Thread(target=lambda: events.extend(back_up_some()))
        backing.start()
        while backing.is_alive():
            response.send(c.AddNote(text="more"))
        backing.join()
    assert len(events) == 5
    assert events == sorted(set(events))


def test_database_of_another_schema_is_not_backed_up(store: Store, tmp_path: Path) -> None:
    if isinstance(store, PostgresStore):
        rows_of(store, "DELETE FROM schema_version WHERE number > 2")
    else:
        rows_of(store, "PRAGMA user_version = 2")
    with pytest.raises(StoreError, match=r"the database has schema 2, this Tocsin has \d+: run `tocsin migrate` first"):
        back_up(url_of(store), tmp_path / "backup.db", NOON)
    assert not (tmp_path / "backup.db").exists()


def test_database_that_there_is_not_is_not_made_by_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    with pytest.raises(StoreError, match="there is no such file; name the database with --database"):
        back_up(f"sqlite:///{path}", tmp_path / "backup.db", NOON)
    assert list(tmp_path.iterdir()) == []


def test_proof_of_a_million_events_would_need_no_more_memory_than_that_of_a_thousand(file_store: SqliteStore) -> None:
    """What is read at once doesn't grow with the record."""
    for _ in range(3):
        incident = declared(file_store)
        for number in range(40):
            incident.send(c.AddNote(text=f"Note {number}"))
    asked: list[int] = []
    with snapshot(url_of(file_store)) as reads:

        class Counted:
            ONE_OF, NOW, list_of = reads.ONE_OF, reads.NOW, reads.list_of
            HAS_WORDS, sought = reads.HAS_WORDS, reads.sought

            def all(self, sql: str, *values: object) -> list[tuple[object, ...]]:
                rows = reads.all(sql, *values)
                asked.append(len(rows))
                return rows

        assert list(Verification(Counted(), at_once=50).faults()) == []
    assert max(asked) == 50
    assert sum(asked) > 120
