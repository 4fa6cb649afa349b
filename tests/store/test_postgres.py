"""What is particular about PostgreSQL? Connections are lost, others hold rows, commits may stay unconfirmed."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from string import ascii_letters

import psycopg
import pytest

from tests.postgres import Cluster, cluster, run_sql
from tests.store.response import NOON, declared
from tests.system.waiting import until
from tocsin.errors import InvalidInput, StoreError
from tocsin.store.bell import Bell
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres_connection import conninfo_of, name_of
from tocsin.store.postgres_watch import Watch

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != ?"


@pytest.fixture
def store(postgres_store: PostgresStore) -> PostgresStore:
    return postgres_store


def cut_connections(url: str) -> None:
    """Every connection to the database but this one is ended by the server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OTHERS.replace("?", "%s"), (connection.info.backend_pid,))


# Connections that are lost


def test_connection_lost_between_transactions_is_opened_anew(store: PostgresStore) -> None:
    declared(store)
    cut_connections(store.url)
    assert declared(store).id == "INC-2026-0002"


def test_connection_lost_in_a_transaction_keeps_nothing_of_it(store: PostgresStore) -> None:
    declared(store)

    def write_half() -> None:
        with store.transaction() as tx:
            tx.facts.set_meta("half", "done")
            cut_connections(store.url)
            tx.facts.set_meta("other", "half")

    with pytest.raises(StoreError, match=r"database tocsin_[0-9]+ on 127\.0\.0\.1: "):
        write_half()
    assert (store.queries.meta("half"), store.queries.meta("other")) == (None, None)


def test_part_after_a_lost_connection_is_not_committed_by_itself(store: PostgresStore) -> None:
    def write_on(url: str) -> None:
        with store.transaction() as tx:
            cut_connections(url)
            with pytest.raises(StoreError), tx.savepoint():
                tx.facts.set_meta("first", "part")
            with pytest.raises(StoreError, match="the transaction was undone"), tx.savepoint():
                tx.facts.set_meta("second", "part")

    with pytest.raises(StoreError, match="the transaction was undone"):
        write_on(store.url)
    assert (store.queries.meta("first"), store.queries.meta("second")) == (None, None)


def test_question_on_a_lost_connection_is_asked_again(store: PostgresStore) -> None:
    response = declared(store)
    assert store.queries.incident(response.id) == response.incident
    cut_connections(store.url)
    assert store.queries.incident(response.id) == response.incident


@pytest.fixture
def other_cluster() -> Iterator[Cluster]:
    """A server that the test may stop."""
    yield from cluster()


def test_server_that_is_away_is_said_to_be_away_and_found_again(other_cluster: Cluster) -> None:
    store = PostgresStore(other_cluster.new_database())
    response = declared(store)
    other_cluster.stop()
    with pytest.raises(StoreError):
        store.queries.incident(response.id)
    with pytest.raises(StoreError):
        declared(store)
    other_cluster.start()
    assert store.queries.incident(response.id) == response.incident
    assert declared(store).id == "INC-2026-0002"
    store.close()


@pytest.mark.slow
def test_server_that_neither_answers_nor_goes_away_is_given_up(store: PostgresStore) -> None:
    """A frozen machine: its kernel keeps the connection alive."""
    pids: list[int] = []
    watch = Watch(patience_seconds=1)
    watch.add(store._writer)
    watch.start()

    def write_to_a_frozen_server() -> None:
        with store.transaction() as tx:
            pids.extend(pid for (pid,) in tx.facts._connection.all("SELECT pg_backend_pid()"))
            os.kill(pids[0], signal.SIGSTOP)
            tx.facts.set_meta("never", "answered")

    try:
        with pytest.raises(StoreError):
            write_to_a_frozen_server()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        watch.stop()
    assert declared(store).id == "INC-2026-0001"
    assert store.queries.meta("never") is None


@pytest.mark.slow
def test_all_connections_to_a_server_that_does_not_answer_are_cut_at_once() -> None:
    """Those that wait for nothing, too: each would find out by waiting as long."""
    silent, idle = Line(waits_for=1), Line(waits_for=None)
    watch = Watch(patience_seconds=1)
    watch.add(silent)
    watch.add(idle)
    watch.start()
    try:
        until(lambda: silent.is_cut, "the server is given up")
        until(lambda: idle.is_cut, "nothing else is asked of it")
    finally:
        watch.stop()


@pytest.mark.slow
def test_connections_on_which_each_answer_comes_are_kept() -> None:
    busy = Busy(waits_for=1)
    watch = Watch(patience_seconds=1)
    watch.add(busy)
    watch.start()
    try:
        until(lambda: busy.looks >= 4, "it has been looked at")
    finally:
        watch.stop()
    assert not busy.is_cut


class Line:
    """A connection that waits for the same answer for ever, or for none."""

    def __init__(self, waits_for: int | None) -> None:
        self.is_cut = False
        self.looks = 0
        self._waits_for = waits_for

    def waiting_for(self) -> int | None:
        self.looks += 1
        return self._waits_for

    def hang_up(self) -> None:
        self.is_cut = True


class Busy(Line):
    """A connection that waits for another answer at each look."""

    def waiting_for(self) -> int | None:
        self.looks += 1
        return self.looks


# What others do


def test_row_that_another_holds_is_not_waited_for_long(store: PostgresStore) -> None:
    response = declared(store)
    with psycopg.connect(store.url) as other:
        other.execute("SELECT 1 FROM incidents FOR UPDATE")
        with pytest.raises(InTheWay, match="lock timeout"), store.transaction() as tx:
            tx.incidents.hold(response.id)
    with store.transaction() as tx:
        tx.incidents.hold(response.id)


