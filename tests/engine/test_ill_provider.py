"""Who is kept from being paged when a provider hangs, fails or is gone? The loops that deliver, for real."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.engine.pagerduty import always, events, taken
from tests.engine.post import CROWD, CROWDED, SPEED, Post, delivering, vendors
from tests.engine.rehearsal import with_contacts
from tests.engine.waiting import eventually
from tests.rota import alice_always
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.engine.breaker import OPENS_AFTER
from tocsin.engine.sender import TIMEOUT, Look, Sender
from tocsin.integrations.wire import Outgoing, Reply, Request
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.words import Severity
from tocsin.store.codec import to_column
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

SEV1, SEV4 = Severity.SEV1, Severity.SEV4
SOP = alice_always()
SLACK_USERS = replace(
    SOP, people={id_: replace(person, slack_user=f"U{id_.upper()}") for id_, person in SOP.people.items()}
)
BY_SLACK = with_contacts(SLACK_USERS, ("slack", "inbox"), "alice")
HANGS = Response(202, delay=timedelta(seconds=30))
BAD_GATEWAY = Response(502, b"<html>Bad Gateway</html>")
WITHIN = timedelta(seconds=60)  # the promise for a SEV1


def hangs_for(severity: Severity, request: RecordedRequest) -> Response | None:
    return HANGS if f'"severity":"{severity}"'.encode() in request.body else None


def failures(post: Post, incident: str) -> list[e.PageFailed]:
    return [it.event for it in post.store.queries.timeline(incident) if isinstance(it.event, e.PageFailed)]


async def test_grave_page_does_not_wait_for_a_place_behind_those_that_hang(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    sandbox.script = lambda request: hangs_for(SEV4, request)
    patient = Sender(2 * HANGS.delay)  # what hangs does so throughout
    async with delivering(store, *vendors(sandbox, "pagerduty"), sop=CROWDED, sender=patient) as post:
        for person in CROWD[:30]:
            await post.page(person)
        await eventually(lambda: len(events(sandbox)) == 24)
        await post.declare(SEV1)
        await eventually(lambda: len(taken(sandbox)) == 1)
        await eventually(lambda: post.statuses().count("leased") == 24)


async def test_page_by_chat_does_not_wait_behind_channels_that_hang(store: SqliteStore, sandbox: Sandbox) -> None:
    def channels_hang(request: RecordedRequest) -> Response | None:
        return HANGS if request.path == "/api/conversations.create" else None

    sandbox.script = channels_hang
    async with delivering(store, *vendors(sandbox, "slack", sop=BY_SLACK), sop=BY_SLACK) as post:
        for _ in range(20):
            await post.declare(SEV1)
        await eventually(lambda: [it for it in sandbox.requests if it.path == "/api/chat.postMessage"])
        assert "pending" in post.statuses("slack")


async def test_provider_that_fails_is_left_alone_and_its_pages_go_another_way_at_once(
    store: SqliteStore, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.script = always(BAD_GATEWAY)
    async with delivering(store, *vendors(sandbox, "inbox", "pagerduty"), sop=CROWDED) as post:
        before = [await post.page(person) for person in CROWD[:OPENS_AFTER]]
        await eventually(lambda: all(failures(post, incident.id) for incident in before))
        assert "pagerduty: is not well, and only probed until it is" in caplog.text
        asked = len(events(sandbox))
        after = [await post.page("bob") for _ in range(40)]
        await eventually(lambda: all(failures(post, incident.id) for incident in after))
        (failed,) = failures(post, after[0].id)
        assert failed.reason == "pagerduty is not well: PagerDuty did not confirm the event (HTTP 502)"
        assert failed.next_method is not None
        assert failed.next_method.via == "inbox"
        assert len(events(sandbox)) - asked < 20  # probes, not a page each

        sandbox.script = None
        await eventually(lambda: set(post.statuses()) == {"done"})
        assert "pagerduty: is well again" in caplog.text
        assert all(loop.throttle.breaker.is_closed for loop in post.loops)
    assert len(taken(sandbox)) == len({it.key for it in taken(sandbox)})
    assert {it.person for it in taken(sandbox)} == {*CROWD[:OPENS_AFTER], "bob"}


async def test_page_that_only_a_newer_tocsin_can_read_keeps_no_other_from_going_another_way(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    rows_of(
        store,
        """
        INSERT INTO outbox (key, incident, provider, lane, page, rank, effect, status, due_at, created_at)
        VALUES ('x-2-0', 'x', 'pagerduty', 'x', 'x', 1, '{"kind":"SendHologram"}', 'pending', ?, 0)
        """,
        to_column(datetime.max.replace(tzinfo=UTC)),  # it is not leased, and so not found to be unreadable by that
    )
    sandbox.script = always(BAD_GATEWAY)
    async with delivering(store, *vendors(sandbox, "inbox", "pagerduty"), sop=CROWDED) as post:
        before = [await post.page(person) for person in CROWD[:OPENS_AFTER]]
        await eventually(lambda: all(failures(post, incident.id) for incident in before))
        after = await post.page("bob")
        await eventually(lambda: failures(post, after.id))
    (left,) = rows_of(store, "SELECT status, attempts FROM outbox WHERE key = 'x-2-0'")
    assert left == ("pending", 0)


@pytest.mark.slow
async def test_answered_page_is_not_offered_to_a_provider_that_is_well_again(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    sandbox.script = always(BAD_GATEWAY)
    async with delivering(store, *vendors(sandbox, "inbox", "pagerduty")) as post:
        incidents = [await post.declare(SEV1) for _ in range(20)]
        await eventually(lambda: all(failures(post, incident.id) for incident in incidents))
        for incident in incidents[1:]:
            await post.change(incident.id, c.Acknowledge())
        asked = len(events(sandbox))
        await eventually(lambda: len(events(sandbox)) > asked)  # whatever leaves from now on was looked at since
        sandbox.script = None
        await eventually(lambda: not {"pending", "leased"} & set(post.statuses()))
    assert len(taken(sandbox)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["refuses connections", "fails", "hangs", "redirects", "answers garbage"])
async def test_grave_page_goes_another_way_within_a_minute_whatever_its_provider_does(
    store: SqliteStore, sandbox: Sandbox, failing: str
) -> None:
    found = vendors(sandbox, "inbox", "pagerduty")
    match failing:
        case "refuses connections":
            gone = Sandbox()
            gone.url = "http://127.0.0.1:1"
            found = vendors(gone, "inbox", "pagerduty")
        case "fails":
            sandbox.script = always(BAD_GATEWAY)
        case "hangs":
            sandbox.script = always(HANGS)
        case "redirects":
            sandbox.script = always(Response(302, headers={"location": "/v2/enqueue"}))
        case "answers garbage":
            sandbox.script = always(Response(202, b"\xff\x00"))
    async with delivering(store, *found, sender=Sender(TIMEOUT / 3), speed=3) as post:
        incident = await post.declare(SEV1)
        await eventually(lambda: post.statuses("inbox").count("done") == 2)
        timeline = post.store.queries.timeline(incident.id)
        (fired, *_) = (it.at for it in timeline if isinstance(it.event, e.StepFired))
        (failed,) = (it.at for it in timeline if isinstance(it.event, e.PageFailed))
        assert failed - fired <= WITHIN


async def test_message_that_nobody_can_deliver_keeps_no_other_from_leaving(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    poison: list[str] = []

    def one_is_poison(request: RecordedRequest) -> Response | None:
        key = str(json.loads(request.body)["dedup_key"])
        poison.append(key) if not poison else None
        return BAD_GATEWAY if key == poison[0] else None

    sandbox.script = one_is_poison
    async with delivering(store, *vendors(sandbox, "pagerduty"), sop=CROWDED) as post:
        await post.declare(SEV1)
        await eventually(lambda: len(events(sandbox)) >= 6)
        for person in CROWD[:3]:
            await post.page(person)
        await eventually(lambda: post.statuses() == ["pending", "done", "done", "done"])
        assert post.loops[0].throttle.breaker.is_closed


async def test_several_incidents_share_the_pace_of_the_stakeholders_channel(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    told: list[float] = []

    async def send(request: Outgoing, last_look: Look) -> Reply:
        assert isinstance(request, Request)
        if b"C0STAKE" in request.body:
            told.append(time.monotonic())
        await last_look()
        return Reply(200, {}, b'{"ok": true, "ts": "1", "channel": {"id": "C1", "name": "inc"}}')

    sop = replace(SOP, slack=replace(SOP.slack, stakeholders_channel="C0STAKE"))
    async with delivering(store, *vendors(sandbox, "slack", sop=sop), send=send, sop=sop) as post:
        began = time.monotonic()
        for _ in range(8):
            await post.declare(SEV1)
        await eventually(lambda: len(told) == 8)
    assert told[-1] - began > 0.95 * 7 / SPEED  # a timer may be a little early
