"""What do the emergency contacts hear, how often, and from how many nodes? Real webhooks, a real mail server."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.engine.alerts import NOON
from tests.fakes.smtp import OnAnyPort
from tests.skill.vendor import Reply, serving
from tests.store.response import SEV1, declared
from tocsin.engine.clock import Clock
from tocsin.engine.sender import Sender
from tocsin.engine.watch import outcry
from tocsin.engine.watch.alarms import Alarms, Trouble
from tocsin.engine.watch.contacts import Contact, Emergency, MailServer
from tocsin.engine.watch.cry import TEST, Cry, Told, cry_out
from tocsin.engine.watch.outcry import Outcry
from tocsin.engine.writer import Writer
from tocsin.settings import Settings
from tocsin.store.open import Store
from tocsin.store.vitals import Unanswered

pytestmark = pytest.mark.anyio

SETTINGS = Settings(database="sqlite:///nowhere")
ERIN = Contact("Erin", phone="+49 30 1234", email="erin@example.org")


class Mailbox:
    """A mail server that keeps what it is handed."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, MailServer]]:
    mailbox = Mailbox()
    controller = OnAnyPort(mailbox)
    controller.start()
    try:
        yield mailbox, MailServer("127.0.0.1", "tocsin@example.org", controller.port, starttls=False)
    finally:
        controller.stop()


async def cried(emergency: Emergency, cry: Cry = TEST) -> dict[tuple[str, str], str]:
    """What came of every way."""
    sender = Sender(timedelta(seconds=20))
    told = await cry_out(cry, emergency, SETTINGS, sender.send)
    await sender.close()
    return {(it.name, it.way): it.fault for it in told}


# One call


async def test_every_contact_is_called_by_every_way(tmp_path: Path) -> None:
    with serving() as hook, mail_server() as (mailbox, smtp):
        hook.will(Reply(204, b""))
        dana = Contact("Dana", webhook=f"{hook.url}/secret", email="dana@example.org")
        told = await cried(Emergency(tmp_path, (ERIN, dana), smtp))
    assert told == {("Erin", "email"): "", ("Dana", "webhook"): "", ("Dana", "email"): ""}
    assert [request.json["is_test"] for request in hook.requests] == [True]
    assert sorted(str(mail["To"]) for mail in mailbox.mails) == ["dana@example.org", "erin@example.org"]
    assert {str(mail["Subject"]) for mail in mailbox.mails} == {"Tocsin: a test of the emergency contacts"}
    assert all("nothing is wrong" in str(mail.get_payload()) for mail in mailbox.mails)


async def test_way_that_fails_keeps_no_other_from_being_tried_and_tells_no_secret(tmp_path: Path) -> None:
    with serving() as hook, mail_server() as (_, smtp):
        hook.will(Reply(500, b""))
        contacts = (
            Contact("Dana", webhook=f"{hook.url}/secret"),
            Contact("Carla", webhook="http://127.0.0.1:1/secret"),
            ERIN,
        )
        told = await cried(Emergency(tmp_path, contacts, smtp))
    assert told["Dana", "webhook"] == "the webhook answered 500"
    assert told["Carla", "webhook"].startswith("127.0.0.1: the connection was refused")
    assert told["Erin", "email"] == ""
    assert "secret" not in str(told)


async def test_mail_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    smtp = MailServer("127.0.0.1", "tocsin@example.org", 1, starttls=False)
    told = await cried(Emergency(tmp_path, (ERIN,), smtp))
    assert told == {("Erin", "email"): "127.0.0.1: the connection was refused"}


# When


