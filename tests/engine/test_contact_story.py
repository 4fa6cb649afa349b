"""Push now, an e-mail while nobody answers: through a whole server, a mail server and what Apprise speaks to."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.domain.harness import with_contact
from tests.engine.disk import lay_ballast
from tests.engine.server import declare
from tests.engine.test_mail import mail_server
from tests.engine.test_pushing import service
from tests.engine.waiting import eventually
from tests.rota import alice_always
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.engine import answers, page_tests
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.settings import Settings
from tocsin.sop.durations import Duration
from tocsin.sop.model import ContactMethod, Sop
from tocsin.sop.words import Severity
from tocsin.store.verify import Verification

pytest.importorskip("apprise")
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PUSH = ContactMethod(via="apprise", name="push", url="env:ALICE_PUSH")
MAIL = ContactMethod(via="email", after=Duration(minutes=2))


def node_with(path: Path, sop: Sop, *, speed: float = 20, **environ: str) -> Node:
    lay_ballast(path)
    url = "https://tocsin.example.org"
    settings = Settings(database=f"sqlite:///{path}", public_url=url, clock_speed=speed, environ=environ)
    return Node(settings, sop)


def taken(node: Node, incident: str) -> set[str]:
    """The contact methods that took a page of it."""
    return {it.event.via for it in node.queries.timeline(incident) if isinstance(it.event, e.PageAccepted)}


async def test_push_now_and_a_mail_while_nobody_answers_whose_link_stops_it_all(path: Path) -> None:
    sop = with_contact(alice_always(), "alice", PUSH, MAIL, ContactMethod(via="inbox"))
    with mail_server() as (mailbox, mail), service() as phone:
        server = f"smtp://127.0.0.1:{mail.server.port}?from=tocsin@example.org"
        async with node_with(path, sop, SMTP_URL=server, ALICE_PUSH=phone.address) as node:
            incident = await declare(node, Severity.SEV1)
            await eventually(lambda: len(phone.told) == 1)
            await eventually(lambda: len(mailbox.letters) == 1)
            await eventually(lambda: taken(node, incident.id) >= {"apprise:push", "email"})
            letter = message_from_bytes(mailbox.letters[0], policy=policy.default)
            assert isinstance(letter, EmailMessage)
            body = letter.get_body(("plain",))
            assert body is not None
            found = re.search(r"https://tocsin\.example\.org/a/(\S+)", str(body.get_content()))
            assert found is not None
            assert found[0] in str(phone.told[0]["message"])  # one page, one link, whichever way it goes
            known = answers.find(node.queries, node.links, node.sop, found[1], node.clock.now())
            await node.write(lambda tx, now: answers.acknowledge(node.desk, tx, now, known, "192.0.2.7"))
            timeline = node.queries.timeline(incident.id)
            assert [(it.actor, it.via) for it in timeline if isinstance(it.event, e.Acknowledged)] == [
                ("alice", "link")
            ]
            assert node.queries.incident(incident.id).open_pages == {}
            assert list(Verification(node._store.apart()).faults()) == []
    assert len(phone.told) == len(mailbox.letters) == 1


async def test_acknowledgement_keeps_the_mail_from_leaving(path: Path) -> None:
    sop = with_contact(alice_always(), "alice", PUSH, MAIL)
    with mail_server() as (mailbox, mail), service() as phone:
        server = f"smtp://127.0.0.1:{mail.server.port}?from=tocsin@example.org"
        async with node_with(path, sop, speed=1, SMTP_URL=server, ALICE_PUSH=phone.address) as node:
            incident = await declare(node, Severity.SEV2)
            await eventually(lambda: len(phone.told) == 1)
            await node.change(incident.id, c.Acknowledge(), Actor("alice", "test"))
            assert node.queries.next_wake_at() is not None
            assert [it.effect for it in node.queries.outbox.rows(incident=incident.id) if it.provider == "email"] == []
    assert mailbox.letters == []


async def test_test_pages_go_every_way_and_show_what_works(path: Path) -> None:
    sop = with_contact(alice_always(), "alice", PUSH, MAIL)
    sop = replace(sop, people={**sop.people, "alice": replace(sop.people["alice"], email="alice@example.org")})
    with mail_server() as (mailbox, mail), service() as phone:
        server = f"smtp://127.0.0.1:{mail.server.port}?from=tocsin@example.org"
        async with node_with(path, sop, speed=1, SMTP_URL=server, ALICE_PUSH=phone.address) as node:
            by = Actor("bob", "test")
            await node.write(lambda tx, now: page_tests.send(node.desk, tx, now, "alice", by=by))
            await eventually(lambda: {it.status for it in node.queries.desk.page_tests("alice")} == {"done"})
            assert {it.via for it in node.queries.desk.page_tests("alice")} == {"apprise:push", "email"}
    assert phone.told[0]["title"] == "Test page, nothing is wrong"
    assert b"Test page, nothing is wrong" in mailbox.letters[0]
