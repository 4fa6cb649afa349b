"""Is every page sent, though the server dies? At each commit and each request, just before and just after it.

A server plays one response on a real file and dies at one point of it: from then on its disk takes nothing and its
requests reach nobody. A new server on the same file, and the same people and monitoring, who try again, finish it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engine.alerts import firing
from tests.engine.disk import Disk
from tests.engine.pagerduty import events, taken
from tests.engine.server import ALICE, declare, deliver, server, statuses
from tests.engine.waiting import eventually
from tocsin.domain import commands as c
from tocsin.domain.apply import fold
from tocsin.domain.incident import Incident, PageStatus, Status
from tocsin.engine import indexer, membership
from tocsin.engine.node import Node
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.words import Severity

pytestmark = pytest.mark.anyio

NOBODY = Response(503)
REFUSED = Response(400, b'{"status": "invalid event", "message": "Event object is invalid", "errors": []}')
SPEED = 60.0  # a message a second to a channel of Slack's takes 17 ms; no escalation falls due within a test


class Point(NamedTuple):
    """Where the server dies: just before or after its n-th commit, or as its n-th request gets lost, or the answer."""

    what: str
    number: int

    def __str__(self) -> str:
        return f"{self.what} {self.number}"

    @property
    def is_commit(self) -> bool:
        return self.what.endswith("commit")


def points(commits: int, requests: int) -> list[Point]:
    """Every point of a response that takes so many commits and requests."""
    numbers = {"commit": commits, "request": requests}
    return [
        Point(f"{side} {what}", number)
        for what, most in numbers.items()
        for number in range(1, most + 1)
        for side in ("before", "after")
    ]


def dies_at(point: Point, disk: Disk, vendors: Script) -> Script:
    """Let the disk die at the point; and what the vendors answer, who hear nothing of a server that is dead."""
    if point.what == "before commit":
        disk.dies_before = disk.commits + point.number
    if point.what == "after commit":
        disk.dies_after = disk.commits + point.number
    left = 0 if point.is_commit else point.number

    def script(request: RecordedRequest) -> Response | None:
        nonlocal left
        if disk.is_dead:
            return NOBODY
        left -= 1
        if left:
            return vendors(request)
        disk.is_dead = True
        return Response(503, is_processed=point.what == "after request")

    return script


def as_they_should(request: RecordedRequest) -> Response | None:
    """The vendors answer as they should."""
    return None


class Machine:
    """The file, the disk under it and the vendors, on which one server runs after another."""

    def __init__(self, path: Path, disk: Disk, sandbox: Sandbox) -> None:
        self.path = path
        self.disk = disk
        self.sandbox = sandbox
        self.vendors: Script = as_they_should
        self.slack = False

    def server(self) -> Node:
        return server(self.path, self.sandbox, speed=SPEED, slack=self.slack)

    async def dies(self, point: Point, respond: Callable[[Node], Awaitable[None]]) -> bool:
        """Whether the server dies at the point, before the response comes to its end."""
        async with self.server() as node:
            self.sandbox.script = dies_at(point, self.disk, self.vendors)
            responding = asyncio.ensure_future(respond(node))
            dying = asyncio.ensure_future(eventually(lambda: self.disk.is_dead))
            await asyncio.wait({responding, dying}, return_when=asyncio.FIRST_COMPLETED)
            for task in (responding, dying):
                task.cancel()
            await asyncio.wait({responding, dying})
        return self.disk.is_dead

    async def goes_on(self, respond: Callable[[Node], Awaitable[None]]) -> Incident:
        """The only incident, once a new server has brought the response to its end; its state is its timeline's."""
        self.disk.revive()
        self.sandbox.script = self.vendors
        async with self.server() as node:
            await respond(node)
            (incident,) = node.queries.incidents(is_open=None, limit=9)
            assert fold(node.queries.timeline(incident.id)) == incident
        return incident

    async def undisturbed(self, respond: Callable[[Node], Awaitable[None]]) -> tuple[int, int]:
        """How many commits and requests the response takes."""
        self.sandbox.script = self.vendors
        async with self.server() as node:
            before = self.disk.commits
            await respond(node)
            return self.disk.commits - before, len(self.sandbox.requests)


