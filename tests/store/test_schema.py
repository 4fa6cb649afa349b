"""Which file is a database of Tocsin, in which schema, and who may open it?"""

import fcntl
import stat
from pathlib import Path

import apsw
import pytest

from tests.store.file import rows_of
from tests.store.response import whole_responses
from tocsin.errors import InvalidInput, StoreError
from tocsin.store.address import path_of
from tocsin.store.file import ServerLock
from tocsin.store.migrate import POSTGRES, SQLITE, migrations
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
NEWEST = migrations(SQLITE)[-1][0]

# Schema


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES])
def test_migrations_are_numbered_densely_from_one(dialect: str) -> None:
    assert [number for number, _ in migrations(dialect)] == list(range(1, NEWEST + 1))


def test_both_databases_have_the_same_tables_and_columns(
    file_store: SqliteStore, postgres_store: PostgresStore
) -> None:
    in_file = """
        SELECT m.name, c.name FROM pragma_table_list AS m, pragma_table_info(m.name) AS c
        WHERE m.schema = 'main' AND m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid
    """
    on_server = """
        SELECT c.table_name, c.column_name FROM information_schema.columns AS c
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name != 'schema_version'
        ORDER BY c.table_name COLLATE "C", c.ordinal_position
    """
    assert rows_of(file_store, in_file) == rows_of(postgres_store, on_server)


def test_database_on_a_server_of_a_newer_tocsin_is_refused(postgres_store: PostgresStore) -> None:
    rows_of(postgres_store, "INSERT INTO schema_version (number) VALUES (?)", NEWEST + 1)
    fault = f"the database has schema {NEWEST + 1}, this Tocsin knows {NEWEST}: start the newer Tocsin"
    with pytest.raises(StoreError, match=fault):
        PostgresStore(postgres_store.url)


def test_schema_of_a_new_file_is_that_of_all_migrations_one_after_another(path: Path) -> None:
    SqliteStore(path).close()
    by_hand = apsw.Connection(":memory:")
    for _, text in migrations(SQLITE):
        list(by_hand.execute(text))
    assert rows_of(path, SCHEMA) == list(by_hand.execute(SCHEMA))
    assert rows_of(path, "PRAGMA user_version") == [(NEWEST,)]


def test_second_opening_changes_nothing(path: Path) -> None:
    first = SqliteStore(path)
    whole_responses(first)
    first.close()
    before = path.read_bytes()
    SqliteStore(path).close()
    assert path.read_bytes() == before


def test_database_of_a_newer_tocsin_is_refused_and_left_alone(path: Path) -> None:
    SqliteStore(path).close()
    rows_of(path, f"PRAGMA user_version = {NEWEST + 1}")
    before = path.read_bytes()
    fault = f"the database has schema {NEWEST + 1}, this Tocsin knows {NEWEST}: start the newer Tocsin"
    with pytest.raises(StoreError, match=fault):
        SqliteStore(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_migration_that_fails_leaves_nothing_of_itself(path: Path) -> None:
    rows_of(path, "CREATE TABLE outbox (letter TEXT)")
    with pytest.raises(StoreError, match="table outbox already exists"):
        SqliteStore(path)
    assert [name for _, name, _, _ in rows_of(path, SCHEMA)] == ["outbox"]
    assert rows_of(path, "PRAGMA user_version") == [(0,)]


def test_what_may_leave_is_found_without_reading_what_has_left(file_store: SqliteStore) -> None:
    lease = "SELECT id FROM outbox_next WHERE provider = 'slack' AND due_at <= 9 ORDER BY rank, id LIMIT 16"
    wait = "SELECT due_at FROM outbox_next WHERE provider = 'slack' ORDER BY due_at LIMIT 1"
    for query in (lease, wait):
        plan = " ".join(row[3] for row in rows_of(file_store, f"EXPLAIN QUERY PLAN {query}"))
        assert "mine USING INDEX outbox_due (provider=?" in plan
        assert "SCAN" not in plan


# The file


def test_commits_are_synced_to_the_disk(connections: list[apsw.Connection], path: Path) -> None:
    store = SqliteStore(path)
    writer, reader = connections
    assert (writer.pragma("journal_mode"), writer.pragma("synchronous")) == ("wal", 2)  # 2: FULL
    assert (writer.readonly("main"), reader.readonly("main")) == (False, True)
    store.close()


def test_only_its_owner_can_read_the_database(path: Path) -> None:
    with ServerLock(path):
        store = SqliteStore(path)
        whole_responses(store)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    names = ("tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "tocsin.db.lock")
    assert modes == dict.fromkeys(names, 0o600)


def test_directory_of_the_database_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lib" / "tocsin.db"
    with ServerLock(path):
        SqliteStore(path).close()
    assert path.exists()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("sqlite:///tocsin.db", "tocsin.db", id="three slashes are relative"),
        pytest.param("sqlite:////var/lib/tocsin.db", "/var/lib/tocsin.db", id="four slashes are absolute"),
        pytest.param("sqlite:///my%20data/a%23b.db", "my data/a#b.db", id="escapes are undone"),
    ],
)
def test_address_names_a_file(url: str, path: str) -> None:
    assert path_of(url) == Path(path)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "nothing"),
        ("sqlite:///", "sqlite://…"),
        ("tocsin.db", "no address"),
        ("postgresql://alice:secret@host/tocsin", "postgresql://…"),
        ("host=pg password=secret", "no address"),
    ],
)
def test_other_address_is_refused_with_the_form_that_is_wanted_and_without_its_password(url: str, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        path_of(url)
    assert str(caught.value) == f"database: must be sqlite:///FILE (or sqlite:////absolute/FILE), got {told}"


def test_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"database: must name a file, got the directory {tmp_path}"):
        path_of(f"sqlite:///{tmp_path}")


# One server at a time


def test_second_server_on_the_same_file_is_refused(path: Path) -> None:
    with ServerLock(path), pytest.raises(StoreError) as caught, ServerLock(path):
        pass
    assert str(caught.value) == f"{path}.lock: another `tocsin serve` uses this database; stop it first"


def test_file_is_free_again_once_its_server_has_stopped(path: Path) -> None:
    with ServerLock(path):
        pass
    with ServerLock(path):
        pass


def test_lock_outlives_a_server_that_was_refused(path: Path) -> None:
    with ServerLock(path):
        for _ in range(2):
            with pytest.raises(StoreError), ServerLock(path):
                pass


def test_lock_is_the_systems_so_that_it_ends_with_its_process(path: Path) -> None:
    with ServerLock(path), path.with_name("tocsin.db.lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "tocsin.db"
    with pytest.raises(StoreError, match=rf"{path}: can't be opened for writing: .*File exists: '{tmp_path}/file'"):
        SqliteStore(path)
    with pytest.raises(StoreError, match=rf"{path}\.lock: can't be locked: .*File exists"), ServerLock(path):
        pass
