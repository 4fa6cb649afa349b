"""Does every page leave, whatever its provider, the disk or a neighbour does? The loops that deliver, for real."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.disk import Disk, Gate
from tests.engine.pagerduty import always, answers, events, paged, taken
from tests.engine.post import CROWD, CROWDED, SPEED, delivering, vendors
from tests.engine.waiting import eventually
from tocsin.domain import commands as c
from tocsin.domain.effects import AnyEffect, SendPage
from tocsin.engine.pace import Rate
from tocsin.engine.sender import TIMEOUT, Look, Sender
from tocsin.engine.throttle import PLACES, Places
from tocsin.integrations.inbox.outbound import deliver
from tocsin.integrations.wire import Attempt, Done, Never, Outgoing, Reply, Request, Verdict
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

HANGS = Response(202, delay=timedelta(seconds=30))
HANGS_AFTERWARDS = Response(202, delay=timedelta(seconds=30), is_processed=True)


def is_furnished(sandbox: Sandbox) -> bool:
    """Whether the incident's channel has all that a new one gets: its last is the pinned summary."""
    return any(channel.pins for channel in sandbox.slack.channels.values())


def notes(sandbox: Sandbox) -> list[str]:
    """What was noted, in the order in which the channel was told; notes that waited share a message."""
    lines = (
        line for channel in sandbox.slack.channels.values() for it in channel.messages for line in it.text.split("\n")
    )
    return [f"Note: {words}" for line in lines if (words := line.partition("Note: ")[2])]


# Providers


async def test_page_leaves_as_soon_as_it_is_decided(store: SqliteStore, sandbox: Sandbox) -> None:
    async with delivering(store, *vendors(sandbox)) as post:
        await post.declare()
        await eventually(lambda: post.statuses() == ["done"])
    assert paged(sandbox) == ["alice"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(429, headers={"retry-after": "2"}), id="has too much to do"),
        pytest.param(Response(500, b"oops"), id="fails"),
        pytest.param(Response(200, b"<html>Please log in</html>"), id="is a portal"),
        pytest.param(Response(202, b'{"status":"succ'), id="answers half a sentence"),
        pytest.param(Response(202, b"\xff\x00"), id="answers garbage"),
        pytest.param(HANGS, id="hangs"),
        pytest.param(HANGS_AFTERWARDS, id="hangs with the page taken"),
    ],
)
async def test_page_arrives_once_the_provider_is_well(store: SqliteStore, sandbox: Sandbox, response: Response) -> None:
    sandbox.script = answers(response, response)
    limit = timedelta(seconds=2) if response.delay else TIMEOUT
    async with delivering(store, *vendors(sandbox), sender=Sender(limit)) as post:
        await post.declare()
        await eventually(lambda: post.statuses() == ["done"])
    assert len(events(sandbox)) >= 3
    assert len({event.key for event in events(sandbox)}) == 1
    assert len(sandbox.pagerduty.alerts) == 1


async def test_slow_chat_does_not_delay_a_page(store: SqliteStore, sandbox: Sandbox) -> None:
    sandbox.script = lambda request: HANGS if request.path.startswith("/api/") else None
    async with delivering(store, *vendors(sandbox)) as post:
        await post.declare()
        await eventually(lambda: any(request.path.startswith("/api/") for request in sandbox.requests))
        for _ in range(3):
            await post.declare()
        await eventually(lambda: post.statuses() == ["done"] * 4)


async def test_slow_page_does_not_delay_the_chat(store: SqliteStore, sandbox: Sandbox) -> None:
    sandbox.script = always(HANGS)
    async with delivering(store, *vendors(sandbox)) as post:
        await post.declare()
        await eventually(lambda: is_furnished(sandbox))
        assert post.statuses() == ["leased"]


async def test_one_page_that_hangs_does_not_delay_another(store: SqliteStore, sandbox: Sandbox) -> None:
    sandbox.script = answers(HANGS)
    async with delivering(store, *vendors(sandbox)) as post:
        await post.declare()
        await eventually(lambda: len(events(sandbox)) == 1)
        await post.declare()
        await eventually(lambda: post.statuses() == ["leased", "done"])


async def test_more_pages_than_are_sent_at_once_all_leave(store: SqliteStore, sandbox: Sandbox) -> None:
    async with delivering(store, *vendors(sandbox), sop=CROWDED) as post:
        await asyncio.gather(*(post.page(person) for person in CROWD))
        await eventually(lambda: post.statuses() == ["done"] * 40)
    assert len(taken(sandbox)) == len(sandbox.pagerduty.alerts) == 40


async def test_what_happens_in_a_channel_arrives_in_order(store: SqliteStore, sandbox: Sandbox) -> None:
    async with delivering(store, *vendors(sandbox)) as post:
        incident = await post.declare()
        await eventually(lambda: is_furnished(sandbox))
        for text in ("one", "two", "three"):
            await post.change(incident.id, c.AddNote(text))
        await eventually(lambda: len(notes(sandbox)) == 3)
    assert notes(sandbox) == ["Note: one (Alice Adams)", "Note: two (Alice Adams)", "Note: three (Alice Adams)"]


