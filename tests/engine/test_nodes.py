"""What holds when several nodes work on one PostgreSQL? Two real nodes, each with connections of its own."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.alerts import NOON, firing, resolved
from tests.engine.pagerduty import events
from tests.engine.server import ALICE, declare, deliver
from tests.engine.waiting import eventually
from tests.postgres import Cluster, run_sql
from tests.system.waiting import until
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.alert import Alert
from tocsin.domain.apply import fold
from tocsin.engine import membership
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.intake import Intake
from tocsin.engine.node import Node
from tocsin.engine.sops import Sops
from tocsin.engine.waker import Waker
from tocsin.engine.writer import Writer
from tocsin.errors import Refused
from tocsin.settings import Settings
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.recording import Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity, Trigger
from tocsin.store.connection import Stale
from tocsin.store.postgres import PostgresStore
from tocsin.store.rows import Delivery, Only
from tocsin.store.transaction import Transaction

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    url = postgres.migrated_database()
    yield url
    postgres.drop_database(url)


def node_on(database: str, sandbox: Sandbox, home: Path, speed: float = 1.0, *, has_pagerduty: bool = True) -> Node:
    settings = Settings(
        database=database,
        public_url="https://tocsin.example.org",
        pagerduty_events_url=sandbox.url if has_pagerduty else "",
        clock_speed=speed,
        environ={"HOME": str(home)},
    )
    return Node(settings, default_sop())


@asynccontextmanager
async def two_nodes(database: str, sandbox: Sandbox, home: Path) -> AsyncIterator[tuple[Node, Node]]:
    async with node_on(database, sandbox, home) as one, node_on(database, sandbox, home) as other:
        yield one, other


@pytest.mark.parametrize("beat", [0.1, 2.0], ids=["known to the other", "gone before the other's next beat"])
@pytest.mark.slow
async def test_what_waits_for_a_provider_that_only_a_dead_node_served_goes_another_way(
    beat: float, database: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "BEAT_SECONDS", beat)
    sandbox.script = lambda _: Response(503, b"")
    async with node_on(database, sandbox, tmp_path, has_pagerduty=False) as left:
        async with node_on(database, sandbox, tmp_path) as one:
            incident = await declare(one)
            await eventually(lambda: sandbox.requests)
        await eventually(
            lambda: e.PageFailed in {type(it.event) for it in left.queries.timeline(incident.id)}, within=30
        )
        (failed,) = (it.event for it in left.queries.timeline(incident.id) if isinstance(it.event, e.PageFailed))
        assert failed.reason == "its provider is not set up any more"
        assert failed.next_method is not None
        assert failed.next_method.via == "inbox"


async def test_webhook_that_reaches_both_nodes_at_once_is_carried_out_once(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.pagerduty.desk.employ(SandboxUser("PEVE", "Eve", "eve@elsewhere.example"))
    told: list[bytes] = []
    async with two_nodes(database, sandbox, tmp_path) as (one, other):
        incident = await declare(one)
        await eventually(lambda: sandbox.pagerduty.alerts)
        sandbox.pagerduty.desk.tell = lambda event: told.append(json.dumps(event).encode())
        (key,) = sandbox.pagerduty.alerts
        sandbox.pagerduty.desk.prioritise(key, "PEVE", "P1")
        sandbox.pagerduty.desk.acknowledge(key, "PEVE")
        for body in told:
            await asyncio.gather(*(node.pagerduty.take(body) for node in (one, other) for _ in range(5)))
        kinds = [type(it.event) for it in one.queries.timeline(incident.id) if it.via == "pagerduty"]
    assert kinds == [e.NoteAdded, e.Acknowledged]


async def test_what_one_node_is_told_the_other_knows_and_a_page_leaves_once(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with two_nodes(database, sandbox, tmp_path) as (one, other):
        incident = await declare(one)
        assert (await other.read(lambda queries: queries.incident(incident.id))).title == incident.title
        await eventually(lambda: [it.action for it in events(sandbox)] == ["trigger"])
        await other.change(incident.id, c.Acknowledge(), ALICE)
        await eventually(lambda: [it.action for it in events(sandbox)] == ["trigger", "acknowledge"])
        seen = {it.member.id for it in one.queries.nodes()}
        assert len(seen) == 2


async def test_nodes_that_decide_at_once_give_a_serial_order(database: str, sandbox: Sandbox, tmp_path: Path) -> None:
    async with two_nodes(database, sandbox, tmp_path) as (one, other):
        incident = await declare(one)
        notes = [
            node.change(incident.id, c.AddNote(text=f"{name} {number}"), Actor(name, "test"))
            for number in range(40)
            for name, node in (("alice", one), ("bob", other))
        ]
        await asyncio.gather(*notes)
        state = one.queries.incident(incident.id)  # a receipt may come between the two
        timeline = one.queries.timeline(incident.id)
        assert sum(isinstance(it.event, e.NoteAdded) for it in timeline) == 80
        assert [it.seq for it in timeline] == list(range(1, len(timeline) + 1))
        instants = [it.at for it in timeline]
        assert instants == sorted(instants)
        assert fold(timeline[: state.seq]) == state


async def test_second_of_two_acknowledgements_at_once_is_told_of_the_first(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with two_nodes(database, sandbox, tmp_path) as (one, other):
        for _ in range(10):
            incident = await declare(one)
            both = await asyncio.gather(
                one.change(incident.id, c.Acknowledge(), Actor("alice", "test")),
                other.change(incident.id, c.Acknowledge(), Actor("bob", "test")),
                return_exceptions=True,
            )
            refused = [it for it in both if isinstance(it, Refused)]
            timeline = one.queries.timeline(incident.id)
            acknowledged = [it.actor for it in timeline if isinstance(it.event, e.Acknowledged)]
            assert len(acknowledged) + len(refused) == 2
            assert one.queries.incident(incident.id).acknowledged_by == acknowledged[0]


async def test_storm_over_two_nodes_gives_one_incident_a_group(database: str, sandbox: Sandbox, tmp_path: Path) -> None:
    async with two_nodes(database, sandbox, tmp_path) as nodes:
        storm = [
            deliver(node, *(firing(f"Group{number % 5}", instance=f"web-{number}-{it}") for it in range(4)))
            for number in range(40)
            for node in nodes
        ]
        await asyncio.gather(*storm)
        incidents = nodes[0].queries.incidents(is_open=True, limit=100)
        assert len(incidents) == 5
        alerts = nodes[0].queries.alerts(limit=5_000)
        assert len(alerts) == len({it.fingerprint for it in alerts}) == 160
        everything = [firing(f"Group{n % 5}", instance=f"web-{n}-{it}") for n in range(40) for it in range(4)]
        clear = [resolved(it.labels["alertname"], at=5, instance=it.labels["instance"]) for it in everything]
        await asyncio.gather(*(deliver(nodes[place % 2], alert) for place, alert in enumerate(clear)))
        assert all(it.is_clear for it in nodes[0].queries.incidents(is_open=True, limit=100))


_WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@contextmanager
def committed_once_waited_for(database: str, transaction: AbstractContextManager[Transaction]) -> Iterator[None]:
    """Within, it is committed in a thread as soon as somebody else waits for what it has locked."""

    def commit() -> None:
        until(lambda: run_sql(database, _WAITING), "somebody waits")
        transaction.__exit__(None, None, None)

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def patient(database: str) -> PostgresStore:
    """A store that waits for a row's lock for as long as it takes, where a node asks again after half a second."""
    return PostgresStore(f"{database}?options=-c%20lock_timeout%3D0%20-c%20statement_timeout%3D0")


