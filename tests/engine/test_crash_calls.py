"""Is anything seen twice, whichever call to Slack or PagerDuty the server dies at, between the call and its record?

One response makes every call that there is. A death lies before the vendor's work, or after it and before the record;
what people see in Slack and PagerDuty in the end is to the letter what they see where nobody dies.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from tests.domain.harness import WRITTEN
from tests.engine.mortal import Death, Mortal, Side
from tests.engine.rehearsal import MONITORING, with_contacts
from tocsin.domain import commands as c
from tocsin.domain.apply import fold
from tocsin.domain.incident import Audience
from tocsin.engine import page_tests
from tocsin.engine.newcomers import brief_newcomer
from tocsin.engine.providers import PagerDutyRestProvider
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.wire import Request
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.words import Role, Severity

STAKEHOLDERS = "C0STAKE"
EMMA = "U0EMMA"
ACCOUNT = RestAccount("http://127.0.0.1:1", "a-token", "tocsin@example.com")

# Every call that delivers something, and how often the response makes it.
CALLS = {
    "conversations.create": 1,
    "conversations.setTopic": 5,
    "conversations.invite": 4,
    "bookmarks.add": 2,
    "chat.postMessage": 13,
    "pins.add": 1,
    "chat.update": 7,
    "chat.postEphemeral": 1,
    "conversations.archive": 1,
    "trigger": 3,
    "acknowledge": 2,
    "resolve": 3,
    "notes": 2,
    "responder_requests": 1,
}
# What is asked on the way to one of these, and changes nothing there.
LOOKS = ("users", "incidents", "GET notes")
WHISPERED = "chat.postEphemeral"


class Response(Mortal):
    """A server with both vendors, and what people do."""

    def __init__(self, path: Path, *deaths: Death) -> None:
        super().__init__(path, sop(), *deaths)
        self.providers["pagerduty_rest"] = PagerDutyRestProvider(ACCOUNT, "k3x9")
        self.desk.methods |= {"pagerduty_rest"}
        desk = self.sandbox.pagerduty.desk
        desk.employ(SandboxUser("PTOCSIN", "Tocsin", "tocsin@example.com"), SandboxUser("PBOB", "Bob", "bob@x.example"))
        stakeholders = self.sandbox.slack.add("stakeholders")
        self.sandbox.slack.channels = {STAKEHOLDERS: replace(stakeholders, id=STAKEHOLDERS)}

    def name_of(self, request: Request) -> str:
        """The method of Slack's, the action of an event, or the last word of a REST path."""
        path = urlsplit(request.url).path
        if path == "/v2/enqueue":
            return str(json.loads(request.body)["event_action"])
        name = path.rpartition("/")[2]
        return f"GET {name}" if name == "notes" and request.method == "GET" else name

    def unfold(self) -> str:
        """Everything that can happen to an incident; its id."""
        incident = self.declare(Severity.SEV1).id
        self.at(1)  # alice is paged in Slack, where the channel opens
        self.sandbox.slack.enter(self.channel, EMMA)
        with self.store.transaction() as tx:
            assert brief_newcomer(self.desk, tx, self.now, incident, EMMA)
        self.at(6)  # bob is paged by PagerDuty, and asked to respond there
        self.change(incident, c.PostUpdate(text="rolling back"), by="bob")
        self.at(7)
        self.change(incident, c.Acknowledge(), by="bob")
        self.change(incident, c.AssignRole(Role.COMMUNICATIONS_LEAD, "emma"), by="bob")
        self.at(8)
        self.change(incident, c.PostUpdate(text="We look into it.", audience=Audience.EXTERNAL), by="emma")
        self.change(incident, c.PageByHand("chris", "your eyes are needed"), by="bob")
        self.at(9)
        self.change(incident, c.Mitigate(), by="bob")
        self.at(10)
        self.change(incident, c.Resolve(note="confirmed"), by="bob")
        self.at(11)
        self.change(incident, c.SavePostmortem(WRITTEN), by="bob")
        self.change(incident, c.CompletePostmortem(), by="bob")
        self.at(12)
        for person in ("alice", "bob"):
            with self.store.transaction() as tx:
                page_tests.send(self.desk, tx, self.now, person, by=MONITORING)
        self.at(23)
        return incident

    @property
    def channel(self) -> str:
        """The id of the incident's channel."""
        return next(it.id for it in self.sandbox.slack.channels.values() if it.name.startswith("inc-"))


def sop() -> Sop:
    """The default SOP: alice is paged in Slack and all others by PagerDuty, where Tocsin may write."""
    found = with_contacts(with_contacts(default_sop(), ("pagerduty",), "bob", "chris"), ("slack",), "alice")
    people = {id_: replace(person, slack_user=f"U0{id_.upper()}") for id_, person in found.people.items()}
    people["bob"] = replace(people["bob"], pagerduty_user="PBOB")
    website = replace(found.services["website"], runbook="https://wiki.example.org/website")
    return replace(
        found,
        people=people,
        services={**found.services, "website": website},
        slack=replace(found.slack, stakeholders_channel=STAKEHOLDERS),
        pagerduty=replace(found.pagerduty, notes=True, responders=True, from_email="tocsin@example.com"),
    )


