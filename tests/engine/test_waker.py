"""Is everybody called at their minute? The ladder end to end on the test's clock, and the loop that keeps it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.engine.alerts import NOON, firing, minute
from tests.engine.disk import Disk
from tests.engine.rehearsal import Rehearsal
from tests.engine.test_clock import Clocks
from tests.engine.waiting import eventually
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.sops import Sops
from tocsin.engine.waker import Waker
from tocsin.engine.writer import Writer
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity, Trigger
from tocsin.store.codec import to_column
from tocsin.store.sqlite import SqliteStore

SEV1, SEV2 = Severity.SEV1, Severity.SEV2
EVERYONE_ON_CALL = ("chris", "deniz", "farid", "emma", "alice", "bob")
ALICE = Actor("alice", "test")
WAKES = "SELECT wake_at FROM incidents WHERE id = ?"

# The ladder, from the decision to PagerDuty


def test_unacknowledged_sev1_pages_at_its_minutes(rehearsal: Rehearsal) -> None:
    rehearsal.declare(SEV1)
    rehearsal.at(31)
    ladder = [(0, "alice"), (5, "bob"), (15, "erin")]
    assert rehearsal.pages() == [*ladder, *((30, person) for person in ("erin", *EVERYONE_ON_CALL))]


def test_unacknowledged_alert_pages_at_its_minutes(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing()).at(44)
    assert rehearsal.pages() == [(0, "alice"), (15, "bob"), (30, "erin")]


def test_acknowledgement_stops_the_ladder(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV1)
    rehearsal.at(7)
    rehearsal.change(incident.id, c.Acknowledge(), by="bob")
    rehearsal.at(240)
    assert rehearsal.pages() == [(0, "alice"), (5, "bob")]


def test_acknowledgement_in_the_instant_of_a_step_comes_before_it(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV1)
    rehearsal.at(4)
    rehearsal.now = minute(5)
    rehearsal.change(incident.id, c.Acknowledge())
    rehearsal.at(240)
    assert rehearsal.pages() == [(0, "alice")]


def test_ladder_that_nobody_answers_never_falls_silent(rehearsal: Rehearsal) -> None:
    rehearsal.declare(SEV1)
    rehearsal.at(6 * 60)
    minutes = sorted({at for at, _ in rehearsal.pages()})
    assert minutes == [0, 5, *range(15, 6 * 60 + 1, 15)]


def test_deadline_fires_once_however_often_it_is_looked_at(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(SEV1)
    rehearsal.now = minute(5)
    for _ in range(5):
        rehearsal.change(incident.id, c.Tick())
    rehearsal.work()
    assert sorted(rehearsal.pages()) == [(5, "alice"), (5, "bob")]


# The loop


class Watch:
    """A waker on the test's clocks, and the writer that it writes through."""

    def __init__(self, store: SqliteStore, clocks: Clocks) -> None:
        self.store = store
        self.clocks = clocks
        self.loop = asyncio.get_running_loop()
        clock = clocks.clock()
        self.writer = Writer(store, clock, lambda: None)
        self.desk = Desk(Sops(default_sop()), frozenset({"inbox"}))
        self.waker = Waker(store, self.writer, self.desk, clock)

    async def declare(self, severity: Severity = SEV1) -> str:
        command = c.Declare("Checkout is down", "website", Trigger.SERVICE_DEGRADED, severity)
        return (await self.writer.write(lambda tx, now: self.desk.open(tx, now, command, ALICE))).id

    async def look(self, at: float) -> None:
        """The clocks show that minute, and the waker has looked at them."""
        self.clocks.run(minute(at).timestamp() - self.clocks.wall.timestamp())
        self.waker.changed.set()
        await eventually(lambda: not self.waker.changed.is_set())
        await self.writer.write(lambda tx, now: None)  # comes after whatever the waker has asked for

    def steps(self, incident: str) -> list[float]:
        """The minutes at which steps of the incident's ladder were carried out."""
        timeline = self.store.queries.timeline(incident)
        return [(it.at - NOON) / timedelta(minutes=1) for it in timeline if isinstance(it.event, e.StepFired)]