@pytest.mark.slow
async def test_no_more_channels_are_opened_in_a_minute_than_slack_takes(store: SqliteStore, sandbox: Sandbox) -> None:
    """Tier 2 is 20 a minute: ten at once, and each further one six seconds later."""
    async with delivering(store, *vendors(sandbox, "slack")) as post:
        began = datetime.now(UTC)
        for _ in range(16):
            await post.declare()
        await eventually(lambda: len(opened_at(sandbox)) == 16)
    assert (opened_at(sandbox)[-1] - began) * SPEED > timedelta(seconds=35)  # a timer may be a little early


def opened_at(sandbox: Sandbox) -> list[datetime]:
    return [it.at for it in sandbox.requests if it.path == "/api/conversations.create"]


async def test_lane_that_waits_costs_no_turns_of_the_loop(store: SqliteStore, sandbox: Sandbox) -> None:
    async with delivering(store, *vendors(sandbox)) as post:
        incident = await post.declare()
        await eventually(lambda: is_furnished(sandbox))
        for number in range(5):
            await post.change(incident.id, c.AddNote(f"number {number}"))
        await eventually(lambda: len(notes(sandbox)) == 5)
        assert post.wakes < 100  # a few commits a delivery; a loop that turns freely makes thousands


class Broken:
    """A provider with a bug, which is repaired after its first page."""

    name = "inbox"
    rate: Rate | None = None
    places: Places = PLACES

    def __init__(self) -> None:
        self.tried = 0

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        assert isinstance(effect, SendPage)
        self.tried += 1
        if self.tried == 1:
            raise ZeroDivisionError
        return deliver(effect)

    def classify(self, effect: AnyEffect, request: Outgoing, reply: Reply) -> Verdict:
        raise NotImplementedError

    def pace(self, effect: AnyEffect) -> tuple[str, timedelta] | None:
        return None


async def test_bug_in_a_provider_costs_no_page(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    async with delivering(store, Broken()) as post:
        await post.page("alice")
        await eventually(lambda: post.statuses("inbox") == ["done"])
    assert "could not be delivered" in caplog.text
    assert "ZeroDivisionError" in caplog.text


# The disk


async def test_disk_that_takes_nothing_for_a_while_costs_no_page(
    store: SqliteStore, sandbox: Sandbox, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with delivering(store, *vendors(sandbox)) as post:
        disk.dies_before = disk.commits + 2
        await post.declare()
        await eventually(lambda: "pagerduty: nothing could be leased" in caplog.text)
        assert events(sandbox) == []
        disk.revive()
        await eventually(lambda: post.statuses() == ["done"])


async def test_disk_that_takes_nothing_is_not_asked_all_the_time(
    store: SqliteStore, sandbox: Sandbox, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    async with delivering(store, *vendors(sandbox, "pagerduty")) as post:
        disk.dies_before = disk.commits + 2
        await post.declare()
        await eventually(lambda: caplog.text.count("nothing could be leased") >= 3)
    passed = timedelta(seconds=(time.monotonic() - started) * SPEED)
    # The first at once, perhaps twice, as the declaration wakes the loop; each of the others a second after the one
    # before. A timer may be a little early.
    assert caplog.text.count("nothing could be leased") <= 2.5 + passed / timedelta(seconds=1)


async def test_page_whose_outcome_can_not_be_written_is_not_sent_again(
    store: SqliteStore, sandbox: Sandbox, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    def disk_fails(request: RecordedRequest) -> None:
        disk.is_dead = True

    sandbox.script = disk_fails
    async with delivering(store, *vendors(sandbox, "pagerduty")) as post:
        await post.declare()
        await eventually(lambda: "its outcome could not be written" in caplog.text)
        assert post.statuses() == ["leased"]
        disk.is_dead = False
        await eventually(lambda: post.statuses() == ["done"])
    assert len(events(sandbox)) == 1


# Stopping


async def test_page_that_hangs_while_the_server_stops_is_sent_after_the_restart(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    sandbox.script = answers(HANGS)
    async with delivering(store, *vendors(sandbox)) as post:
        await post.declare()
        await eventually(lambda: len(events(sandbox)) == 1)
    assert post.statuses() == ["leased"]
    with store.transaction() as tx:
        tx.outbox.release_all()
    async with delivering(store, *vendors(sandbox)) as post:
        await eventually(lambda: post.statuses() == ["done"])
    assert len({event.key for event in events(sandbox)}) == 1


async def test_outcome_that_is_known_when_the_server_stops_is_written_down(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    hold, is_answered = Gate(), asyncio.Event()

    async def send(request: Outgoing, last_look: Look) -> Reply:
        """The page is taken; and from then on the writer is held up by something else."""
        held_up.append(asyncio.create_task(post.writer.write(hold)))
        await hold.reached()
        is_answered.set()
        return Reply(202, {}, b'{"status": "success"}')

    held_up: list[asyncio.Task[None]] = []
    async with delivering(store, *vendors(sandbox, "pagerduty"), send=send) as post:
        await post.page("alice")
        await is_answered.wait()
        await post.stop_loops()
        hold.open()
        await asyncio.wait(held_up)
    assert post.statuses() == ["done"]
