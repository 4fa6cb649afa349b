"""Is a restoration quiet, and is nothing lost by it? Backups taken, lived past and put back, on the test's clock."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import firing, minute, resolved
from tests.engine.pagerduty import events
from tests.engine.rehearsal import Rehearsal
from tests.postgres import Cluster, run_sql
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import Status
from tocsin.engine.restoring import Restoration, Restored, restore
from tocsin.errors import InvalidInput, Refused, StoreError
from tocsin.sop.words import Severity
from tocsin.store.backup import back_up
from tocsin.store.file import ServerLock
from tocsin.store.postgres import PostgresStore
from tocsin.store.rows import Member
from tocsin.store.snapshot import snapshot
from tocsin.store.verify import Verification


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def backed_up(rehearsal: Rehearsal, name: str = "backup.db") -> Path:
    """A backup of the database as it is."""
    return back_up(url_of(rehearsal.path), rehearsal.path.with_name(name), rehearsal.now).file


def put_back(rehearsal: Rehearsal, file: Path, **more: object) -> Restored:
    """The backup in the database's place, and a server on it."""
    rehearsal.store.close()
    asked = Restoration(url_of(rehearsal.path), file, rehearsal.path, rehearsal.now, is_forced=True)
    restored = restore(replace(asked, **more))
    rehearsal.restart()
    return restored


def assert_sound(url: str) -> None:
    with snapshot(url) as reads:
        assert list(Verification(reads).faults()) == []


def keys_sent(rehearsal: Rehearsal) -> list[str]:
    """The dedup keys that PagerDuty was given with a trigger, in order."""
    return [it.key for it in events(rehearsal.sandbox) if it.action == "trigger"]


# Quiet


@pytest.mark.slow
def test_nothing_is_sent_after_a_restoration_however_much_fell_due_before(rehearsal: Rehearsal) -> None:
    for severity in Severity:
        rehearsal.declare(severity)
    rehearsal.take(firing("DiskFull"))
    file = backed_up(rehearsal)  # every first page is still on its way
    rehearsal.at(600)
    sent = len(events(rehearsal.sandbox))
    restored = put_back(rehearsal, file)
    assert (restored.incidents, restored.held) == (5, 5)
    rehearsal.at(1_200)
    assert len(events(rehearsal.sandbox)) == sent
    assert all(it.held_since == minute(600) for it in rehearsal.incidents())
    ends = {(status, note) for _, status, note in rehearsal.ends()}
    assert ends == {("suppressed", "restored: not sent")}
    assert_sound(url_of(rehearsal.path))


def test_what_happens_after_a_restoration_pages_at_once(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV1)
    file = backed_up(rehearsal)
    rehearsal.at(60)
    put_back(rehearsal, file)
    before = len(rehearsal.pages())
    rehearsal.declare(Severity.SEV1, "api")
    rehearsal.take(firing("DiskFull")).work()
    assert len(rehearsal.pages()) == before + 2


def test_resolved_incident_is_held_where_its_postmortem_would_be_called_for(rehearsal: Rehearsal) -> None:
    grave, mild = rehearsal.declare(Severity.SEV1).id, rehearsal.declare(Severity.SEV4).id
    for id_ in (grave, mild):
        rehearsal.change(id_, c.Resolve())
    file = backed_up(rehearsal)
    put_back(rehearsal, file)
    assert rehearsal.queries.incident(grave).held_since is not None
    assert rehearsal.queries.incident(mild).held_since is None


# Release


