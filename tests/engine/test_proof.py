"""Does a running server notice that its audit log was changed, cut off, or is whole?"""

from datetime import timedelta

import pytest

from tests.engine.alerts import NOON
from tests.store.file import rows_of
from tocsin.engine.clock import Clock
from tocsin.engine.proof import Proof
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.store.audit_log import Deed
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


def tell(store: SqliteStore, count: int) -> None:
    for number in range(count):
        with store.transaction() as tx:
            tx.audit.add(Deed("alice", "web", "incident.add_note", "INC-2026-0042", {"event": number}), NOON)


def unguarded(store: SqliteStore) -> None:
    rows_of(store, "DROP TRIGGER audit_log_unchanged")
    rows_of(store, "DROP TRIGGER audit_log_undeleted")


async def test_whole_log_is_proved_bit_by_bit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.engine.proof._AT_ONCE", 2)
    alarms = Alarms()
    proof = Proof(store, Clock(), alarms)
    tell(store, 5)
    proved = await proof.look()
    assert (proved.entries, proved.faults) == (5, ())
    assert proof.last == proved
    assert alarms.all == ()


async def test_changed_entry_is_an_alarm_until_it_is_put_right(store: SqliteStore) -> None:
    alarms = Alarms()
    proof = Proof(store, Clock(), alarms)
    tell(store, 3)
    unguarded(store)
    rows_of(store, "UPDATE audit_log SET actor = 'mallory' WHERE seq = 2")
    assert (await proof.look()).faults == ("audit_log 0/2: it was changed after it was written",)
    assert [it.subject for it in alarms.of(Trouble.TAMPERED)] == ["audit_log 0/2"]
    rows_of(store, "UPDATE audit_log SET actor = 'alice' WHERE seq = 2")
    assert (await proof.look()).faults == ()
    assert alarms.all == ()


async def test_end_that_was_cut_off_since_the_last_look_is_noticed(store: SqliteStore) -> None:
    proof = Proof(store, Clock(), Alarms())
    tell(store, 3)
    await proof.look()
    unguarded(store)
    rows_of(store, "DELETE FROM audit_log WHERE seq = 3")
    assert (await proof.look()).faults == ("audit_log 0/3: was noted, and is not there: the end was cut off",)


async def test_end_that_was_cut_off_stays_missed_until_it_is_back(store: SqliteStore) -> None:
    alarms = Alarms()
    proof = Proof(store, Clock(), alarms)
    tell(store, 3)
    await proof.look()
    unguarded(store)
    rows_of(store, "CREATE TABLE aside AS SELECT * FROM audit_log WHERE seq = 3")
    rows_of(store, "DELETE FROM audit_log WHERE seq = 3")
    for _ in range(3):
        await proof.look()
        assert [it.subject for it in alarms.of(Trouble.TAMPERED)] == ["audit_log 0/3"]
    rows_of(store, "INSERT INTO audit_log SELECT * FROM aside")
    await proof.look()
    assert alarms.all == ()


async def test_end_that_was_written_anew_stays_an_alarm(store: SqliteStore) -> None:
    proof = Proof(store, Clock(), Alarms())
    tell(store, 3)
    await proof.look()
    unguarded(store)
    rows_of(store, "DELETE FROM audit_log WHERE seq > 1")
    for _ in range(3):
        tell(store, 1)
        await proof.look()
    proved = await proof.look()
    assert proved.faults == ("audit_log 0/3: was noted with another hash: the lane was written anew",)


async def test_only_the_first_of_many_faults_are_named(store: SqliteStore) -> None:
    proof = Proof(store, Clock(), Alarms())
    tell(store, 30)
    unguarded(store)
    rows_of(store, "UPDATE audit_log SET actor = 'mallory'")
    proved = await proof.look()
    assert (len(proved.faults), proved.entries) == (20, 30)
