"""Is every page sent, though the server dies? At each commit and each request, just before and just after it.

A server plays one response on a real file and dies at one point of it: from then on its disk takes nothing and its
requests reach nobody. A new server on the same file, and the same people and monitoring, who try again, finish it.
"""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engine.alerts import firing
from tests.engine.disk import Disk
from tests.engine.pagerduty import events, taken
from tests.engine.server import ALICE, deliver, server, statuses
from tests.engine.waiting import eventually
from tocsin.domain import commands as c
from tocsin.domain.apply import fold
from tocsin.domain.incident import PageStatus, Status
from tocsin.engine.node import Node
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio

NOBODY = Response(503)
REFUSED = Response(400, b'{"status": "invalid event", "message": "Event object is invalid", "errors": []}')

# Of an undisturbed response: alert, lease, settlement; acknowledgement, lease, settlement.
COMMITS = 6
REQUESTS = 2  # trigger, acknowledge


class Point(NamedTuple):
    """Where the server dies: just before or after its n-th commit, or as its n-th request gets lost, or the answer."""

    what: str
    number: int

    def __str__(self) -> str:
        return f"{self.what} {self.number}"


POINTS = [
    *(Point(f"{side} commit", number) for number in range(1, COMMITS + 1) for side in ("before", "after")),
    *(Point(f"{side} request", number) for number in range(1, REQUESTS + 1) for side in ("before", "after")),
]


def dies_at(point: Point, disk: Disk) -> Script:
    """Let the disk die at the point; and what PagerDuty answers, which hears nothing of a server that is dead."""
    left = point.number if "request" in point.what else 0
    match point.what:
        case "before commit":
            disk.dies_before = disk.commits + point.number
        case "after commit":
            disk.dies_after = disk.commits + point.number

    def script(request: RecordedRequest) -> Response | None:
        nonlocal left
        if disk.is_dead:
            return NOBODY
        left -= 1
        if left:
            return None
        disk.is_dead = True
        return Response(503, is_processed=point.what == "after request")

    return script


async def respond(node: Node) -> None:
    """Monitoring delivers an alert, the primary is paged and acknowledges; each tries until there is an answer."""
    await deliver(node, firing())
    (incident,) = node.queries.incidents(is_open=True, limit=9)
    await eventually(lambda: set(statuses(node)) == {"done"})
    if incident.status is Status.TRIGGERED:
        await node.change(incident.id, c.Acknowledge(), ALICE)
    await eventually(lambda: set(statuses(node)) <= {"done", "suppressed"})


async def dies_while_responding(node: Node, disk: Disk) -> None:
    responding = asyncio.create_task(respond(node))
    await eventually(lambda: disk.is_dead)
    responding.cancel()
    await asyncio.wait([responding])


@pytest.mark.parametrize("point", POINTS, ids=str)
async def test_page_arrives_under_one_key_wherever_the_server_dies(
    point: Point, path: Path, sandbox: Sandbox, disk: Disk
) -> None:
    async with server(path, sandbox) as node:
        sandbox.script = dies_at(point, disk)
        await dies_while_responding(node, disk)
    disk.revive()
    sandbox.script = None
    async with server(path, sandbox) as node:
        await respond(node)
        (incident,) = node.queries.incidents(is_open=None, limit=9)
        timeline = node.queries.timeline(incident.id)
    assert taken(sandbox)
    assert len({event.key for event in events(sandbox)}) == 1
    (alert,) = sandbox.pagerduty.alerts.values()
    assert (alert.status, alert.opened) == (PagerDutyStatus.ACKNOWLEDGED, 1)
    assert fold(timeline) == incident
    assert [page.status for page in incident.pages.values()] == [PageStatus.ANSWERED]


async def test_points_are_all_that_there_are(path: Path, sandbox: Sandbox, disk: Disk) -> None:
    async with server(path, sandbox) as node:
        before = disk.commits
        await respond(node)
        assert (disk.commits - before, len(sandbox.requests)) == (COMMITS, REQUESTS)
