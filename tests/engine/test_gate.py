"""Who is let in, for how long, and how soon is somebody out? The gate itself, and of two nodes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.waiting import eventually
from tests.postgres import Cluster
from tocsin.accounts.credentials import hash_of
from tocsin.accounts.permissions import GlobalRole, Permission, Scope
from tocsin.accounts.sessions import IDLE, LASTS
from tocsin.engine import gate
from tocsin.engine.accounts import Accounts, Person, Wanted
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Actor
from tocsin.engine.gate import Gate
from tocsin.engine.node import Node
from tocsin.engine.sign_in import Browser, SignIn
from tocsin.engine.writer import Writer
from tocsin.errors import NotSignedIn, Overloaded
from tocsin.settings import Settings
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.store.rows import Account
from tocsin.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

ADMIN = Actor("tests", "api", key="token:tests")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PASSWORD = "a lantern over the harbour"


class Entrance:
    """A gate, and what is done to accounts, at a time that the test decides."""

    def __init__(self, store: SqliteStore) -> None:
        self.now = NOON
        clock = Clock(wall=lambda: self.now)
        self.writer = Writer(store, clock, lambda: None)
        self.gate = Gate(store, self.writer, clock, default_sop().people)
        self.sign_in = SignIn(store, self.writer, clock, self.gate)
        self.accounts = Accounts(store, self.writer, clock, gate=self.gate, sign_in=self.sign_in, sop=default_sop())
        self.store = store

    async def account(self, email: str = "alice@example.com", role: GlobalRole = GlobalRole.ADMIN) -> Account:
        account, _ = await self.accounts.add(Person(email, role=role), ADMIN)
        return account

    async def session(self, account: Account) -> str:
        return await self.sign_in.begin(account, Browser("192.0.2.7"), "password")

    async def is_in(self, secret: str) -> bool:
        self.gate.changed()  # as a second later
        return await self.gate.session(secret) is not None


@pytest.fixture
def entrance(path: Path) -> Iterator[Entrance]:
    store = SqliteStore(path)
    entrance = Entrance(store)
    entrance.writer.start()
    yield entrance
    entrance.writer.stop()
    entrance.sign_in.close()
    store.close()


async def test_session_lasts_two_hours_unused_and_not_a_moment_longer(entrance: Entrance) -> None:
    secret = await entrance.session(await entrance.account())
    entrance.now = NOON + IDLE - timedelta(microseconds=1)
    assert await entrance.is_in(secret)
    entrance.now = NOON + IDLE
    assert not await entrance.is_in(secret)


async def test_session_that_is_used_lasts_twelve_hours(entrance: Entrance) -> None:
    secret = await entrance.session(await entrance.account())
    while entrance.now < NOON + LASTS - MINUTE:
        entrance.now += IDLE - MINUTE
        if entrance.now < NOON + LASTS:
            assert await entrance.is_in(secret)
        await entrance.gate.note_use()
    entrance.now = NOON + LASTS
    assert not await entrance.is_in(secret)


async def test_link_that_does_not_work_costs_neither_a_hash_nor_a_transaction(entrance: Entrance) -> None:
    await entrance.account()
    entrance.writer.stop()  # from here on a password can't be hashed, and nothing be written
    entrance.sign_in.close()
    with pytest.raises(NotSignedIn, match="this link doesn't work"):
        await entrance.accounts.make_first_admin("anything", Person("eve@evil.example"), PASSWORD, address="192.0.2.7")
    with pytest.raises(NotSignedIn, match="this link doesn't work"):
        await entrance.accounts.use_reset_link("anything", PASSWORD, "192.0.2.7")


async def test_first_admins_link_opens_nothing_once_there_is_an_account(entrance: Entrance) -> None:
    link = await entrance.accounts.first_link()
    assert link is not None
    await entrance.account()
    entrance.sign_in.close()
    with pytest.raises(NotSignedIn, match="this link doesn't work"):
        await entrance.accounts.make_first_admin(link, Person("eve@evil.example"), PASSWORD, address="192.0.2.7")


async def test_only_so_many_wait_for_their_turn_whatever_it_is_for(entrance: Entrance) -> None:
    account = await entrance.account()
    is_free = threading.Event()
    waiting = [asyncio.create_task(entrance.sign_in.apart(is_free.wait)) for _ in range(16)]
    await asyncio.sleep(0)
    try:
        for turn in (
            entrance.sign_in.by_password("alice@example.com", PASSWORD, Browser("192.0.2.7")),
            entrance.sign_in.confirm(account, PASSWORD, "192.0.2.7"),
            entrance.accounts.set_password(account.id, PASSWORD, ADMIN),
        ):
            with pytest.raises(Overloaded, match="too many people sign in just now: try again in a few seconds"):
                await asyncio.wait_for(turn, timeout=10)
    finally:
        is_free.set()
    await asyncio.gather(*waiting)
    await entrance.accounts.set_password(account.id, PASSWORD, ADMIN)
    await entrance.sign_in.confirm(account, PASSWORD, "192.0.2.7")


async def test_token_opens_nothing_from_the_instant_at_which_it_ends(entrance: Entrance) -> None:
    secret = await entrance.accounts.add_token(Wanted("chat", (Scope.READ,), Duration(days=1)), ADMIN)
    guest = await entrance.gate.bearer(secret)
    assert guest is not None
    assert guest.principal.permissions == {Permission.READ}
    entrance.now = NOON + timedelta(days=1)
    entrance.gate.changed()
    assert await entrance.gate.bearer(secret) is None


async def test_when_a_token_was_used_last_is_noted_apart_from_the_request(entrance: Entrance) -> None:
    secret = await entrance.accounts.add_token(Wanted("chat", (Scope.READ,)), ADMIN)
    entrance.now = NOON + MINUTE
    await entrance.gate.bearer(secret)
    (token,) = entrance.store.queries.accounts.tokens()
    assert token.used_at is None
    await entrance.gate.note_use()
    (token,) = entrance.store.queries.accounts.tokens()
    assert token.used_at == NOON + MINUTE


async def test_what_is_known_is_not_asked_of_the_database_again(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FRESH_SECONDS", 600.0)
    secret = await entrance.accounts.add_token(Wanted("chat", (Scope.INTAKE,)), ADMIN)
    guest = await entrance.gate.bearer(secret)
    with entrance.store.transaction() as tx:
        tx.accounts.drop_token(hash_of(secret))  # behind the gate's back
    assert await entrance.gate.bearer(secret) == guest
    entrance.gate.changed()
    assert await entrance.gate.bearer(secret) is None


async def test_account_named_like_somebody_of_the_sop_is_not_taken_for_them(entrance: Entrance) -> None:
    account, _ = await entrance.accounts.add(Person("eve@evil.example", name="emma"), ADMIN)
    principal = entrance.gate.principal_of(account)
    assert (principal.person, principal.actor) == (None, "eve@evil.example")


async def test_person_who_has_left_the_sop_acts_by_name(entrance: Entrance) -> None:
    account = await entrance.account()
    assert entrance.gate.principal_of(account).actor == "alice"
    without = Gate(entrance.store, entrance.writer, Clock(), {"bob"})
    assert (without.principal_of(account).person, without.principal_of(account).actor) == (None, "Alice Adams")


async def test_commands_of_people_stand_in_the_audit_log_and_what_tocsin_does_by_itself_does_not(path: Path) -> None:
    from tests.engine.server import declare

    async with Node(Settings(database=f"sqlite:///{path}"), default_sop()) as node:
        incident = await declare(node)
        await eventually(lambda: len(node.queries.timeline(incident.id)) > 1)
        entries = node.queries.audit.entries(limit=10)
    assert [(it.action, it.target) for it in entries] == [("incident.declare", incident.id)]


@asynccontextmanager
async def two_nodes(url: str, home: Path) -> AsyncIterator[tuple[Node, Node]]:
    settings = Settings(database=url, environ={"HOME": str(home)})
    async with Node(settings, default_sop()) as one, Node(settings, default_sop()) as other:
        yield one, other


async def test_whoever_is_put_out_on_one_node_is_out_on_every_node_within_a_second(
    postgres: Cluster, tmp_path: Path
) -> None:
    url = postgres.new_database()
    async with two_nodes(url, tmp_path) as (one, other):
        secret = await one.accounts.add_token(Wanted("chat", (Scope.READ,)), ADMIN)
        assert await other.gate.bearer(secret) is not None
        await one.accounts.revoke_token("chat", ADMIN)
        assert await one.gate.bearer(secret) is None
        began = asked = time.monotonic()
        while await other.gate.bearer(secret) is not None:
            assert asked - began < 1.5
            await asyncio.sleep(0.01)
            asked = time.monotonic()
    postgres.drop_database(url)
