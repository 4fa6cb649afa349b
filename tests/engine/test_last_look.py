"""Does a page leave that nobody needs any more, or that another node has? The last look, under every race."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.engine.post import ALICE, CROWD, CROWDED, Post, delivering, vendors
from tests.engine.waiting import eventually
from tests.postgres import Cluster, run_sql
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.effects import AnyEffect, SendPage
from tocsin.domain.incident import Incident, Status
from tocsin.engine import dispatch
from tocsin.engine.providers import InboxProvider
from tocsin.engine.sender import Look
from tocsin.integrations.wire import Attempt, Done, Never, Outgoing, Reply, Request
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.words import Severity
from tocsin.store.open import Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.queries import Queries
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

T = TypeVar("T")

ROUNDS = 200
AT_ONCE = 10
_RACES = 5
SUCCESS = Reply(202, {}, b'{"status": "success"}')


class Wire:
    """The way to PagerDuty. It takes its time, and notes what the record said just before the last look was taken."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance
        self.left: Counter[str] = Counter()  # pages that left, by what the record said before the last look
        self.keys: Counter[str] = Counter()

    async def send(self, request: Outgoing, last_look: Look) -> Reply:
        assert isinstance(request, Request)
        event = json.loads(request.body)
        if event["event_action"] != "trigger":
            return SUCCESS
        await asyncio.sleep(self._chance.random() * 0.01)
        incident_id = event["payload"]["custom_details"]["incident"]
        status = await self._store.read(lambda queries: queries.incident(incident_id).status)
        await last_look()
        self.left[status] += 1
        self.keys[event["dedup_key"]] += 1
        return SUCCESS


async def acknowledge_soon(post: Post, incident: Incident, chance: random.Random) -> None:
    await asyncio.sleep(chance.random() * 0.015)
    await post.change(incident.id, c.Acknowledge())


async def races(paging: Post, answering: Post, wires: list[Wire], is_decided: Callable[[], bool]) -> None:
    """One race after the other until it is decided: on a busy machine one side may be the quicker one throughout."""
    for number in range(1, _RACES + 1):
        await race(paging, answering, ROUNDS, random.Random(number))
        check(wires, paging, number * ROUNDS)
        if is_decided() and 0 < sum(wire.left.total() for wire in wires) < number * ROUNDS:
            return
    raise AssertionError("in each race one side was the quicker one throughout")


