"""Does the watchman see a real node's troubles, tell them, and stand in nobody's way?"""

import asyncio
from pathlib import Path

import pytest

from tests.engine.disk import Disk, Gate
from tests.engine.pagerduty import always, events, paged
from tests.engine.rehearsal import with_contacts
from tests.engine.server import declare, statuses
from tests.engine.waiting import eventually
from tests.skill.vendor import Reply, serving
from tests.store.file import rows_of
from tocsin.engine.node import Node
from tocsin.engine.watch import metrics
from tocsin.engine.watch.alarms import Alarm, Trouble
from tocsin.engine.watch.pulse import Pulse
from tocsin.settings import Settings
from tocsin.simulate.sandbox.recording import Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_sop

pytestmark = pytest.mark.anyio

REFUSED = Response(400, b'{"status":"invalid event","message":"Event object is invalid","errors":["bad key"]}')
SOP = default_sop()
BY_PAGERDUTY = with_contacts(SOP, ("pagerduty",), *SOP.people)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


@pytest.fixture
def node(path: Path, sandbox: Sandbox) -> Node:
    settings = Settings(
        database=f"sqlite:///{path}", public_url="https://tocsin.example.org", pagerduty_events_url=sandbox.url
    )
    return Node(settings, BY_PAGERDUTY)


def call_at(path: Path, webhook: str) -> None:
    """Name an emergency contact."""
    file = path.with_name("emergency.toml")
    file.write_text(f'[[contacts]]\nname = "Dana"\nwebhook = "{webhook}"\n')
    file.chmod(0o600)


async def seen(node: Node, kind: Trouble) -> Alarm:
    """The first alarm of that kind; the watchman looks until there is one."""
    async with asyncio.timeout(10):
        while not node.watch.alarms.of(kind):
            await node.watch.look()
            await asyncio.sleep(0.02)
    return node.watch.alarms.of(kind)[0]


# What it sees


async def test_emergency_contact_is_called_where_every_page_was_refused(
    node: Node, path: Path, sandbox: Sandbox
) -> None:
    sandbox.script = always(REFUSED)
    with serving() as hook:
        hook.will(Reply(200, b""))
        call_at(path, hook.url)
        async with node:
            incident = await declare(node)
            alarm = await seen(node, Trouble.UNREACHED)
            await node.watch.guard()
            await eventually(lambda: hook.requests)
        assert alarm.text == f"{incident.id} (SEV1, website): nobody could be paged"
        (call,) = hook.requests
        assert call.json["alarms"] == [f"unreached:{incident.id}"]
        assert call.json["incidents"] == [f"{incident.id} SEV1 website"]
        assert alarm.text in call.json["text"]


async def test_page_that_arrives_calls_nobody(node: Node, path: Path, sandbox: Sandbox) -> None:
    with serving() as hook:
        hook.will(Reply(200, b""))
        call_at(path, hook.url)
        async with node:
            await declare(node)
            await eventually(lambda: paged(sandbox))
            await eventually(lambda: set(statuses(node)) == {"done"})
            await node.watch.look()
            await node.watch.guard()
            assert node.watch.alarms.all == ()
        assert hook.requests == []


async def test_breach_in_a_running_node_is_an_alarm_and_no_reason_to_be_unready(node: Node, path: Path) -> None:
    async with node:
        incident = await declare(node)
        await eventually(lambda: set(statuses(node)) == {"done"})
        await node.watch.audit()
        assert node.watch.alarms.all == ()
        rows_of(path, "UPDATE incidents SET state = replace(state, 'Checkout', 'Cart')")
        await node.watch.audit()
        (alarm,) = node.watch.alarms.of(Trouble.AUDIT)
        readiness = await node.watch.readiness()
    assert alarm.text.startswith(f"{incident.id}: its state is not what its events say")
    assert readiness.is_ready
    assert readiness.alarms == (alarm,)


async def test_readiness_names_the_nodes(node: Node) -> None:
    async with node:
        await eventually(lambda: node.queries.nodes())
        await node.watch.look()
        readiness = await node.watch.readiness()
    assert [it.member.id for it in readiness.nodes] == [readiness.node]


