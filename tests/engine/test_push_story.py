"""Does a page ring a person's browsers? Through a whole server, and a push service that checks all that it is sent."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.domain.harness import with_contact
from tests.engine.disk import lay_ballast
from tests.engine.server import declare, statuses
from tests.engine.waiting import eventually
from tests.rota import alice_always
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.engine import page_tests
from tocsin.engine.accounts import Person
from tocsin.engine.browsers import MOST
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import NotSignedIn, Refused
from tocsin.integrations.push.services import Subscription
from tocsin.settings import Settings
from tocsin.simulate.sandbox.push import SandboxBrowser
from tocsin.simulate.sandbox.recording import Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Severity

pytestmark = [pytest.mark.anyio]

PUSH, INBOX = ContactMethod(via="push"), ContactMethod(via="inbox")


SOP = alice_always(with_contact(default_sop(), "alice", PUSH, INBOX))
ALICE = Actor("alice", "web", key="account:1")


@pytest.fixture
def node(path: Path, sandbox: Sandbox) -> Node:
    lay_ballast(path)
    hosts = (sandbox.url.removeprefix("http://"),)
    return Node(Settings(f"sqlite:///{path}", public_url="https://tocsin.example.org", push_hosts=hosts), SOP)


async def account_of(node: Node, person: str = "alice") -> int:
    known = node.queries.accounts.accounts_of_person(person)
    if known:
        return known[0].id
    account, _ = await node.accounts.add(Person(f"{person}@example.com", person=person), Actor("keeper", "cli"))
    return account.id


async def subscribed(node: Node, sandbox: Sandbox, label: str = "Firefox on Android") -> SandboxBrowser:
    """A browser of Alice's that rings from now on."""
    browser = sandbox.push.subscribe(sandbox.url, await node.browsers.public_key())
    await node.browsers.add(await account_of(node), Subscription(**browser.subscription), label, ALICE)
    return browser


def ways(node: Node, incident: str) -> list[str]:
    """What became of the pages to Alice, in order."""
    told = []
    for it in node.queries.timeline(incident):
        if isinstance(it.event, e.PageAccepted) and it.event.person == "alice":
            told.append(f"{it.event.via} took it")
        if isinstance(it.event, e.PageFailed) and it.event.person == "alice":
            told.append(f"{it.event.via}: {it.event.reason}")
    return told


def labels(node: Node) -> list[str]:
    return [it.label for it in node.queries.desk.browsers_of_person("alice")]


def deeds(node: Node) -> list[tuple[str, str]]:
    return [(it.action, it.target) for it in reversed(node.queries.audit.entries(limit=100)) if "browser" in it.action]