@asynccontextmanager
async def watching(store: SqliteStore) -> AsyncIterator[Watch]:
    watch = Watch(store, Clocks())
    watch.writer.start()
    running = asyncio.create_task(watch.waker.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.wait([running])
        watch.writer.stop()
    assert running.cancelled(), "the loop has ended by itself"


@pytest.mark.anyio
async def test_incident_is_woken_at_its_minute_not_before(store: SqliteStore) -> None:
    async with watching(store) as watch:
        incident = await watch.declare()
        await watch.look(at=4.999)
        assert watch.steps(incident) == [0]
        await watch.look(at=5)
        assert watch.steps(incident) == [0, 5]
        await watch.look(at=14.999)
        assert watch.steps(incident) == [0, 5]


@pytest.mark.anyio
async def test_everything_that_fell_due_while_nobody_looked_is_done_at_once(store: SqliteStore) -> None:
    async with watching(store) as watch:
        incident = await watch.declare()
        await watch.look(at=20)
        assert watch.steps(incident) == [0, 20, 20]


@pytest.mark.anyio
async def test_hundreds_of_incidents_of_one_minute_are_all_woken(store: SqliteStore) -> None:
    async with watching(store) as watch:
        incidents = [await watch.declare() for _ in range(250)]
        await watch.look(at=5)
        await eventually(lambda: all(watch.steps(incident) == [0, 5] for incident in incidents))


@pytest.mark.anyio
async def test_incident_that_can_not_be_read_keeps_nobody_else_from_their_deadlines(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(store) as watch:
        poison, sound = await watch.declare(), await watch.declare()
        ((state,),) = rows_of(store, "SELECT state FROM incidents WHERE id = ?", poison)
        rows_of(store, "UPDATE incidents SET state = '{' WHERE id = ?", poison)
        await watch.look(at=5)
        assert (watch.steps(poison), watch.steps(sound)) == ([0], [0, 5])
        assert f"{poison}: its deadlines could not be carried out" in caplog.text
        assert rows_of(store, WAKES, poison) == [(to_column(minute(5)),)]  # others, who can read it, go on looking
        await watch.look(at=15)
        assert watch.steps(sound) == [0, 5, 15]
        rows_of(store, "UPDATE incidents SET state = ? WHERE id = ?", state, poison)
        await watch.look(at=16)
        assert watch.steps(poison) == [0, 16, 16]


@pytest.mark.anyio
async def test_incident_that_fails_halfway_is_left_as_it_was(store: SqliteStore) -> None:
    async with watching(store) as watch:
        poison, sound = await watch.declare(), await watch.declare()
        before = store.queries.incident(poison)
        columns = "at, actor, via, kind, event"
        stray = (
            f"INSERT INTO events SELECT incident, seq + 1, {columns}, hash FROM events WHERE incident = ? AND seq = ?"
        )
        rows_of(store, stray, poison, before.seq)
        await watch.look(at=5)
        assert watch.steps(sound) == [0, 5]
        assert store.queries.incident(poison) == before


@pytest.mark.anyio
async def test_disk_that_takes_nothing_for_a_while_costs_no_deadline(
    store: SqliteStore, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(store) as watch:
        incident = await watch.declare()
        disk.is_dead = True
        await watch.look(at=5)
        assert watch.steps(incident) == [0]
        assert "incidents could not be woken" in caplog.text
        disk.is_dead = False
        await watch.look(at=6)
        assert watch.steps(incident) == [0, 6]


@pytest.mark.anyio
async def test_database_that_can_not_be_read_for_a_while_costs_no_deadline(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(store) as watch:
        incident = await watch.declare()
        rows_of(store, "ALTER TABLE incidents RENAME TO hidden")
        await watch.look(at=5)
        assert "incidents could not be woken" in caplog.text
        rows_of(store, "ALTER TABLE hidden RENAME TO incidents")
        await watch.look(at=6)
        assert watch.steps(incident) == [0, 6]