@pytest.fixture
def machine(path: Path, disk: Disk, sandbox: Sandbox) -> Machine:
    return Machine(path, disk, sandbox)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No node writes of its own accord while a response is counted: it has one beat, and leaves the search index."""
    monkeypatch.setattr(membership, "BEAT_SECONDS", 600)
    monkeypatch.setattr(indexer, "_SETTLED_AFTER_ALONE", timedelta(hours=1))


def keys(machine: Machine) -> set[str]:
    """The keys that PagerDuty has heard of, taken or not."""
    return {event.key for event in events(machine.sandbox)}


# An alert, its page, the acknowledgement

ANSWERED = 7, 2  # alert, lease, settlement; acknowledgement, lease, settlement; and the node's beat


async def page_and_acknowledge(node: Node) -> None:
    """Monitoring delivers an alert, the primary is paged and acknowledges; each tries until there is an answer."""
    await deliver(node, firing())
    (incident,) = node.queries.incidents(is_open=True, limit=9)
    await eventually(lambda: set(statuses(node)) == {"done"})
    if incident.status is Status.TRIGGERED:
        await node.change(incident.id, c.Acknowledge(), ALICE)
    await eventually(lambda: set(statuses(node)) <= {"done", "suppressed"})


@pytest.mark.parametrize("point", points(*ANSWERED), ids=str)
async def test_page_arrives_under_one_key_wherever_the_server_dies(point: Point, machine: Machine) -> None:
    assert await machine.dies(point, page_and_acknowledge) or point.number == ANSWERED[0]
    incident = await machine.goes_on(page_and_acknowledge)
    assert taken(machine.sandbox)
    assert len(keys(machine)) == 1
    (alert,) = machine.sandbox.pagerduty.alerts.values()
    assert (alert.status, alert.opened) == (PagerDutyStatus.ACKNOWLEDGED, 1)
    assert [page.status for page in incident.pages.values()] == [PageStatus.ANSWERED]


@pytest.mark.usefixtures("quiet")
async def test_answered_page_has_no_other_points(machine: Machine) -> None:
    commits, requests = await machine.undisturbed(page_and_acknowledge)
    assert commits <= ANSWERED[0]
    assert requests == ANSWERED[1]


# An alert, and a page that has to go another way

# At most: alert, lease, failure; lease and settlement of the other way, and of the next step's page.
ANOTHER_WAY = 8, 2
ANOTHER_WAY_AT_ONCE = 5  # commits at least: where the two leases are one, and the two settlements


def refuse_the_primary(request: RecordedRequest) -> Response | None:
    """PagerDuty takes pages to everybody but the primary."""
    return REFUSED if b'"person":"alice"' in request.body.replace(b" ", b"") else None


async def page_another_way(node: Node) -> None:
    """PagerDuty refuses the page, and the inbox takes it; since that wakes nobody, the secondary is paged as well."""
    await deliver(node, firing())
    await eventually(lambda: statuses(node, "inbox") == ["done"] and statuses(node, "pagerduty") == ["failed", "done"])


@pytest.mark.parametrize("point", points(*ANOTHER_WAY), ids=str)
async def test_page_that_goes_another_way_arrives_wherever_the_server_dies(point: Point, machine: Machine) -> None:
    machine.vendors = refuse_the_primary
    assert await machine.dies(point, page_another_way) or point.number > ANOTHER_WAY_AT_ONCE
    incident = await machine.goes_on(page_another_way)
    assert len(keys(machine)) == 2
    assert [page.status for page in incident.pages.values()] == [PageStatus.ACCEPTED] * 2


@pytest.mark.usefixtures("quiet")
async def test_page_that_goes_another_way_has_no_other_points(machine: Machine) -> None:
    machine.vendors = refuse_the_primary
    commits, requests = await machine.undisturbed(page_another_way)
    assert commits <= ANOTHER_WAY[0]
    assert requests == ANOTHER_WAY[1]


# A declaration, its page and its channel

FURNISHED = 32, 9  # at most: what two loops have to write at the same time is one commit


async def page_and_open_channel(node: Node) -> None:
    """Somebody declares a grave incident, unless that has been done: its primary is paged, its channel furnished."""
    if not node.queries.incidents(is_open=True, limit=9):
        await declare(node, Severity.SEV2)
    await eventually(lambda: {it.status for it in node.queries.outbox.rows()} == {"done"} and has_summary(node))


def has_summary(node: Node) -> bool:
    (incident,) = node.queries.incidents(is_open=True, limit=9)
    return incident.channel is not None and incident.channel.summary_id is not None


@pytest.mark.parametrize("point", points(*FURNISHED), ids=str)
@pytest.mark.slow
async def test_incident_has_its_page_and_one_channel_wherever_the_server_dies(point: Point, machine: Machine) -> None:
    machine.slack = True
    # However much is one commit, what came of a request is on the disk before the next leaves.
    assert await machine.dies(point, page_and_open_channel) or point.number > FURNISHED[1]
    incident = await machine.goes_on(page_and_open_channel)
    assert taken(machine.sandbox)
    assert len(keys(machine)) == 1
    (channel,) = machine.sandbox.slack.channels.values()
    assert incident.channel is not None
    assert (incident.channel.id, incident.channel.summary_id) == (channel.id, channel.pins[-1])
    assert channel.topic.startswith("SEV2 · triggered")
    marks = [message.metadata for message in channel.messages]
    assert len(marks) == len(set(marks))
    assert len(channel.bookmarks) == len(set(channel.bookmarks)) == 2


@pytest.mark.usefixtures("quiet")
async def test_incident_with_its_channel_has_no_other_points(machine: Machine) -> None:
    machine.slack = True
    commits, requests = await machine.undisturbed(page_and_open_channel)
    assert commits <= FURNISHED[0]
    assert requests == FURNISHED[1]
