"""Is anything people do in Slack done twice, when the server is killed before Slack knows that it was done?

The server is killed by the stand-in itself, at the call in the middle of what somebody does: Slack has done its part,
and nobody hears so. Then Slack tells the same thing again, as it does with what was not answered.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.system.server import Server
from tests.system.test_slack_response import ALICE, BOB, WORKSPACE, channel_of, pinned_sop
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import OverHttp, SlackMember, Told

pytestmark = pytest.mark.system

NOBODY = Told(0, None)  # the server was killed before it answered


class Slack:
    """Slack's part: it delivers what people do, keeps it, and can tell it again."""

    def __init__(self, server: Server, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self._last: tuple[str, Mapping[str, Any]] = ("", {})

    def __call__(self, kind: str, told: Mapping[str, Any]) -> Told:
        self._last = (kind, told)
        try:
            return OverHttp(self.server.url, WORKSPACE)(kind, told)
        except (OSError, HTTPException):
            return NOBODY

    def member(self, user: str) -> SlackMember:
        return SlackMember(user, self.sandbox.slack, self, self.sandbox.url, WORKSPACE)

    def kill_at(self, path: str) -> None:
        """Kill the server once Slack has carried out its next call of that path."""
        pid = self.server.pid

        def script(request: RecordedRequest) -> Response | None:
            if not request.path.startswith(path):
                return None
            os.kill(pid, signal.SIGKILL)
            self.sandbox.script = None
            return Response(503, is_processed=True)

        self.sandbox.script = script

    def tell_again(self, *, after_a_kill: bool = True) -> Told:
        """Tell what was told last once more: where the server was killed, to another one on the same database."""
        assert self.sandbox.script is None, "the server was not killed"
        if after_a_kill:
            self.server.kill()  # its process is gone already, or goes now
            self.server.start()
        return self(*self._last)


@pytest.fixture
def slack(tmp_path: Path, sandbox: Sandbox) -> Iterator[Slack]:
    secret = {"SLACK_SIGNING_SECRET": WORKSPACE.secret}
    with Server(tmp_path, sandbox=sandbox, sop=pinned_sop(tmp_path), **secret) as server:
        yield Slack(server, sandbox)


@pytest.fixture
def incident(slack: Slack) -> str:
    incident = slack.server.post("incidents", title="Checkout is down", severity="SEV2", reason="half of the users")
    found = str(incident["id"])
    channel_of(slack.server, found)
    return found


def done(slack: Slack, incident: str) -> list[str]:
    """What was done in Slack, by the timeline."""
    return [it["event"]["kind"] for it in slack.server.events(incident) if it["via"] == "slack"]


def test_press_whose_answer_was_on_its_way_is_done_once(slack: Slack, incident: str) -> None:
    alice = slack.member(ALICE)
    slack.kill_at("/answers/")
    alice.press(Action.ACKNOWLEDGE, incident)
    until(lambda: slack.sandbox.script is None, "the answer was sent")
    assert slack.tell_again().status == 200
    assert done(slack, incident) == ["acknowledged"]
    until(lambda: len(alice.whispers) == 2, "the second is answered")
    assert alice.whispers[1] == "That is done already: Slack has told it twice."


def test_dialog_that_was_just_opened_is_opened_again_and_its_words_are_taken_once(slack: Slack, incident: str) -> None:
    alice = slack.member(ALICE)
    slack.kill_at("/api/views.open")
    assert alice.command(f"note {incident}") == NOBODY
    slack.tell_again()
    assert done(slack, incident) == []
    dialog = alice.dialog  # it lies before alice all the time, and was not opened by the second telling
    assert alice.submit(dialog, text="the pool is exhausted").errors == {}
    assert slack.tell_again(after_a_kill=False).status == 200
    assert done(slack, incident) == ["note_added"]


def test_choice_in_a_dialog_whose_outlook_was_on_its_way_changes_nothing(slack: Slack, incident: str) -> None:
    alice = slack.member(ALICE)
    alice.press(Action.ASSESS, incident)
    dialog = alice.dialog
    slack.kill_at("/api/views.update")
    alice.choose(dialog, scope="all", workaround="no")
    until(lambda: slack.sandbox.script is None, "the outlook was sent")
    assert slack.tell_again().status == 200
    assert done(slack, incident) == []


@pytest.mark.parametrize("call", ["conversations.history", "chat.getPermalink"])
def test_pinned_message_becomes_one_note(slack: Slack, incident: str, call: str) -> None:
    channel = channel_of(slack.server, incident)
    ts = slack.sandbox.slack.write(channel, BOB, "The pool is exhausted")
    slack.kill_at(f"/api/{call}")
    assert slack.member(ALICE).react("pushpin", channel, ts) == NOBODY
    assert slack.tell_again().status == 200
    assert done(slack, incident) == ["note_added"]
    assert slack.tell_again(after_a_kill=False).status == 200
    assert done(slack, incident) == ["note_added"]


@pytest.mark.parametrize("words", ["note {} the pool is exhausted", "mitigate {} rolled back"])
def test_command_that_was_done_and_not_answered_is_done_once(slack: Slack, incident: str, words: str) -> None:
    told = slack.member(ALICE).command(words.format(incident))
    assert told.status == 200
    assert slack.tell_again().text == "That is done already: Slack has told it twice."
    assert len(done(slack, incident)) == 1