async def test_page_rings_every_browser_and_is_replaced_when_somebody_answers(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone, laptop = await subscribed(node, sandbox), await subscribed(node, sandbox, "Chrome on Linux")
        incident = await declare(node, Severity.SEV1)
        await eventually(lambda: bool(phone.messages and laptop.messages))
        (pushed,) = phone.messages
        key = str(pushed.notification["tag"])
        assert pushed.notification == {
            "title": "SEV1: Checkout is down",
            "body": f"{incident.id} website: escalation to primary on-call",
            "navigate": node.links.acknowledgement(key),
            "requireInteraction": True,
            "silent": False,
            "actions": [
                {"action": "acknowledge", "title": "Acknowledge", "navigate": node.links.acknowledgement(key)},
                {"action": "open", "title": "Open", "navigate": node.links.incident(incident.id)},
            ],
            "tag": key,
            "lang": "en",
            "dir": "ltr",
        }
        assert (pushed.ttl, pushed.urgency) == (86_400, "high")
        await eventually(lambda: ways(node, incident.id) == ["push took it"])
        await node.change(incident.id, c.Acknowledge(), Actor("bob", "test"))
        await eventually(lambda: len(phone.messages) == len(laptop.messages) == 2)
        assert phone.shown[key]["title"] == f"{incident.id}: nothing to do any more"
        assert phone.shown[key]["silent"] is True
        assert phone.messages[1].topic == pushed.topic


async def test_page_is_taken_when_one_browser_has_taken_it(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone, laptop = await subscribed(node, sandbox), await subscribed(node, sandbox, "Chrome on Linux")
        phone.answers = [Response(503)]
        incident = await declare(node)
        await eventually(lambda: ways(node, incident.id) == ["push took it"])
        assert (len(phone.messages), len(laptop.messages)) == (0, 1)
        assert [it.taken_at is not None for it in node.queries.desk.browsers_of_person("alice")] == [False, True]


async def test_page_to_somebody_without_a_browser_goes_another_way_at_once(node: Node) -> None:
    async with node:
        await account_of(node)
        incident = await declare(node)
        await eventually(lambda: len(ways(node, incident.id)) == 2)
        reason = "no browser of alice's is to be rung: alice opens the inbox there, and has it ring"
        assert ways(node, incident.id) == [f"push: {reason}", "inbox took it"]
        await node.change(incident.id, c.Acknowledge(), Actor("bob", "test"))
        await eventually(lambda: statuses(node, "push") == ["failed", "done"])


@pytest.mark.parametrize("status", [404, 410])
async def test_browser_that_is_gone_is_forgotten_and_the_page_goes_another_way(
    node: Node, sandbox: Sandbox, status: int
) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        phone.answers = [Response(status)]
        incident = await declare(node)
        await eventually(lambda: len(ways(node, incident.id)) == 2)
        service = sandbox.url.removeprefix("http://")
        reason = f"Firefox on Android: {service} answered {status}: it isn't subscribed any more"
        assert ways(node, incident.id) == [f"push: {reason}", "inbox took it"]
        assert labels(node) == []
        assert deeds(node) == [("browser.add", "Firefox on Android"), ("browser.gone", "Firefox on Android")]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
async def test_refusal_goes_another_way_and_the_browser_stays(node: Node, sandbox: Sandbox, status: int) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        phone.answers = [Response(status)]
        incident = await declare(node)
        await eventually(lambda: len(ways(node, incident.id)) == 2)
        assert ways(node, incident.id)[1] == "inbox took it"
        assert labels(node) == ["Firefox on Android"]


@pytest.mark.parametrize("answer", [Response(429, headers={"retry-after": "1"}), Response(500), Response(503)])
@pytest.mark.slow
async def test_busy_service_is_asked_again(node: Node, sandbox: Sandbox, answer: Response) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        phone.answers = [answer]
        incident = await declare(node)
        await eventually(lambda: ways(node, incident.id) == ["push took it"])
        asked = [it.request.at for it in sandbox.exchanges]
        assert asked[1] - asked[0] >= timedelta(seconds=0.5)


async def test_service_that_wants_long_to_be_left_alone_is_not_waited_for(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        phone.answers = [Response(429, headers={"retry-after": "600"})]
        incident = await declare(node)
        await eventually(lambda: len(ways(node, incident.id)) == 2)
        assert ways(node, incident.id)[1] == "inbox took it"
        assert len(sandbox.exchanges) == 1


async def test_repetition_after_a_lost_answer_takes_the_place_of_what_is_shown(node: Node, sandbox: Sandbox) -> None:
    lost = iter([Response(503, is_processed=True)])
    sandbox.script = lambda _: next(lost, None)
    async with node:
        phone = await subscribed(node, sandbox)
        incident = await declare(node)
        await eventually(lambda: ways(node, incident.id) == ["push took it"])
        assert (len(phone.messages), len(phone.shown)) == (2, 1)


async def test_page_that_was_answered_meanwhile_rings_no_browser(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        phone.answers = [Response(503)]
        incident = await declare(node)
        await eventually(lambda: bool(sandbox.exchanges))
        await node.change(incident.id, c.Acknowledge(), Actor("bob", "test"))
        await eventually(lambda: statuses(node, "push") == ["suppressed", "done"])
        assert [it.notification["silent"] for it in phone.messages] == [True]


async def test_test_page_says_that_it_works(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        await node.write(lambda tx, now: page_tests.send(node.desk, tx, now, "alice", by=Actor("bob", "test")))
        await eventually(lambda: {it.status for it in node.queries.desk.page_tests("alice")} == {"done"})
        (pushed,) = phone.messages
        assert pushed.notification["title"] == "Test page, nothing is wrong"
        assert pushed.ttl == 600


async def test_disabled_account_has_no_browsers(node: Node, sandbox: Sandbox) -> None:
    async with node:
        await subscribed(node, sandbox)
        await node.accounts.set_disabled(await account_of(node), True, Actor("keeper", "web"))
        assert labels(node) == []
        assert deeds(node)[-1] == ("browser.remove", "Firefox on Android")


async def test_push_service_that_is_no_longer_allowed_is_not_asked(path: Path, node: Node, sandbox: Sandbox) -> None:
    async with node:
        await subscribed(node, sandbox)
    async with Node(Settings(f"sqlite:///{path}", public_url="https://tocsin.example.org"), SOP) as stricter:
        incident = await declare(stricter)
        await eventually(lambda: len(ways(stricter, incident.id)) == 2)
        assert sandbox.exchanges == []


async def test_key_is_made_once_and_kept(path: Path, node: Node) -> None:
    async with node:
        key = await node.browsers.public_key()
        assert node.browsers._key is not None
    async with Node(node.settings, SOP) as again:
        assert await again.browsers.public_key() == key


# Who changes what


async def test_more_than_ten_browsers_are_refused(node: Node, sandbox: Sandbox) -> None:
    async with node:
        for number in range(MOST):
            await subscribed(node, sandbox, f"browser {number}")
        with pytest.raises(Refused, match="10 browsers ring for you already: remove one of them first") as caught:
            await subscribed(node, sandbox, "one more")
        assert caught.value.code == "too_many_browsers"


async def test_same_browser_is_kept_once(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        account, again = await account_of(node), Subscription(**phone.subscription)
        secret = await node.browsers.add(account, again, "Firefox on Android", ALICE)
        assert labels(node) == ["Firefox on Android"]
        assert await node.browsers.known_by(secret, account) is not None


async def test_browser_goes_over_to_whoever_signs_in_there_next(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone = await subscribed(node, sandbox)
        bob = await account_of(node, "bob")
        await node.browsers.add(bob, Subscription(**phone.subscription), "Firefox on Android", Actor("bob", "web"))
        assert labels(node) == []
        assert len(node.queries.desk.browsers_of_person("bob")) == 1


async def test_address_of_anothers_browser_can_not_be_taken(node: Node, sandbox: Sandbox) -> None:
    async with node:
        phone, mine = await subscribed(node, sandbox), sandbox.push.subscribe(sandbox.url)
        stolen = Subscription(**{**mine.subscription, "endpoint": phone.endpoint})
        with pytest.raises(Refused, match="this address is another browser's"):
            await node.browsers.add(await account_of(node, "bob"), stolen, "Chrome", Actor("bob", "web"))
        assert labels(node) == ["Firefox on Android"]


async def test_account_that_is_nobody_of_the_sop_has_nothing_to_be_rung_for(node: Node, sandbox: Sandbox) -> None:
    async with node:
        account, _ = await node.accounts.add(Person("guest@example.com"), Actor("keeper", "cli"))
        browser = Subscription(**sandbox.push.subscribe(sandbox.url).subscription)
        with pytest.raises(Refused, match="you are none of the SOP's people, so nobody pages you"):
            await node.browsers.add(account.id, browser, "Chrome", Actor("guest", "web"))


async def test_address_that_the_push_service_has_renewed_is_rung(node: Node, sandbox: Sandbox) -> None:
    async with node:
        old, new = sandbox.push.subscribe(sandbox.url), sandbox.push.subscribe(sandbox.url)
        account = await account_of(node)
        secret = await node.browsers.add(account, Subscription(**old.subscription), "Firefox", ALICE)
        await node.browsers.renew(secret, Subscription(**new.subscription), "127.0.0.1")
        await declare(node)
        await eventually(lambda: bool(new.messages))
        assert old.messages == []
        assert deeds(node)[-1] == ("browser.renew", "Firefox")


async def test_stranger_renews_nothing(node: Node, sandbox: Sandbox) -> None:
    async with node:
        await subscribed(node, sandbox)
        mine = Subscription(**sandbox.push.subscribe(sandbox.url).subscription)
        for secret in ("", "tocsin_browser_guessed"):
            with pytest.raises(NotSignedIn, match="this browser isn't rung by push"):
                await node.browsers.renew(secret, mine, "127.0.0.1")


async def test_browser_is_forgotten_where_its_owner_signs_out_and_nowhere_else(node: Node, sandbox: Sandbox) -> None:
    async with node:
        account = await account_of(node)
        phone = sandbox.push.subscribe(sandbox.url)
        secret = await node.browsers.add(account, Subscription(**phone.subscription), "Firefox", ALICE)
        await node.browsers.signed_out(secret, await account_of(node, "bob"), Actor("bob", "web"))
        await node.browsers.signed_out("another", account, ALICE)
        assert labels(node) == ["Firefox"]
        await node.browsers.signed_out(secret, account, ALICE)
        assert labels(node) == []