@pytest.mark.parametrize(
    "joins", [firing("Latency", at=2, instance="web-2"), firing("Latency", at=2)], ids=["new", "again"]
)
def test_alert_does_not_join_an_incident_that_another_node_is_ending(database: str, joins: Alert) -> None:
    one, other = PostgresStore(database), patient(database)
    desk = Desk(Sops(default_sop()), frozenset())
    with one.transaction() as tx:
        Intake(desk).take(tx, NOON, ALICE, [firing("Latency"), resolved("Latency", at=1)])
        (incident,) = tx.incidents.due(NOON + timedelta(hours=1), 2)
    ending = one.transaction()
    desk.change(ending.__enter__(), NOON + timedelta(minutes=3), incident, c.Resolve(), ALICE)
    with (
        committed_once_waited_for(database, ending),
        pytest.raises(Stale, match="ended meanwhile"),
        other.transaction() as tx,
    ):
        Intake(desk).take(tx, NOON + timedelta(minutes=3), ALICE, [joins])
    with other.transaction() as tx:
        Intake(desk).take(tx, NOON + timedelta(minutes=3), ALICE, [joins])
    assert len(other.queries.incidents(is_open=None, limit=9)) == 2
    one.close()
    other.close()


@pytest.mark.slow
async def test_deliveries_of_a_node_that_died_are_taken_over(database: str, sandbox: Sandbox, tmp_path: Path) -> None:
    async with node_on(database, sandbox, tmp_path) as one:
        incident = await declare(one)
        await eventually(lambda: len(events(sandbox)) == 1)
        # As a node leaves it that was killed after the request and before it could note the outcome.
        run_sql(
            database,
            "UPDATE outbox SET status = 'leased', claimed_by = 'gone', attempts = attempts + 1, settled_at = NULL, "
            "leased_until = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 1000000 WHERE page IS NOT NULL",
        )
        await eventually(lambda: len([it for it in events(sandbox) if it.action == "trigger"]) == 2)
        assert len({it.key for it in events(sandbox)}) == 1
        assert one.queries.incident(incident.id).seq >= incident.seq


