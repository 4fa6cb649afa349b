"""Is what was missed while nobody listened known here in the end, once, and without asking more than is polite?"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from tests.domain.harness import with_contact
from tests.engine.server import ALICE, declare, server, statuses
from tests.engine.waiting import eventually
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import Status
from tocsin.engine.node import Node
from tocsin.engine.pagerduty.catching_up import CatchUp, Pace
from tocsin.engine.pagerduty.hearing import HEARD_AT
from tocsin.engine.sender import Sender
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, Sop

pytestmark = pytest.mark.anyio

POLITE = Pace(apart=0)
SELDOM = Pace(apart=0, without=60)


class Missed:
    """A server that hears no webhooks, one incident whose page PagerDuty has, and who asks for what was missed."""

    def __init__(self, node: Node, sandbox: Sandbox, sender: Sender, incident: str) -> None:
        self.node = node
        self.sandbox = sandbox
        self.sender = sender
        self.incident = incident
        self.catch_up = self.another()

    def another(self, pace: Pace = POLITE) -> CatchUp:
        """Who asks after a restart."""
        account = RestAccount(self.sandbox.url, "a-token")
        line = self.node.pagerduty
        return CatchUp(account, line.hearing, line.parts, self.sender.send, pace)

    @property
    def key(self) -> str:
        return next(iter(self.sandbox.pagerduty.alerts))

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, beside those of the users."""
        return [it.path for it in self.sandbox.requests if it.method == "GET" and it.path != "/users"]

    def told(self, kind: type[e.Event]) -> list[str]:
        return [it.actor for it in self.node.queries.timeline(self.incident) if isinstance(it.event, kind)]


@asynccontextmanager
async def missed(path: Path, sandbox: Sandbox, sop: Sop | None = None, speed: float = 1) -> AsyncIterator[Missed]:
    sandbox.pagerduty.desk.employ(SandboxUser("PBOB", "Bob B.", "Bob@Example.com"))
    sender = Sender()
    async with server(path, sandbox, sop=sop, speed=speed, slack=sop is not None) as node:
        incident = await declare(node)
        await eventually(lambda: statuses(node)[:1] == ["done"])
        yield Missed(node, sandbox, sender, incident.id)
    await sender.close()


async def test_acknowledgement_that_no_webhook_told_is_known_by_whom_the_users_tell(
    path: Path, sandbox: Sandbox
) -> None:
    async with missed(path, sandbox) as it:
        sandbox.pagerduty.desk.acknowledge(it.key, "PBOB")
        await it.catch_up.round()
        assert it.told(e.Acknowledged) == ["bob"]


async def test_page_that_came_to_pagerduty_later_than_to_others_is_asked_about_as_well(
    path: Path, sandbox: Sandbox
) -> None:
    later = ContactMethod(via="pagerduty", after=Duration(minutes=1))
    sop = with_contact(default_sop(), "alice", ContactMethod(via="slack"), later)
    async with missed(path, sandbox, sop, speed=60) as it:
        sandbox.pagerduty.desk.acknowledge(it.key, "PBOB")
        await it.catch_up.round()
        assert it.told(e.Acknowledged) == ["bob"]


