"""Does a whole server start, work, stop and take up what was left? Real threads, loops and requests."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.alerts import firing
from tests.engine.disk import Disk
from tests.engine.pagerduty import always, answers, events, paged, taken
from tests.engine.rehearsal import Rehearsal
from tests.engine.server import ALICE, declare, deliver, server, statuses
from tests.engine.waiting import eventually
from tests.rota import alice_always
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import PageStatus, Status
from tocsin.engine.node import Node
from tocsin.errors import NotFound, Refused, StoreError
from tocsin.settings import Settings
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.words import Severity
from tocsin.store.file import ServerLock

pytestmark = pytest.mark.anyio

HANGS = Response(202, delay=timedelta(seconds=30))


# From the alert to the answer


async def test_alert_pages_the_primary_and_the_acknowledgement_stops_the_ringing(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        await deliver(node, firing())
        await eventually(lambda: statuses(node) == ["done"])
        (incident,) = node.queries.incidents(is_open=True, limit=9)
        assert [page.status for page in incident.open_pages.values()] == [PageStatus.ACCEPTED]
        await node.change(incident.id, c.Acknowledge(), ALICE)
        await eventually(lambda: statuses(node) == ["done", "done"])
    (alert,) = sandbox.pagerduty.alerts.values()
    assert (paged(sandbox), alert.status) == (["alice"], PagerDutyStatus.ACKNOWLEDGED)


async def test_unacknowledged_incident_climbs_its_ladder_never_early(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox, speed=1_200) as node:
        incident = await declare(node)
        await eventually(lambda: {"alice", "bob", "erin"} <= set(paged(sandbox)))
        timeline = node.queries.timeline(incident.id)
    steps = [(it.at, it.event.due_at) for it in timeline if isinstance(it.event, e.StepFired)]
    minutes = [(due - incident.opened_at) / timedelta(minutes=1) for _, due in steps[:3] if due]
    assert minutes == [0, 5, 15]
    assert all(due is not None and at >= due for at, due in steps)


async def test_command_that_is_refused_changes_nothing(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        incident = await declare(node)
        with pytest.raises(Refused, match="is SEV1 already"):
            await node.change(incident.id, c.Assess(Severity.SEV1, "still"), ALICE)
        with pytest.raises(NotFound, match="there is no 'INC-1999-0001'"):
            await node.change("INC-1999-0001", c.Acknowledge(), ALICE)
        assert [it.id for it in node.queries.incidents(is_open=None, limit=9)] == [incident.id]


async def test_command_that_was_answered_is_in_the_file(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        incident = await declare(node)
        assert rows_of(path, "SELECT id FROM incidents") == [(incident.id,)]


# Start and stop


async def test_server_stops_without_a_trace(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        await declare(node)
        await eventually(lambda: statuses(node) == ["done"])
        assert "tocsin-writer" in [thread.name for thread in threading.enumerate()]
    assert "tocsin-writer" not in [thread.name for thread in threading.enumerate()]
    assert [task.get_name() for task in asyncio.all_tasks() if "tocsin" in repr(task.get_coro())] == []
    assert sorted(file.name for file in path.parent.iterdir()) == ["tocsin.db", "tocsin.db.ballast", "tocsin.db.lock"]


async def test_second_server_on_the_same_file_is_refused_and_the_first_goes_on(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        with pytest.raises(StoreError, match="another `tocsin serve` uses this database; stop it first"):
            await server(path, sandbox).__aenter__()
        assert (await declare(node)).status is Status.TRIGGERED


@pytest.fixture
def damaged(path: Path) -> Path:
    """A file that is no database any more."""
    path.write_bytes(b"no database" * 1_000)
    return path


async def test_server_that_could_not_start_leaves_the_file_free(damaged: Path, sandbox: Sandbox) -> None:
    with pytest.raises(StoreError, match="file is not a database"):
        await server(damaged, sandbox).__aenter__()
    with ServerLock(damaged):
        pass


async def test_server_stops_at_once_while_a_provider_hangs(path: Path, sandbox: Sandbox) -> None:
    sandbox.script = answers(HANGS)
    async with server(path, sandbox) as node:
        await declare(node)
        await eventually(lambda: events(sandbox))
        began = time.monotonic()
    assert time.monotonic() - began < 9  # the sender gives up after ten, the provider answers after thirty


async def test_page_that_waits_for_somebody_who_has_left_fails_and_the_next_step_follows(
    path: Path, sandbox: Sandbox
) -> None:
    sandbox.script = always(Response(503))
    async with server(path, sandbox, speed=1) as node:
        incident = await declare(node)
        await eventually(lambda: "pending" in statuses(node) and events(sandbox))
    sop = alice_always()
    left = replace(sop, people={id_: person for id_, person in sop.people.items() if id_ != "alice"})
    sandbox.script = None
    async with server(path, sandbox, sop=left, speed=1) as node:
        await eventually(lambda: [it.person for it in events(sandbox) if it.person != "alice"])
        (failed, *_) = [it.event for it in node.queries.timeline(incident.id) if isinstance(it.event, e.PageFailed)]
    assert (failed.person, failed.reason) == ("alice", "alice is not one of the organisation's people any more")


async def test_restart_takes_up_what_was_pending_and_what_was_being_sent(path: Path, sandbox: Sandbox) -> None:
    sandbox.script = answers(HANGS, Response(429, headers={"retry-after": "600"}))
    async with server(path, sandbox) as node:
        first, second = await declare(node), await declare(node)
        await eventually(lambda: len(events(sandbox)) == 2 and "pending" in statuses(node))
        assert sorted(statuses(node)) == ["leased", "pending"]
    rows_of(path, "UPDATE outbox SET due_at = created_at WHERE status = 'pending'")
    async with server(path, sandbox) as node:
        await eventually(lambda: statuses(node) == ["done", "done"])
        assert {it.id for it in node.queries.incidents(is_open=True, limit=9)} == {first.id, second.id}
    assert len(taken(sandbox)) == len(sandbox.pagerduty.alerts) == 2
    assert len({event.key for event in events(sandbox)}) == 2


async def test_what_fell_due_while_no_server_ran_is_done_at_the_start(path: Path, sandbox: Sandbox) -> None:
    with Rehearsal(path, alice_always(), start=datetime.now(UTC) - timedelta(hours=6)) as before:
        before.declare(Severity.SEV1)
    async with server(path, sandbox):
        await eventually(lambda: {"alice", "bob", "erin"} <= set(paged(sandbox)))


async def test_time_goes_on_from_the_newest_event_though_the_clock_was_set_back(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        await declare(node)
    ahead = datetime.now(UTC) + timedelta(days=400)
    rows_of(path, "UPDATE events SET at = ?", int(ahead.timestamp() * 1_000_000))
    async with server(path, sandbox) as node:
        assert (await declare(node)).opened_at >= ahead - timedelta(seconds=1)


async def test_installation_keeps_its_name_so_that_keys_stay_the_same(path: Path, sandbox: Sandbox) -> None:
    names = []
    for _ in range(2):
        async with server(path, sandbox) as node:
            names.append(node.queries.meta("installation"))
    assert names[0] == names[1]
    async with server(path.with_name("other.db"), sandbox) as node:
        assert node.queries.meta("installation") not in (names[0], None)


async def test_bearer_of_a_token_is_let_in_after_a_restart_too(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        await node.set_token("5f4d", "grafana", "intake")
    async with server(path, sandbox) as node:
        token = node.queries.accounts.token("5f4d")
        assert token is not None
        assert (token.name, token.scope) == ("grafana", "intake")
        await node.set_token("77aa", "grafana", "intake")
        assert node.queries.accounts.token("5f4d") is None


async def test_sop_without_any_vendor_rings_in_the_inbox(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Node(Settings(database=f"sqlite:///{path}"), alice_always()) as node:
        incident = await declare(node)
        await eventually(lambda: set(statuses(node, "inbox")) == {"done"})
    assert f"PAGE alice: SEV1 {incident.id} website: Checkout is down" in caplog.text


# Readiness


async def test_server_that_writes_and_wakes_in_time_is_ready(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        assert (await node.watch.readiness()).is_ready
        await declare(node)
        await node.watch.look()
        assert (await node.watch.readiness()).why == ()


async def test_server_whose_deadlines_are_late_says_how_late(
    path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreError("the deadlines can't be carried out")

    async with server(path, sandbox, speed=1.0) as node:
        await declare(node)
        await eventually(lambda: statuses(node) == ["done"])
        monkeypatch.setattr(node.desk, "wake", fails)
        late = node.clock.now() - timedelta(minutes=10)
        rows_of(path, "UPDATE incidents SET wake_at = ?", int(late.timestamp() * 1_000_000))
        await node.watch.look()
        assert [it for it in (await node.watch.readiness()).why if it.startswith("deadlines are 0:10:0")]


async def test_server_that_can_not_write_is_not_ready(path: Path, sandbox: Sandbox, disk: Disk) -> None:
    async with server(path, sandbox) as node:
        disk.is_dead = True
        assert (await node.watch.readiness()).why == ("the database can't be written; the server's log says why",)
        disk.revive()
        assert (await node.watch.readiness()).is_ready


# Providers


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(429, headers={"retry-after": "1"}), id="has too much to do"),
        pytest.param(Response(500), id="fails"),
        pytest.param(Response(202, b"\x1f\x8b garbage"), id="answers garbage"),
    ],
)
async def test_page_arrives_once_pagerduty_is_well(path: Path, sandbox: Sandbox, response: Response) -> None:
    sandbox.script = answers(response, response, response)
    async with server(path, sandbox) as node:
        await declare(node)
        await eventually(lambda: statuses(node) == ["done"])
    assert len(events(sandbox)) == 4
    assert len(sandbox.pagerduty.alerts) == 1


async def test_page_arrives_though_slack_is_down(path: Path, sandbox: Sandbox) -> None:
    def slack_hangs(request: RecordedRequest) -> Response | None:
        return HANGS if request.path.startswith("/api/") else None

    sandbox.script = slack_hangs
    async with server(path, sandbox, slack=True) as node:
        await declare(node)
        await eventually(lambda: statuses(node) == ["done"])
        await declare(node)
        await eventually(lambda: statuses(node) == ["done", "done"])
        assert "done" not in statuses(node, "slack")


async def test_commands_of_many_people_at_once_are_decided_one_after_another(path: Path, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        incident = await declare(node)
        acknowledging = (node.change(incident.id, c.Acknowledge(), ALICE) for _ in range(20))
        outcomes = await asyncio.gather(*acknowledging, return_exceptions=True)
        timeline = node.queries.timeline(incident.id)
    assert [it for it in outcomes if isinstance(it, BaseException) and not isinstance(it, Refused)] == []
    assert len([it for it in outcomes if isinstance(it, Refused)]) == 19
    assert len([it for it in timeline if isinstance(it.event, e.Acknowledged)]) == 1
    assert [it.seq for it in timeline] == list(range(1, len(timeline) + 1))
