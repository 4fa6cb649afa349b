"""What do people see twice, where a real server is killed after a vendor's work and before it has written that down?

The stand-in kills the server with SIGKILL, once it has done what it was asked: at the first call of each kind, in a
response that makes them all. `tests/engine/test_crash_calls.py` goes through every call, on a clock of its own.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.domain.harness import WRITTEN
from tests.system.audit import is_nothing_waiting
from tests.system.server import Server
from tests.system.waiting import until
from tocsin.simulate.sandbox.pagerduty_desk import SandboxUser
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

SPEED = 60  # Slack takes one message a second
CALLS = (
    "conversations.create",
    "conversations.setTopic",
    "conversations.invite",
    "bookmarks.add",
    "chat.postMessage",
    "pins.add",
    "chat.update",
    "conversations.archive",
    "trigger",
    "acknowledge",
    "resolve",
    "notes",
    "responder_requests",
)


def sop_in(directory: Path) -> Path:
    """The default SOP: alice is paged in Slack and by PagerDuty, where Tocsin may write notes, and ask for bob."""
    rules = 'notes = true\nresponders = true\nfrom_email = "tocsin@example.com"'
    text = default_text().replace("[pagerduty]", f"[pagerduty]\n{rules}", 1)
    text = text.replace("[people.bob]", '[people.bob]\npagerduty_user = "PBOB"', 1)
    alice, bob = text.partition("[people.bob]")[::2]
    alice = alice.replace('contact = [{ via = "pagerduty" }, { via = "inbox" }]', 'contact = [{ via = "slack" }]')
    path = directory / "tocsin.toml"
    path.write_text(f"{alice}[people.bob]{bob}", encoding="utf-8")
    return path


def call_of(request: RecordedRequest) -> str:
    """The method of Slack's, the action of an event, or what is written by REST."""
    if request.path == "/v2/enqueue":
        return str(json.loads(request.body)["event_action"])
    is_write = request.method == "POST"
    return request.path.rpartition("/")[2] if is_write else f"GET {request.path}"


class House:
    """A server that is started again whenever it is found dead; what people say, they say until it is answered."""

    def __init__(self, server: Server, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self.deaths = 0
        self._said = 0

    def kill_after(self, call: str) -> None:
        """Kill the server once the next call of that kind is carried out."""

        def script(request: RecordedRequest) -> Response | None:
            if call_of(request) != call:
                return None
            os.kill(self.server.pid, signal.SIGKILL)
            self.sandbox.script = None
            return Response(503, is_processed=True)

        self.sandbox.script = script

    def say(self, path: str, *, method: str = "POST", **body: object) -> str:
        """Ask for it under one key until it is done, and wait until all is sent; the incident's id."""
        self._said += 1
        headers = {"Idempotency-Key": f"said-{self._said}"}
        while True:
            try:
                answer = self.server.http.request(method, f"/api/v1/{path}", json=body, headers=headers)
                break
            except httpx2.HTTPError:
                self._start_anew()
        assert answer.is_success, answer.text
        self.settle()
        return str(answer.json()["id"])

    def settle(self) -> None:
        """Wait until nothing waits to be sent, and nobody is dead."""
        until(self._is_settled, "everything is sent", within=60)

    def _is_settled(self) -> bool:
        try:
            self.server.get("incidents")
        except httpx2.HTTPError:
            self._start_anew()
        return is_nothing_waiting(self.server.database)

    def _start_anew(self) -> None:
        self.deaths += 1
        self.server.kill()  # what is left of it
        self.server.start()


def respond(house: House) -> None:
    """A whole response, one thing after the other."""
    incident = house.say("incidents", title="Checkout is down", severity="SEV1", reason="all users", by="alice")
    work = f"incidents/{incident}"
    house.say(f"{work}/pages", target="bob", reason="your eyes are needed", by="alice")
    house.say(f"{work}/updates", text="rolling back", by="bob")
    house.say(f"{work}/acknowledge", by="bob")
    house.say(f"{work}/mitigate", note="rolled back", by="bob")
    house.say(f"{work}/resolve", note="confirmed", by="bob")
    house.say(f"{work}/postmortem", method="PUT", sections=WRITTEN, by="bob")
    house.say(f"{work}/postmortem/complete", by="bob")


@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_seen_twice_where_the_server_is_killed_after_a_call(
    tmp_path: Path, sandbox: Sandbox, call: str
) -> None:
    sandbox.pagerduty.desk.employ(
        SandboxUser("PTOCSIN", "Tocsin", "tocsin@example.com"), SandboxUser("PBOB", "Bob", "bob@example.com")
    )
    more = {"TOCSIN_CLOCK_SPEED": str(SPEED), "TOCSIN_PAGERDUTY_API_URL": sandbox.url}
    with Server(tmp_path, sandbox=sandbox, sop=sop_in(tmp_path), **more) as server:
        house = House(server, sandbox)
        house.kill_after(call)
        respond(house)
        assert house.deaths == 1
    assert repeated(sandbox) == {}
    (channel,) = [it for it in sandbox.slack.channels.values() if it.name.startswith("inc-")]
    assert channel.is_archived
    assert len(channel.pins) == 1


def repeated(sandbox: Sandbox) -> dict[str, int]:
    """What is there more than once, and how often."""
    slack, pagerduty = sandbox.slack.channels.values(), sandbox.pagerduty
    found = Counter(it.name for it in slack)
    found.update(f"{it.name}: {one.metadata}" for it in slack for one in it.messages)
    found.update(f"{it.name}: {link}" for it in slack for link in it.bookmarks)
    found.update(f"{it.name}: {member}" for it in slack for member in it.members)
    found.update({key: it.opened for key, it in pagerduty.alerts.items()})
    found.update(f"note: {note.content}" for it in pagerduty.desk.incidents.values() for note in it.notes)
    found.update(f"{it.id}: {user}" for it in pagerduty.desk.incidents.values() for user in it.responders)
    return {what: count for what, count in found.items() if count > 1}