class Seen(NamedTuple):
    """What people see in the end."""

    channels: list[object]
    whispers: Counter[str]
    alerts: list[object]
    incidents: list[object]


def seen(response: Response) -> Seen:
    """What people see in Slack and PagerDuty, but for ids and times of the vendors' own."""
    slack, pagerduty = response.sandbox.slack, response.sandbox.pagerduty
    return Seen(
        channels=[
            (
                it.name,
                it.topic,
                it.is_archived,
                it.members,
                it.bookmarks,
                [(one.text, one.blocks, one.buttons, one.ts in it.pins) for one in it.messages],
            )
            for it in slack.channels.values()
        ],
        whispers=Counter(text for texts in slack.whispers.values() for text in texts),
        alerts=[(key, it.status, it.summary, it.opened) for key, it in pagerduty.alerts.items()],
        incidents=[
            (it.key, it.status, [note.content for note in it.notes], it.responders)
            for it in pagerduty.desk.incidents.values()
        ],
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Counter[str]]:
    """What is seen, and how often each call is made, where nobody dies."""
    with Response(tmp_path_factory.mktemp("undisturbed") / "tocsin.db") as response:
        response.unfold()
        return seen(response), Counter(response.calls)


def test_response_makes_every_call_that_there_is(undisturbed: tuple[Seen, Counter[str]]) -> None:
    _, calls = undisturbed
    assert {call: count for call, count in calls.items() if call not in LOOKS} == CALLS


def live(path: Path, death: Death) -> Seen:
    """What is seen where the server dies once; its timeline is whole, and nothing has failed."""
    with Response(path, death) as response:
        incident = response.unfold()
        assert response.died == [str(death)]
        assert fold(response.queries.timeline(incident)) == response.only
        assert {row.status for row in response.queries.outbox.rows()} <= {"done", "suppressed"}
        return seen(response)


def deaths(numbers: Callable[[int], Iterable[int]]) -> list[Death]:
    """A death on either side of the calls of these numbers, of as many as there are; one call is a case of its own."""
    calls = [it for it in CALLS.items() if it[0] != WHISPERED]
    return [Death(call, number, side) for call, count in calls for number in numbers(count) for side in Side]


@pytest.mark.parametrize("death", deaths(lambda count: [1]), ids=str)
def test_nothing_is_seen_twice_where_the_server_dies_at_a_call(
    path: Path, death: Death, undisturbed: tuple[Seen, Counter[str]]
) -> None:
    assert live(path, death) == undisturbed[0]


@pytest.mark.slow
@pytest.mark.parametrize("death", deaths(lambda count: range(2, count + 1)), ids=str)
def test_nothing_is_seen_twice_at_any_later_call_either(
    path: Path, death: Death, undisturbed: tuple[Seen, Counter[str]]
) -> None:
    assert live(path, death) == undisturbed[0]


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_seen_twice_where_the_server_dies_while_it_looks(
    path: Path, look: str, undisturbed: tuple[Seen, Counter[str]]
) -> None:
    assert live(path, Death(look, 1, Side.AFTER)) == undisturbed[0]


@pytest.mark.parametrize(("side", "times"), [(Side.BEFORE, 1), (Side.AFTER, 2)])
def test_what_one_member_alone_was_shown_may_be_shown_to_them_again(
    path: Path, side: Side, times: int, undisturbed: tuple[Seen, Counter[str]]
) -> None:
    # docs.slack.dev/messaging, "Ephemeral messages": in no history, so that nobody can look whether it was sent.
    found = live(path, Death(WHISPERED, 1, side))
    (brief,) = undisturbed[0].whispers
    assert found == undisturbed[0]._replace(whispers=Counter({brief: times}))


@pytest.mark.parametrize(
    ("call", "look", "number"),
    [
        ("chat.postMessage", "conversations.history", 1),
        ("chat.postMessage", "conversations.open", 1),
        ("bookmarks.add", "bookmarks.list", 1),
        ("conversations.create", "conversations.list", 1),
        ("notes", "GET notes", 2),  # the first comes before the call
    ],
)
def test_nothing_is_seen_twice_where_the_server_dies_again_as_it_looks_what_became_of_a_call(
    path: Path, call: str, look: str, number: int, undisturbed: tuple[Seen, Counter[str]]
) -> None:
    with Response(path, Death(call, 1, Side.AFTER), Death(look, number, Side.AFTER)) as response:
        response.unfold()
        assert response.died == [f"after {call} 1", f"after {look} {number}"]
        assert seen(response) == undisturbed[0]
