"""Where can a page be acknowledged? Each surface as its user has it: what they do, and what they are told."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
from msgspec import Struct

from tests.rota import steady_text
from tests.system.server import Json, Server, routing_key
from tests.system.waiting import until
from tests.web.people import Person, signed_in
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.pagerduty_post import SandboxPost
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Workspace

WORKSPACE = Workspace()
BOB = SandboxUser("PBOB", "Bob B.", "bob@example.com")
SECRET = "the-secret-of-the-subscription"
NEXT_STEP_SECONDS = 2


class Paged(Struct, frozen=True):
    """An incident for which somebody is paged: the key of its alert, and that of the page at PagerDuty."""

    incident: str
    alert: str
    page: str


class Place:
    """A server, both vendors, and bob, who is signed in everywhere."""

    def __init__(self, server: Server, sandbox: Sandbox, post: SandboxPost) -> None:
        self.server = server
        self.sandbox = sandbox
        self.post = post
        self.key = routing_key(server, "website")
        self.browser = signed_in(server.url, server.token, "bob", role="responder", person="bob")
        self.member = SlackMember("U0EXAMPLE02", sandbox.slack, OverHttp(server.url, WORKSPACE), sandbox.url, WORKSPACE)

    def page(self, name: str) -> Paged:
        """Have somebody paged for an incident of that name."""
        self.event("trigger", name, payload={"summary": name, "source": "shop-1", "severity": "critical"})
        incident = next(str(it["id"]) for it in self.server.get("incidents") if it["title"] == name)
        keys = until(lambda: [it for it in list(self.sandbox.pagerduty.alerts) if f"-{incident}-" in it], "it rings")
        return Paged(incident, name, keys[0])

    def event(self, action: str, key: str, **more: object) -> None:
        """What a tool that pages PagerDuty sends to Tocsin."""
        body = {"routing_key": self.key, "event_action": action, "dedup_key": key, **more}
        answer = httpx2.post(f"{self.server.url}/v2/enqueue", json=body, trust_env=False, timeout=30)
        assert answer.status_code == 202, answer.text


class Surface(Struct, frozen=True):
    """How bob, or whoever has it before them, acknowledges there; the answer is what they are shown.

    `via` and `actor` are what the timeline says; `second` is what who comes second is told, with `{by}` for the first.
    """

    name: str
    acknowledge: Callable[[Place, Paged], str]
    via: str
    actor: str = "bob"
    second: str = "is already acknowledged by {by}"
    has_a_process: bool = False  # which takes its time to start


def _by_api(place: Place, paged: Paged) -> str:
    path = f"/api/v1/incidents/{paged.incident}/acknowledge"
    return place.server.http.post(path, json={"by": "bob"}).text


def _by_cli(place: Place, paged: Paged) -> str:
    command = [sys.executable, "-m", "tocsin", "ack", paged.incident, "--as", "bob"]
    done = subprocess.run(command, env=place.server.environ, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def _on_its_page(place: Place, paged: Paged) -> str:
    path = f"/incidents/{paged.incident}"
    place.browser.get(path)
    return place.browser.send(f"{path}/acknowledge").text


def _from_the_inbox(place: Place, paged: Paged) -> str:
    shown = place.browser.get("/inbox?whose=all").text
    assert f'href="/incidents/{paged.incident}"' in shown
    return _on_its_page(place, paged)


def _by_button(place: Place, paged: Paged) -> str:
    told = len(place.member.whispers)
    assert place.member.press(Action.ACKNOWLEDGE, paged.incident).status == 200
    until(lambda: len(place.member.whispers) > told, "whoever has pressed is told")
    return place.member.whispers[-1]


def _by_command(place: Place, paged: Paged) -> str:
    return place.member.command(f"ack {paged.incident}").text


def _in_pagerduty(place: Place, paged: Paged) -> str:
    told = len(place.post.delivered)
    place.sandbox.pagerduty.desk.acknowledge(paged.page, BOB.id)
    until(
        lambda: any(b"incident.acknowledged" in it.body for it in place.post.delivered[told:]), "PagerDuty tells of it"
    )
    assert {it.status for it in place.post.delivered} == {202}
    return ""


def _by_link(place: Place, paged: Paged) -> str:
    """As whoever was paged, without an account."""
    path = _link_in(place.sandbox, paged.page)
    someone = Person(place.server.url)
    with closing(someone.http):
        if "Acknowledge</button>" in someone.get(path).text:  # who comes second finds none to press
            assert someone.send(path).status_code == 303
        return someone.get(path).text


def _link_in(sandbox: Sandbox, key: str) -> str:
    """The path of the link that PagerDuty shows beside the page."""
    (page, *_) = until(lambda: _events_of(sandbox, key), "the page is on record")
    link = next(it["href"] for it in page["links"] if it["text"] == "Acknowledge in Tocsin")
    return "/" + re.sub(r"^\w+://[^/]+/", "", link)


def _events_of(sandbox: Sandbox, key: str) -> list[Json]:
    """What PagerDuty was told of the page, beginning with what made it ring."""
    events = (json.loads(it.body) for it in sandbox.requests if it.path == "/v2/enqueue")
    return [it for it in events if it["dedup_key"] == key]


def _by_event(place: Place, paged: Paged) -> str:
    place.event("acknowledge", paged.alert)
    return ""


SURFACES = (
    Surface("the API", _by_api, "api"),
    Surface("the command line", _by_cli, "cli", has_a_process=True),
    Surface("the page of the incident", _on_its_page, "web"),
    Surface("the inbox", _from_the_inbox, "web"),
    Surface(
        "a button in Slack", _by_button, "slack", second="{name} has acknowledged {id} already: you need do nothing."
    ),
    Surface("/incident ack", _by_command, "slack", second="{name} has acknowledged {id} already: you need do nothing."),
    Surface("PagerDuty", _in_pagerduty, "pagerduty", second=""),
    Surface("a page's link", _by_link, "link", actor="{paged}", second="Acknowledged</strong> by {name}"),
    Surface("an event of a tool", _by_event, "pagerduty-events", actor="website", second=""),
)


@contextmanager
def open_place(directory: Path) -> Iterator[Place]:
    """A server where the secondary would be paged two seconds after the primary."""
    before, unassessed, after = steady_text().partition("[[unassessed.escalation]]")
    text = before + unassessed + after.replace('after = "15m"', f'after = "{NEXT_STEP_SECONDS}s"', 1)
    text = text.replace("[people.bob]", f'[people.bob]\npagerduty_user = "{BOB.id}"', 1)
    text = text.replace("[slack]", f'[slack]\nteam = "{WORKSPACE.team}"\napp = "{WORKSPACE.app}"', 1)
    sop = directory / "tocsin.toml"
    sop.write_text(text, encoding="utf-8")
    environ = {"PAGERDUTY_WEBHOOK_SECRET": SECRET, "SLACK_SIGNING_SECRET": WORKSPACE.secret}
    with (
        Sandbox(log=directory / "sent.jsonl") as sandbox,
        Server(directory, sandbox=sandbox, sop=sop, **environ) as server,
        SandboxPost(f"{server.url}/intake/pagerduty/{server.intake_key}", SECRET) as post,
    ):
        sandbox.pagerduty.desk.employ(BOB)
        sandbox.pagerduty.desk.tell = post.tell
        place = Place(server, sandbox, post)
        with closing(place.browser.http):
            yield place