async def test_outcome_of_a_delivery_that_another_node_has_taken_over_is_not_written(
    database: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with node_on(database, sandbox, tmp_path) as one:
        await declare(one, Severity.SEV1)
        await eventually(lambda: len(events(sandbox)) == 1)
        await eventually(lambda: {it.status for it in one.queries.outbox.rows()} == {"done"})
    run_sql(database, "UPDATE outbox SET status = 'leased', attempts = 7, claimed_by = 'other', settled_at = NULL")
    store = PostgresStore(database)
    row = store.queries.outbox.rows()[0]
    assert row.effect is not None
    stale = Delivery(row.id, row.key, row.incident, row.effect, 1, row.created_at)
    assert not store.queries.outbox.may_leave(stale, "one")
    with store.transaction() as tx:
        assert not tx.outbox.settle(stale, "done", row.created_at, "")
        assert not tx.outbox.postpone(stale, row.created_at, "")
    with store.transaction() as tx:
        current = Delivery(row.id, row.key, row.incident, row.effect, 7, row.created_at)
        assert tx.outbox.settle(current, "done", row.created_at + timedelta(seconds=1), "")
    store.close()


def test_page_that_a_node_gives_back_while_another_ends_it_does_not_leave(database: str) -> None:
    one, other = PostgresStore(database), patient(database)
    desk = Desk(Sops(default_sop()), frozenset())
    with one.transaction() as tx:
        Intake(desk).take(tx, NOON, ALICE, [firing("Latency")])
        (page,) = tx.outbox.lease("inbox", "one", NOON, 1, (), Only.PAGES).deliveries
    gives_back = one.transaction()
    assert gives_back.__enter__().outbox.postpone(page, NOON + timedelta(seconds=1), "502")
    with committed_once_waited_for(database, gives_back), other.transaction() as tx:
        desk.change(tx, NOON, page.incident, c.Acknowledge(), ALICE)
    assert [it.status for it in one.queries.outbox.rows() if it.key == page.key] == ["suppressed"]
    one.close()
    other.close()


_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"


class _CutOff(Desk):
    """A desk at which the database goes away in the middle of its decisions, once."""

    def __init__(self, database: str) -> None:
        super().__init__(Sops(default_sop()), frozenset())
        self._database = database
        self.is_due = True

    def wake(self, tx: Transaction, now: datetime, incident_ids: Sequence[str]) -> None:
        if self.is_due:
            self.is_due = False
            run_sql(self._database, _CUT)
        super().wake(tx, now, incident_ids)


async def test_database_that_goes_away_while_incidents_are_woken_is_held_against_none_of_them(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock, desk = PostgresStore(database), Clock(speed=1000.0), _CutOff(database)
    writer = Writer(store, clock, lambda: None)
    writer.start()
    command = c.Declare(
        title="Checkout is down", service="website", trigger=Trigger.SERVICE_DEGRADED, severity=Severity.SEV1
    )
    opened = [await writer.write(lambda tx, now: desk.open(tx, now, command, ALICE)) for _ in range(2)]
    waking = asyncio.create_task(Waker(store, writer, desk, clock).run())
    await eventually(lambda: all(len(steps(store, it.id)) > 1 for it in opened))
    waking.cancel()
    await asyncio.wait([waking])
    writer.stop()
    store.close()
    assert "incidents could not be woken" in caplog.text
    assert "could not be carried out" not in caplog.text


def steps(store: PostgresStore, incident: str) -> list[e.StepFired]:
    return [it.event for it in store.queries.timeline(incident) if isinstance(it.event, e.StepFired)]