async def test_whoever_overlaps_with_a_webhook_does_nothing_twice(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        told: list[bytes] = []
        sandbox.pagerduty.desk.tell = lambda event: told.append(json.dumps(event).encode())
        sandbox.pagerduty.desk.annotate(it.key, "PBOB", "looking")
        sandbox.pagerduty.desk.acknowledge(it.key, "PBOB")
        sandbox.pagerduty.desk.resolve(it.key, "PBOB")
        await it.catch_up.round()
        for body in told:
            await it.node.pagerduty.take(body)
        await it.another().round()
        assert (it.told(e.NoteAdded), it.told(e.Acknowledged)) == (["bob", "bob"], ["bob"])


async def test_once_somebody_has_answered_nothing_is_asked_any_more(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        await it.catch_up.round()
        await it.node.change(it.incident, c.Acknowledge(), ALICE)
        before = len(it.asked)
        await it.catch_up.round()
        assert len(it.asked) == before


async def test_after_a_restart_answered_pages_of_open_incidents_are_asked_about_too(
    path: Path, sandbox: Sandbox
) -> None:
    async with missed(path, sandbox) as it:
        await it.node.change(it.incident, c.Acknowledge(), ALICE)
        sandbox.pagerduty.desk.annotate(it.key, "PBOB", "written while nobody listened")
        await it.another().round()
        assert it.told(e.NoteAdded) == ["bob"]


async def test_what_is_older_than_the_memory_of_what_was_heard_is_not_told_again(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        desk = sandbox.pagerduty.desk
        desk.acknowledge(it.key, "PBOB")
        old = desk.annotate(it.key, "PBOB", "a week ago")
        desk.resolve(it.key, "PBOB")
        long_ago = old.at - timedelta(days=6, hours=1)
        desk.of_key(it.key).notes = [replace(old, at=long_ago)]
        desk.of_key(it.key).ended_at = long_ago
        await it.another().round()
        assert (it.told(e.Acknowledged), it.told(e.NoteAdded)) == (["bob"], [])


async def test_two_nodes_take_turns(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        one, other = it.another(SELDOM), it.another(SELDOM)
        await one.round()
        await other.round()  # the first of a node
        before = len(it.asked)
        await one.round()
        await other.round()
        assert len(it.asked) == before + 2  # the incident and its notes, once


async def test_page_is_asked_for_by_its_key_whenever_it_was_and_as_documented(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        await it.catch_up.round()
        (users, incidents, notes) = [request for request in sandbox.requests if request.method == "GET"]
        assert (users.path, parse_qs(users.query)) == ("/users", {"limit": ["100"], "offset": ["0"]})
        assert parse_qs(incidents.query) == {"incident_key": [it.key], "date_range": ["all"], "limit": ["100"]}
        assert notes.path == f"/incidents/{sandbox.pagerduty.desk.of_key(it.key).id}/notes"
        assert {it.headers["authorization"] for it in (users, incidents, notes)} == {"Token token=a-token"}
        assert {exchange.response.status for exchange in sandbox.exchanges if exchange.request.method == "GET"} == {200}


async def test_who_is_who_may_be_kept_from_the_token(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        sandbox.script = lambda asked: (
            Response(403, b'{"error": {"message": "Access Denied", "code": 2010}}') if asked.path == "/users" else None
        )
        sandbox.pagerduty.desk.acknowledge(it.key, "PBOB")
        await it.catch_up.round()
        assert it.told(e.Acknowledged) == ["pagerduty"]


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        pytest.param(Response(429, b"", {"ratelimit-reset": "20"}), 20.0, id="until its limit is reset"),
        pytest.param(Response(429, b"", {"retry-after": "7"}), 7.0, id="as HTTP says it"),
        pytest.param(Response(429, b""), 30.0, id="it doesn't say for how long"),
        pytest.param(Response(429, b"", {"ratelimit-reset": "0"}), 1.0, id="for a moment"),
        pytest.param(Response(401, b'{"error": {"message": "Authentication failed"}}'), 30.0, id="a revoked token"),
        pytest.param(Response(503, b"<html>"), 30.0, id="it is down"),
        pytest.param(Response(200, b"<html>welcome to the hotel</html>"), 30.0, id="somebody else answers"),
    ],
)
async def test_what_refuses_is_left_alone_for_a_while(
    path: Path, sandbox: Sandbox, answer: Response, pause: float
) -> None:
    def script(asked: RecordedRequest) -> Response | None:
        return answer if asked.path == "/incidents" else None

    async with missed(path, sandbox) as it:
        sandbox.script = script
        assert await it.catch_up.pause_after_a_round() == pause
        sandbox.script = None
        sandbox.pagerduty.desk.acknowledge(it.key, "PBOB")
        assert await it.catch_up.pause_after_a_round() == 5.0
        assert it.told(e.Acknowledged) == ["bob"]


async def test_while_webhooks_come_it_is_asked_once_a_minute(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        await it.node.write(lambda tx, now: tx.facts.set_meta(HEARD_AT, now.isoformat()))
        assert await it.catch_up.pause_after_a_round() == 60.0


async def test_notes_incident_is_found_by_asking_where_the_webhook_names_no_key(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        line = it.node.pagerduty
        line.account = RestAccount(sandbox.url, "a-token")
        told: list[bytes] = []
        sandbox.pagerduty.desk.tell = lambda event: told.append(json.dumps(event).encode())
        sandbox.pagerduty.desk.annotate(it.key, "PBOB", "looking")
        sandbox.pagerduty.desk.opened("disk-full", "Somebody else's", "")
        sandbox.pagerduty.desk.annotate("disk-full", "PBOB", "none of ours")
        sandbox.pagerduty.desk.annotate("disk-full", "PBOB", "nor this")
        for body in told:
            await line.take(body)
        assert it.told(e.NoteAdded) == ["pagerduty"]
        assert [path.rpartition("/")[2] for path in it.asked] == ["alerts", "alerts"]  # a stranger is asked for once


async def test_status_of_the_incident_is_no_more_than_pagerduty_says(path: Path, sandbox: Sandbox) -> None:
    async with missed(path, sandbox) as it:
        await it.catch_up.round()
        (incident,) = it.node.queries.incidents(is_open=True, limit=9)
        assert incident.status is Status.TRIGGERED
