"""Does `verify` name what was changed behind Tocsin's back? Every column of what never changes by itself, forged."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.postgres import Cluster
from tests.store.file import rows_of
from tests.store.response import declared, whole_responses
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.snapshot import snapshot
from tocsin.store.sqlite import SqliteStore
from tocsin.store.verify import Verification

_EVENTS = ("incident", "seq", "at", "actor", "via", "kind", "event", "hash")
_INCIDENTS = (
    "id",
    "seq",
    "is_open",
    "status",
    "severity",
    "severity_rank",
    "service",
    "title",
    "group_key",
    "opened_at",
    "wake_at",
    "held_at",
    "state",
)
# What a delivery goes through (status, attempts, times, lease, note) changes by itself; what is sent doesn't.
_OUTBOX = ("key", "incident", "provider", "lane", "page", "effect", "created_at", "digest")
_KEYS = {"events": ("incident", "seq"), "incidents": ("id",), "outbox": ("id",)}
_COLUMNS = [
    *(("events", column) for column in _EVENTS),
    *(("incidents", column) for column in _INCIDENTS),
    *(("outbox", column) for column in _OUTBOX),
]


def url_of(store: Store) -> str:
    return store.url if isinstance(store, PostgresStore) else f"sqlite:///{path_of(store)}"


def path_of(store: Store) -> str:
    assert isinstance(store, SqliteStore)
    return str(store.path)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Whole responses; who changes anything of them puts it back."""
    if request.param == "sqlite":
        with closing(SqliteStore(tmp_path_factory.mktemp("record") / "tocsin.db")) as file:
            whole_responses(file)
            yield file
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with closing(PostgresStore(cluster.migrated_database())) as on_server:
        whole_responses(on_server)
        yield on_server
    cluster.drop_database(on_server.url)


def faults(store: Store) -> list[str]:
    with snapshot(url_of(store)) as reads:
        return list(Verification(reads).faults())


def another(value: Any) -> Iterator[Any]:
    """Values that a forger would put in the place of this one."""
    match value:
        case None:
            yield 1
        case int():
            yield value + 100_003
        case str():
            yield f"{value} "
            yield value[:-2] + chr(ord(value[-2]) ^ 1) + value[-1] if len(value) > 1 else f"{value}x"


def test_record_of_whole_responses_is_sound_and_counted(store: Store) -> None:
    responses = whole_responses(store)
    with snapshot(url_of(store)) as reads:
        verification = Verification(reads)
        assert list(verification.faults()) == []
    assert verification.incidents == len(responses)
    assert verification.events == sum(len(response.events) for response in responses)
    assert verification.deliveries == sum(len(response.effects) for response in responses)
    assert verification.unchained == 0


def test_empty_record_is_sound(store: Store) -> None:
    assert faults(store) == []


@pytest.mark.parametrize(("table", "column"), [pytest.param(*it, id=".".join(it)) for it in _COLUMNS])
def test_any_row_in_which_one_column_was_changed_is_named(record: Store, table: str, column: str) -> None:
    assert faults(record) == []
    key = _KEYS[table]
    every = 1 if table == "incidents" else 10 if isinstance(record, SqliteStore) else 40
    rows = rows_of(record, f"SELECT {', '.join(key)}, {column} FROM {table} ORDER BY {', '.join(key)}")
    where = " AND ".join(f"{name} = ?" for name in key)
    update = f"UPDATE {table} SET {column} = ? WHERE {where}"
    for *names, value in rows[::every]:
        for forged in another(value):
            if column in ("title", "service") and forged == value:
                continue
            rows_of(record, update, forged if value is not None or column.endswith("_at") else str(forged), *names)
            found = faults(record)
            assert found, f"{table}.{column} of {names}: {value!r} became {forged!r}"
            if column not in key:
                assert any(str(names[0]) in it for it in found), found
            restored = [forged if name == column else it for name, it in zip(key, names, strict=True)]
            rows_of(record, update, value, *restored)
    assert faults(record) == []


@pytest.mark.parametrize("table", _KEYS)
def test_row_that_was_removed_is_missed(record: Store, table: str) -> None:
    key = _KEYS[table]
    where = " AND ".join(f"{name} = ?" for name in key)
    rows = rows_of(record, f"SELECT {', '.join(key)} FROM {table} ORDER BY {', '.join(key)}")
    is_page = f"SELECT {', '.join(key)} FROM {table} WHERE page IS NOT NULL" if table == "outbox" else ""
    for names in rows_of(record, is_page)[:3] if is_page else rows[::10]:
        row = rows_of(record, f"SELECT * FROM {table} WHERE {where}", *names)
        rows_of(record, f"DELETE FROM {table} WHERE {where}", *names)
        assert faults(record), names
        marks = ", ".join("?" * len(row[0]))
        rows_of(record, f"INSERT INTO {table} VALUES ({marks})", *row[0])
    assert faults(record) == []


def test_newest_events_cut_off_are_missed(store: Store) -> None:
    incident = declared(store)
    rows_of(store, "DELETE FROM events WHERE incident = ? AND seq > 2", incident.id)
    first, *_ = faults(store)
    assert first.startswith(f"incidents {incident.id}: state.")


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        pytest.param("status", "sent", "status is 'sent': must be one of pending, leased", id="a status"),
        pytest.param("status", "done", "it is done, and not settled", id="an end without a time"),
        pytest.param("status", "leased", "it is leased by nobody", id="a lease without a node"),
        pytest.param("attempts", -1, "attempts is -1: must be 0 at least", id="attempts"),
        pytest.param("settled_at", 1, "it is pending, and settled all the same", id="a time without an end"),
        pytest.param("rank", 9, "rank is 9: must be one of 1 to 5", id="a rank"),
    ],
)
def test_course_of_a_delivery_that_cannot_be_is_named(store: Store, column: str, value: Any, fault: str) -> None:
    declared(store)
    ((id_, key),) = rows_of(store, "SELECT id, key FROM outbox ORDER BY id LIMIT 1")
    rows_of(store, f"UPDATE outbox SET {column} = ? WHERE id = ?", value, id_)
    assert faults(store)[0].startswith(f"outbox {id_} ({key}): {fault}")


def test_sop_that_was_changed_is_named(store: Store) -> None:
    incident = declared(store)
    rows_of(store, "UPDATE sop_versions SET content = replace(content, '\"15m\"', '\"16m\"')")
    version = incident.incident.sop_version
    assert faults(store)[0] == f"incidents {incident.id}: its SOP, version {version}, has been changed"


def test_number_that_would_be_given_out_again_is_named(store: Store) -> None:
    incident = declared(store)
    rows_of(store, "UPDATE incident_numbers SET last = 0")
    assert faults(store) == [f"incident_numbers 2026: {incident.id} is there already, and would be given out again"]


def test_record_longer_than_one_reading_is_looked_at_whole(store: Store) -> None:
    from tocsin.domain import commands as c

    incident = declared(store)
    for number in range(120):
        incident.send(c.AddNote(text=f"Note {number}"))
    rows_of(store, "UPDATE events SET actor = 'mallory' WHERE seq = 110")
    with snapshot(url_of(store)) as reads:
        (fault,) = Verification(reads, at_once=50).faults()
    assert fault.startswith(f"events {incident.id}/110: its hash is not that of the event")