def test_released_incident_pages_its_primary_and_counts_its_ladder_anew(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    rehearsal.at(3)
    file = backed_up(rehearsal)
    rehearsal.at(60)
    put_back(rehearsal, file)
    before = rehearsal.pages()
    rehearsal.change(incident, c.Release(reason="it still is"), by="bob")
    rehearsal.at(66)
    assert rehearsal.pages()[len(before) :] == [(60, "alice"), (65, "bob")]
    (released,) = rehearsal.happened(incident, e.Released)
    assert released.reason == "it still is"
    assert_sound(url_of(rehearsal.path))


def test_release_of_an_acknowledged_incident_wakes_nobody_and_goes_on_with_its_cadence(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    rehearsal.at(1).change(incident, c.Acknowledge(), by="alice")
    file = backed_up(rehearsal)
    rehearsal.at(120)
    put_back(rehearsal, file)
    before = rehearsal.pages()
    it = rehearsal.change(incident, c.Release())
    assert (it.status, it.acknowledged_by) == (Status.ACKNOWLEDGED, "alice")
    rehearsal.at(136)
    assert rehearsal.pages() == before
    (_, overdue), *_ = [(it.at, it.event) for it in rehearsal.queries.timeline(incident) if it.at > minute(120)][-2:]
    assert isinstance(overdue, e.UpdateOverdue | e.Reminded)


def test_what_is_not_held_cannot_be_released(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare().id
    with pytest.raises(Refused, match=f"{incident} is not held: there is nothing to release"):
        rehearsal.change(incident, c.Release())


@pytest.mark.parametrize("command", [c.Acknowledge(), c.Resolve(), c.Cancel(reason="over"), c.Mitigate()])
def test_person_may_work_on_a_held_incident_and_wakes_nobody(rehearsal: Rehearsal, command: c.Change) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    file = backed_up(rehearsal)
    rehearsal.at(30)
    put_back(rehearsal, file)
    before = rehearsal.pages()
    rehearsal.change(incident, command)
    rehearsal.at(300)
    assert rehearsal.pages() == before


def test_page_that_may_have_left_after_the_backup_is_ended_at_the_provider_all_the_same(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    file = backed_up(rehearsal)  # the page is not sent yet
    rehearsal.at(1)
    (key,) = keys_sent(rehearsal)
    put_back(rehearsal, file)
    rehearsal.change(incident, c.Resolve())
    rehearsal.work()
    assert [(it.action, it.key) for it in events(rehearsal.sandbox)][-1] == ("resolve", key)


# Monitoring


def test_alert_that_monitoring_repeats_releases_its_incident(rehearsal: Rehearsal) -> None:
    alert = firing("DiskFull")
    incident = rehearsal.take(alert).at(1).only.id
    file = backed_up(rehearsal)
    rehearsal.at(60)
    put_back(rehearsal, file)
    before = len(rehearsal.pages())
    rehearsal.take(alert).work()
    (released,) = rehearsal.happened(incident, e.Released)
    assert released.reason == "monitoring says that it still fires: DiskFull on the website"
    assert len(rehearsal.pages()) == before + 1
    assert rehearsal.take(alert).work().happened(incident, e.Released) == [released]  # once


def test_further_alert_of_the_group_releases_its_incident(rehearsal: Rehearsal) -> None:
    incident = rehearsal.take(firing("DiskFull", instance="a")).at(1).only.id
    put_back(rehearsal, backed_up(rehearsal))
    rehearsal.take(firing("DiskFull", at=1, instance="b")).work()
    assert len(rehearsal.happened(incident, e.Released)) == 1


def test_firing_that_is_older_than_the_end_of_its_alert_releases_nothing(rehearsal: Rehearsal) -> None:
    first, second = (firing("DiskFull", instance=name) for name in "ab")
    incident = rehearsal.take(first, second).at(5).take(resolved("DiskFull", at=4, instance="a")).only.id
    put_back(rehearsal, backed_up(rehearsal))
    rehearsal.take(first).work()
    assert rehearsal.happened(incident, e.Released) == []


def test_all_clear_after_a_restoration_is_recorded_and_wakes_nobody(rehearsal: Rehearsal) -> None:
    incident = rehearsal.take(firing("DiskFull")).at(1).only.id
    put_back(rehearsal, backed_up(rehearsal))
    before = rehearsal.pages()
    rehearsal.at(9).take(resolved("DiskFull", at=9)).at(60)
    assert len(rehearsal.happened(incident, e.AlertsCleared)) == 1
    assert rehearsal.pages() == before


# Names


def test_no_page_key_means_two_things_even_after_two_restorations_of_one_backup(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    rehearsal.at(2)
    file = backed_up(rehearsal)
    lives: list[set[str]] = []
    for _ in range(3):
        before = len(keys_sent(rehearsal))
        rehearsal.at((rehearsal.now - minute(0)) / timedelta(minutes=1) + 30)
        lives.append(set(keys_sent(rehearsal)[before:]))
        put_back(rehearsal, file)
        rehearsal.change(incident, c.Release())
    rehearsal.work()
    first, second, third = lives
    assert min(len(life) for life in lives) > 0
    assert len(first | second | third) == len(first) + len(second) + len(third)
    assert_sound(url_of(rehearsal.path))


def test_numbers_of_incidents_go_on_past_those_that_were_given_out(rehearsal: Rehearsal) -> None:
    rehearsal.declare()
    file = backed_up(rehearsal)
    lost = [rehearsal.declare().id for _ in range(3)]
    put_back(rehearsal, file)
    assert rehearsal.declare().id == "INC-2026-1001"
    put_back(rehearsal, file)
    assert rehearsal.declare().id == "INC-2026-2001"
    assert lost == ["INC-2026-0002", "INC-2026-0003", "INC-2026-0004"]


# Tokens


def test_token_that_was_revoked_since_stays_revoked(rehearsal: Rehearsal) -> None:
    def let_in(*hashes: str) -> None:
        with rehearsal.store.transaction() as tx:
            for hash_ in hashes:
                tx.facts.set_token(hash_, hash_, "admin", rehearsal.now)

    with rehearsal.store.transaction() as tx:
        tx.facts.first_meta("installation", "k3x9")
    let_in("kept", "replaced", "noted")
    file = backed_up(rehearsal)
    rows_of(rehearsal.path, "DELETE FROM tokens WHERE hash = 'replaced'")
    put_back(rehearsal, file, revoked=frozenset({"noted"}))
    assert rows_of(rehearsal.path, "SELECT hash FROM tokens") == [("kept",)]


# What is refused


def test_restoration_that_would_lose_something_is_refused_unless_it_is_wanted(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV1)
    file = backed_up(rehearsal)
    incident = rehearsal.at(5).declare().id
    with pytest.raises(InvalidInput) as caught:
        put_back(rehearsal, file, is_forced=False)
    assert str(caught.value) == (
        "the database holds what was recorded until 2026-11-25 12:05:00 UTC, the backup doesn't: "
        "--yes restores it, and keeps what is there aside"
    )
    assert rehearsal.restart().queries.incident(incident).id == incident
    kept = put_back(rehearsal, file).kept
    assert kept is not None
    assert_sound(url_of(kept))
    assert rows_of(kept, "SELECT count(*) FROM incidents") == [(2,)]


def test_nothing_is_restored_while_a_server_runs(rehearsal: Rehearsal) -> None:
    file = backed_up(rehearsal)
    with ServerLock(rehearsal.path), pytest.raises(StoreError, match="another `tocsin serve` uses this database"):
        put_back(rehearsal, file)


def test_backup_that_is_not_sound_is_refused_and_everything_is_as_it_was(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV1).id
    file = backed_up(rehearsal)
    rows_of(file, "UPDATE events SET actor = 'mallory' WHERE seq = 2")
    before = sorted(path.name for path in file.parent.iterdir() if not path.name.endswith(("-wal", "-shm", ".lock")))
    with pytest.raises(StoreError, match=f"not sound: events {incident}/2: its hash is not that of the event"):
        put_back(rehearsal, file)
    after = sorted(path.name for path in file.parent.iterdir() if not path.name.endswith(("-wal", "-shm", ".lock")))
    assert before == after
    assert rehearsal.restart().queries.incident(incident).held_since is None


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be taken for one" * 20])
def test_file_that_is_no_backup_is_refused(rehearsal: Rehearsal, content: bytes) -> None:
    file = rehearsal.path.with_name("other.db")
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"other\.db: "):
        put_back(rehearsal, file)


def test_damaged_database_is_replaced_on_demand_and_kept_as_it_is(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV1)
    file = backed_up(rehearsal)
    rehearsal.store.close()
    rehearsal.path.write_bytes(b"\0" * 8192)
    asked = Restoration(url_of(rehearsal.path), file, rehearsal.path, rehearsal.now)
    with pytest.raises(StoreError, match="--yes restores the backup all the same, and keeps this aside"):
        restore(asked)
    kept = restore(replace(asked, is_forced=True)).kept
    assert kept is not None
    assert kept.read_bytes() == b"\0" * 8192
    assert len(rehearsal.restart().incidents()) == 1


# On PostgreSQL


def test_backup_moves_from_a_file_to_a_server_and_back(rehearsal: Rehearsal, postgres: Cluster) -> None:
    rehearsal.take(firing("DiskFull")).at(1)
    rehearsal.declare(Severity.SEV2)
    file, database = backed_up(rehearsal), postgres.new_database()
    place = rehearsal.path.with_name("postgresql-x")
    restored = restore(Restoration(database, file, place, rehearsal.now))
    assert (restored.incidents, restored.held, restored.kept) == (2, 2, None)
    assert_sound(database)
    (highest,) = run_sql(database, "SELECT max(id) FROM outbox")
    (following,) = run_sql(database, "SELECT nextval(pg_get_serial_sequence('outbox', 'id'))")
    assert following > highest
    again = back_up(database, rehearsal.path.with_name("again.db"), rehearsal.now)
    assert put_back(rehearsal, again.file).incidents == 2
    tables = ("events", "incidents", "alerts", "outbox", "sop_versions", "tokens")
    for table in tables[:2]:
        assert rows_of(again.file, f"SELECT count(*) FROM {table}") == run_sql(
            database, f"SELECT count(*) FROM {table}"
        )
    restored = restore(Restoration(database, again.file, place, rehearsal.now + timedelta(minutes=1), is_forced=True))
    assert restored.kept is not None
    assert_sound(url_of(restored.kept))
    postgres.drop_database(database)


def test_nothing_is_restored_while_a_node_lives(rehearsal: Rehearsal, postgres: Cluster) -> None:
    file, database = backed_up(rehearsal), postgres.new_database()
    asked = Restoration(database, file, rehearsal.path.with_name("postgresql-x"), rehearsal.now)
    restore(asked)
    with closing(PostgresStore(database)) as store, store.transaction() as tx:
        tx.nodes.seen(Member("web-1", "web", 1, "0.1.0", "http://web:8770", "", ()))
    with pytest.raises(StoreError, match="the database is served by web-1: stop every node first"):
        restore(asked)
    run_sql(database, "UPDATE nodes SET seen_at = seen_at - 40000000")
    restore(asked)
    postgres.drop_database(database)