class Watch:
    """A node's outcry, on a clock that the test sets."""

    def __init__(self, store: Store, *, fails: bool = False) -> None:
        self.now = NOON
        self.alarms = Alarms()
        self.cries: list[Cry] = []
        self.writer = Writer(store, Clock(), lambda: None)
        self.writer.start()
        fault = "the webhook answered 500" if fails else ""

        async def call(cry: Cry) -> tuple[Told, ...]:
            self.cries.append(cry)
            return (Told("Dana", "webhook", fault),)

        contacts = Emergency(Path("emergency.toml"), (Contact("Dana", webhook="https://hooks.example.org"),))
        self.outcry = Outcry(self.alarms, contacts, node="node-1", writer=self.writer, now=lambda: self.now, call=call)

    def raise_(self, kind: Trouble, *subjects: str) -> None:
        self.alarms.state(kind, {subject: f"{kind} {subject}" for subject in subjects}, self.now)

    async def call(self, *, after: float = 0, unanswered: tuple[Unanswered, ...] = ()) -> list[tuple[str, ...]]:
        """Whom it was called for by now, that many minutes later: the alarms of each call."""
        self.now += timedelta(minutes=after)
        await self.outcry.call_for_help(unanswered)
        return [cry.alarms for cry in self.cries]


@pytest.fixture
def watch(store: Store) -> Iterator[Watch]:
    watch = Watch(store)
    yield watch
    watch.writer.stop()


async def test_alarm_is_cried_out_once_in_a_quarter_of_an_hour_while_it_lasts(watch: Watch) -> None:
    watch.raise_(Trouble.WAKER, "")
    assert await watch.call() == [("waker",)]
    assert await watch.call(after=14) == [("waker",)]
    assert await watch.call(after=1.1) == [("waker",), ("waker",)]
    watch.raise_(Trouble.WAKER)
    assert len(await watch.call(after=60)) == 2


async def test_another_alarm_does_not_wait_for_the_first_one(watch: Watch) -> None:
    watch.raise_(Trouble.UNREACHED, "INC-2026-0001")
    await watch.call()
    watch.raise_(Trouble.UNREACHED, "INC-2026-0001", "INC-2026-0002")
    assert await watch.call(after=1) == [("unreached:INC-2026-0001",), ("unreached:INC-2026-0002",)]


async def test_what_can_not_lose_a_page_calls_nobody(watch: Watch) -> None:
    watch.raise_(Trouble.CLOCK, "")
    watch.raise_(Trouble.PROVIDER, "slack")
    assert await watch.call() == []


async def test_contacts_learn_what_is_wrong_where_and_what_is_in_danger(watch: Watch) -> None:
    watch.raise_(Trouble.DATABASE, "")
    in_danger = Unanswered("INC-2026-0042", "SEV1", "website", NOON)
    await watch.call(unanswered=(in_danger,))
    (cry,) = watch.cries
    assert cry.subject == "Tocsin needs help: database"
    assert cry.text.splitlines() == [
        "Tocsin on node-1 may not be able to page anybody:",
        "- database (since 12:00:00 UTC)",
        "Nobody has acknowledged, as far as this node knows:",
        "- INC-2026-0042 SEV1 website",
    ]


async def test_contacts_that_could_not_be_called_are_called_again_after_a_minute(store: Store) -> None:
    watch = Watch(store, fails=True)
    watch.raise_(Trouble.WAKER, "")
    assert len(await watch.call()) == 1
    assert len(await watch.call(after=0.9)) == 1
    assert len(await watch.call(after=0.2)) == 2
    watch.writer.stop()


async def test_of_two_nodes_one_calls(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcry, "_DATABASE_PATIENCE_SECONDS", 60)
    one, other = Watch(store), Watch(store)
    for watch in (one, other):
        watch.raise_(Trouble.UNREACHED, "INC-2026-0001")
    assert len(await one.call()) + len(await other.call()) == 1
    assert len(await one.call(after=10)) + len(await other.call(after=10)) == 1
    for watch in (one, other):
        watch.writer.stop()


@pytest.mark.slow
async def test_node_whose_database_does_not_answer_calls_by_itself(watch: Watch, store: Store) -> None:
    declared(store, SEV1)
    watch.writer.stop()  # what is to be written waits for ever
    watch.raise_(Trouble.DATABASE, "")
    assert await watch.call() == [("database",)]
    assert await watch.call(after=5) == [("database",)]