def test_incident_that_another_is_waking_is_passed_over(store: PostgresStore) -> None:
    first, second = declared(store), declared(store)
    with psycopg.connect(store.url) as other:
        other.execute("SELECT 1 FROM incidents WHERE id = %s FOR UPDATE", (first.id,))
        with store.transaction() as tx:
            assert tx.incidents.due(first.now + timedelta(hours=1), 10) == [second.id]


def test_delivery_that_another_is_leasing_is_passed_over(store: PostgresStore) -> None:
    first, second = declared(store), declared(store)
    with psycopg.connect(store.url) as other:
        other.execute("SELECT 1 FROM outbox WHERE incident = %s FOR UPDATE", (first.id,))
        with store.transaction() as tx:
            leased = tx.outbox.lease("pagerduty", "node-2", first.now + timedelta(hours=1), 10)
            assert {it.incident for it in leased.deliveries} == {second.id}


def test_what_another_did_once_is_not_done_twice(store: PostgresStore) -> None:
    with store.transaction() as tx:
        with pytest.raises(Stale, match="duplicate key"), tx.savepoint():
            tx.alerts._connection.many("INSERT INTO meta (name, value) VALUES (?, '')", [("once",), ("once",)])
        tx.facts.set_meta("after", "goes on")
    assert (store.queries.meta("once"), store.queries.meta("after")) == (None, "goes on")


# Commits


@pytest.fixture
def lone_primary(store: PostgresStore, postgres: Cluster) -> Iterator[None]:
    """The server waits for a standby that isn't there."""
    admin = postgres.url("postgres")
    wait_for_standby(admin, "nobody")
    yield
    wait_for_standby(admin, "")


def wait_for_standby(admin: str, name: str) -> None:
    run_sql(admin, f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    run_sql(admin, "SELECT pg_reload_conf()")
    until(lambda: run_sql(admin, "SHOW synchronous_standby_names") == [(name,)], "the server has read it")


def test_commit_that_no_standby_confirmed_is_not_called_durable(store: PostgresStore, lone_primary: None) -> None:
    waiting = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    impatient = threading.Thread(target=lambda: until(lambda: run_sql(store.url, waiting), "the commit waits"))
    impatient.start()
    refusal = until(lambda: refusal_of_a_commit(store), "a commit waits for the standby")
    assert "the standby did not confirm the commit" in refusal
    impatient.join()


def refusal_of_a_commit(store: PostgresStore) -> str:
    """Empty where the server has not come to know of its standby yet, which it does after it tells so itself."""
    try:
        with store.transaction() as tx:
            tx.facts.set_meta("perhaps", "lasting")
    except StoreError as error:
        return str(error)
    return ""


def test_asynchronous_commits_are_not_accepted(store: PostgresStore) -> None:
    name = store.url.rpartition("/")[2]
    run_sql(store.url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    again = PostgresStore(store.url)
    with again.transaction() as tx:
        assert tx.facts._connection.all("SHOW synchronous_commit") == [("on",)]
    again.close()


def test_value_that_no_column_holds_is_a_bug_and_not_a_fault_of_the_database(store: PostgresStore) -> None:
    with pytest.raises(psycopg.DataError):
        store.queries.alerts(limit=10**30)
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        keep(store, "".join(random.Random(1).choices(ascii_letters, k=20_000)))
    assert declared(store).id == "INC-2026-0001"


def keep(store: PostgresStore, version: str) -> None:
    with store.transaction() as tx:
        tx.facts.keep_sop(version, "", NOON)


def test_clock_of_the_database_is_told(store: PostgresStore) -> None:
    with store.transaction() as tx:
        assert abs(tx.database_now() - datetime.now(UTC)) < timedelta(seconds=5)


# Waking each other


@pytest.mark.slow
def test_bell_is_heard_by_others_and_not_by_its_own_node(store: PostgresStore) -> None:
    heard: dict[str, list[int]] = {"one": [], "other": []}
    one = Bell(store.url, lambda: heard["one"].append(1))
    other = Bell(store.url, lambda: heard["other"].append(1))
    one.start()
    other.start()
    until(lambda: heard["one"] and heard["other"], "both listen")
    before = len(heard["one"])
    one.ring()
    until(lambda: len(heard["other"]) == 2, "the other hears")
    assert len(heard["one"]) == before
    cut_connections(store.url)
    until(lambda: len(heard["other"]) == 3, "it looks for itself once it listens again")
    other.stop()
    one.stop()


# Addresses


def test_address_with_several_hosts_finds_the_one_that_can_write() -> None:
    told = conninfo_of("postgresql://a:1,b:2/tocsin?connect_timeout=9")
    assert "host=a,b" in told
    assert "target_session_attrs=read-write" in told
    assert "connect_timeout=9" in told  # what the address says holds


def test_password_is_never_in_the_name() -> None:
    assert name_of("postgresql://tocsin:hunter2@db.example/prod") == "database prod on db.example"


def test_address_that_libpq_does_not_understand_is_refused() -> None:
    with pytest.raises(InvalidInput, match="database: not a PostgreSQL address that libpq understands"):
        conninfo_of("postgresql://host/db?no_such_option=1")


@pytest.mark.parametrize("read", [conninfo_of, name_of])
def test_password_of_an_address_that_can_not_be_read_is_not_told(read: Callable[[str], str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        read("postgresql://tocsin:s%zzcret@host/db")
    assert "zzcret" not in str(caught.value)
    assert "`%` %25" in str(caught.value)