async def race(paging: Post, answering: Post, rounds: int, chance: random.Random) -> None:
    """So many incidents are declared, each acknowledged while its page is about to leave."""

    async def one_after_another(count: int, person: str) -> None:
        for _ in range(count):
            incident = await paging.page(person)
            await acknowledge_soon(answering, incident, chance)

    await asyncio.gather(*(one_after_another(rounds // AT_ONCE, person) for person in CROWD[:AT_ONCE]))
    await eventually(lambda: not {"pending", "leased"} & set(paging.statuses()), within=60)


def check(wires: list[Wire], post: Post, rounds: int) -> None:
    left = sum((wire.left for wire in wires), Counter[str]())
    assert set(left) <= {Status.TRIGGERED}, "a page left after its acknowledgement was on record"
    assert set(sum((wire.keys for wire in wires), Counter[str]()).values()) <= {1}
    pages = [it for it in post.store.queries.outbox.pages(limit=10 * rounds) if it.provider == "pagerduty"]
    assert Counter(it.status for it in pages) == +Counter(done=left.total(), suppressed=rounds - left.total())
    assert all(it.attempts == (it.status == "done") for it in pages)


@pytest.mark.slow
async def test_no_page_leaves_once_its_acknowledgement_is_on_record(store: SqliteStore, sandbox: Sandbox) -> None:
    wire = Wire(store, random.Random(1))
    unhurried = vendors(sandbox, "pagerduty")
    unhurried[0].rate = None
    async with delivering(store, *unhurried, send=wire.send, sop=CROWDED) as post:
        await races(post, post, [wire], lambda: True)


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    url = postgres.migrated_database()
    yield url
    postgres.drop_database(url)


@asynccontextmanager
async def node(database: str, sandbox: Sandbox, name: str, wires: list[Wire]) -> AsyncIterator[Post]:
    store = PostgresStore(database)
    wires.append(Wire(store, random.Random(name)))
    unhurried = vendors(sandbox, "pagerduty")
    unhurried[0].rate = None
    async with delivering(store, *unhurried, send=wires[-1].send, sop=CROWDED, node=name) as post:
        with store.listening(post.heard):
            yield post
    store.close()


@pytest.mark.slow
async def test_no_page_leaves_once_its_acknowledgement_by_another_node_is_on_record(
    database: str, sandbox: Sandbox
) -> None:
    wires: list[Wire] = []
    async with node(database, sandbox, "one", wires) as one, node(database, sandbox, "other", wires) as other:
        await races(one, other, wires, lambda: all(wire.left for wire in wires))


async def test_worker_that_wakes_after_its_lease_was_taken_over_sends_nothing_and_settles_nothing(
    database: str, sandbox: Sandbox
) -> None:
    """As after SIGSTOP: it stood still with the page in hand, for longer than its lease."""
    stopped, woken = asyncio.Event(), asyncio.Event()

    async def stands_still(request: Outgoing, last_look: Look) -> Reply:
        stopped.set()
        await woken.wait()
        await last_look()
        raise AssertionError("it must not leave")

    store, other = PostgresStore(database), PostgresStore(database)
    async with delivering(store, *vendors(sandbox, "pagerduty"), send=stands_still, node="one") as one:
        incident = await one.declare(Severity.SEV1)
        await stopped.wait()
        run_sql(database, "UPDATE outbox SET leased_until = leased_until - 60000000 WHERE status = 'leased'")
        with other.transaction() as tx:
            assert len(tx.outbox.release_expired()) == 1
            (page,) = tx.outbox.lease("pagerduty", "other", incident.opened_at + timedelta(minutes=1), 1).deliveries
        assert isinstance(page.effect, SendPage)
        taken = Done(receipts=(c.ReportPageAccepted(key=page.effect.key, via="pagerduty"),))
        with other.transaction() as tx:
            dispatch.settle(one.desk, tx, incident.opened_at + timedelta(minutes=1), page, taken)
        row = other.queries.outbox.rows(incident=incident.id)
        woken.set()
        await eventually(lambda: not one.loops[0].under_way())
        assert other.queries.outbox.rows(incident=incident.id) == row
        accepted = [it for it in other.queries.timeline(incident.id) if isinstance(it.event, e.PageAccepted)]
        assert len(accepted) == 1
    store.close()
    other.close()


class StandsStill(SqliteStore):
    """A store whose process stands still once, between the answer to a last look and what it is for."""

    async def read(self, ask: Callable[[Queries], T]) -> T:
        answer = await super().read(ask)
        if answer is True and not self.has_stood_still:
            self.has_stood_still = True
            await self.meanwhile()
            time.sleep(0.3)  # noqa: ASYNC251  # nothing in the process goes on
        return answer

    has_stood_still = False
    meanwhile: Callable[[], Awaitable[object]]


async def test_page_whose_process_stood_still_after_the_last_look_is_looked_at_again(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    store = StandsStill(tmp_path / "tocsin.db")
    async with delivering(store, *vendors(sandbox, "pagerduty")) as post:
        store.meanwhile = lambda: post.change(store.queries.incidents(is_open=True, limit=1)[0].id, c.Acknowledge())
        await post.declare(Severity.SEV1)
        await eventually(lambda: store.has_stood_still and not post.loops[0].under_way())
        assert post.statuses()[0] == "suppressed"
    store.close()
    assert sandbox.pagerduty.alerts == {}


class Interrupted(InboxProvider):
    """The inbox, where something happens while it makes ready what rings."""

    meanwhile: Callable[[AnyEffect], object]

    def request_for(self, effect: AnyEffect, attempt: Attempt) -> Request | Done | Never:
        made = super().request_for(effect, attempt)
        self.meanwhile(effect)
        return made


async def test_page_that_is_called_back_rings_on_no_console(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Interrupted()
    async with delivering(store, inbox) as post:

        def acknowledge(effect: AnyEffect) -> None:
            assert isinstance(effect, SendPage)
            with store.transaction() as tx:
                now = tx.incidents.get(effect.incident).opened_at
                post.desk.change(tx, now, effect.incident, c.Acknowledge(), ALICE)

        inbox.meanwhile = acknowledge
        await post.page("alice")
        await eventually(lambda: "suppressed" in post.statuses("inbox"))
        assert "PAGE alice" not in caplog.text


async def test_page_that_is_called_back_at_the_last_moment_has_no_end_to_follow(
    store: SqliteStore, sandbox: Sandbox
) -> None:
    about_to_leave, acknowledged = asyncio.Event(), asyncio.Event()

    async def send(request: Outgoing, last_look: Look) -> Reply:
        about_to_leave.set()
        await acknowledged.wait()
        await last_look()
        raise AssertionError("it must not leave")

    async with delivering(store, *vendors(sandbox, "pagerduty"), send=send) as post:
        incident = await post.declare(Severity.SEV1)
        await about_to_leave.wait()
        await post.writer.write(lambda tx, now: post.desk.change(tx, now, incident.id, c.Acknowledge(), ALICE))
        acknowledged.set()
        await eventually(lambda: post.statuses() == ["suppressed", "suppressed"])
        page, end = reversed([it for it in store.queries.outbox.rows() if it.provider == "pagerduty"])
        assert (page.note, page.attempts) == ("no longer needed", 0)
        assert end.note == "what it follows was never sent"