# In nobody's way


async def test_pages_leave_while_the_watchman_can_not_see(node: Node, sandbox: Sandbox) -> None:
    gate = Gate()
    async with node:
        stuck = asyncio.create_task(node.watch.onlooker.look(lambda _: gate()))
        await gate.reached()
        await declare(node)
        await eventually(lambda: paged(sandbox))
        gate.open()
        await stuck


async def test_pages_leave_while_a_scrape_hangs(node: Node, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr(metrics, "render", gate)
    async with node:
        scrapes = [asyncio.create_task(node.watch.metrics()) for _ in range(50)]
        await gate.reached()
        await declare(node)
        await eventually(lambda: paged(sandbox))
        gate.open()
        await asyncio.gather(*scrapes)


async def test_pages_leave_while_the_emergency_contacts_hang(node: Node, path: Path, sandbox: Sandbox) -> None:
    with serving() as hook:
        hook.will(Reply(200, b"", seconds=30))
        call_at(path, hook.url)
        async with node:
            node.watch.alarms.state(Trouble.CLOCK, {}, node.clock.now())
            node.watch.alarms.state(Trouble.BLIND, {"": "it sees nothing"}, node.clock.now())
            calling = asyncio.create_task(node.watch.guard())
            await declare(node)
            await eventually(lambda: paged(sandbox))
            calling.cancel()


async def test_figures_count_what_the_node_did(node: Node, sandbox: Sandbox) -> None:
    async with node:
        await declare(node)
        text = ""
        async with asyncio.timeout(10):
            while 'tocsin_deliveries_total{outcome="done",provider="pagerduty"} 2.0' not in text:
                await node.watch.look()
                text = (await node.watch.metrics()).decode()
    assert "tocsin_page_latency_seconds_count 2.0" in text
    assert 'tocsin_open_incidents{severity="SEV1"} 1.0' in text
    assert len(events(sandbox)) == 2


# The heartbeat out


async def test_dead_mans_switch_is_called_only_while_the_node_is_ready() -> None:
    reasons: list[str] = []

    async def why_not_ready() -> tuple[str, ...]:
        return tuple(reasons)

    with serving() as switch:
        switch.will(Reply(200, b"OK"))
        pulse = Pulse(f"{switch.url}/ping", 0.02, why_not_ready)
        beating = asyncio.create_task(pulse.run())
        await eventually(lambda: len(switch.requests) > 3)
        reasons.append("deadlines are 0:10:00 late")
        await eventually(lambda: pulse.withheld > 3)
        heard = len(switch.requests)
        await eventually(lambda: pulse.withheld > 9)
        assert len(switch.requests) == heard
        reasons.clear()
        await eventually(lambda: len(switch.requests) > heard)
        beating.cancel()


async def test_dead_mans_switch_that_fails_is_called_again(caplog: pytest.LogCaptureFixture) -> None:
    async def ready() -> tuple[str, ...]:
        return ()

    with serving() as switch:
        switch.will(Reply(500, b""), Reply(500, b""), Reply(200, b"OK"))
        pulse = Pulse(f"{switch.url}/secret", 0.02, ready)
        beating = asyncio.create_task(pulse.run())
        await eventually(lambda: pulse.beats)
        beating.cancel()
    assert pulse.failures == 2
    assert "secret" not in caplog.text


async def test_node_calls_the_switch_that_its_sop_names(path: Path) -> None:
    with serving() as switch:
        switch.will(Reply(200, b"OK"))
        environ = {"TOCSIN_HEARTBEAT_URL": f"{switch.url}/ping"}
        async with Node(Settings(database=f"sqlite:///{path}", environ=environ), SOP):
            await eventually(lambda: [it.path for it in switch.requests] == ["/ping"])


async def test_node_that_can_not_write_does_not_call(path: Path, disk: Disk) -> None:
    async with Node(Settings(database=f"sqlite:///{path}"), SOP) as node:
        disk.is_dead = True
        assert not (await node.watch.readiness()).is_ready
        disk.revive()
