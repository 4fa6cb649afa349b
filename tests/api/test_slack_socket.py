"""Is what people do in Slack done where Slack can't call the server? As over HTTP, through a socket of the node's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.harness import Api, running
from tests.api.slack_world import MEMBERS, WORKSPACE, patient_with_slack, slack_sop
from tests.system.waiting import PATIENCE_SECONDS, until
from tocsin.integrations.slack.actions import Action
from tocsin.settings import Settings
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import SlackMember, Told, Workspace
from tocsin.simulate.sandbox.slack_socket import SandboxSocket


class Office:
    """A node that is heard by its socket alone, and the members of its workspace."""

    def __init__(self, api: Api, sandbox: Sandbox, socket: SandboxSocket) -> None:
        self.api = api
        self.sandbox = sandbox
        self.socket = socket

    def member(self, person: str, workspace: Workspace = WORKSPACE) -> SlackMember:
        return SlackMember(MEMBERS[person], self.sandbox.slack, self.socket, self.sandbox.url, workspace)

    def kinds(self, incident: str) -> list[str]:
        return [it["event"]["kind"] for it in self.api.do("get_timeline", incident) if it["via"] == "slack"]


@contextmanager
def office_in(directory: Path) -> Iterator[Office]:
    with Sandbox() as sandbox, SandboxSocket(within_seconds=PATIENCE_SECONDS) as socket, patient_with_slack():
        sandbox.slack.socket_url = socket.url
        database = f"sqlite:///{directory / 'tocsin.db'}"
        settings = Settings(database, slack_api_url=sandbox.url, environ={"SLACK_APP_TOKEN": "xapp-1-A0SANDBOX"})
        with running(directory, sop=slack_sop(), settings=settings) as api:
            yield Office(api, sandbox, socket)
        assert socket.faults == []


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path) as office:
        yield office


def test_command_button_and_dialog_come_through_the_socket(office: Office) -> None:
    incident, alice = office.api.declare(), office.member("alice")
    assert alice.command(f"ack {incident}").text == f"You have acknowledged {incident}: the escalation stops."
    alice.press(Action.ASSESS, incident)
    dialog = alice.dialog
    assert list(alice.submit(dialog, severity="SEV2").errors) == ["reason"]
    assert alice.submit(dialog, severity="SEV2", reason="many users fail") == Told(200, None)
    alice.command("mitigate rolled back")
    kinds = office.kinds(incident)
    assert kinds[:2] == ["acknowledged", "assessed"]
    assert kinds[-1] == "mitigated"


def test_event_that_comes_over_two_connections_is_done_once(office: Office) -> None:
    incident = office.api.declare(severity="SEV1")
    until(lambda: "channel_opened" in str(office.api.do("get_timeline", incident)), "the channel is open")
    events = office.api.do("get_timeline", incident)
    channel = next(it["event"]["channel"] for it in events if it["event"]["kind"] == "channel_opened")
    archived = office.member("bob").event("channel_archive", channel=channel)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: office.socket("events", archived), range(4)))
    assert {it.status for it in told} == {200}
    assert office.kinds(incident) == ["note_added"]


def test_command_is_done_by_whichever_connection_stands(office: Office) -> None:
    incident, alice = office.api.declare(), office.member("alice")
    until(lambda: office.socket.connections == 1, "it is connected")
    office.socket.leave("refresh_requested")
    alice.command(f"note {incident} before the change")
    until(lambda: office.socket.connections == 2, "another one is opened")
    alice.command(f"note {incident} while there are two")
    office.socket.hang_up()
    until(lambda: office.socket.connections == 1, "the old one is gone")
    alice.command(f"note {incident} after the change")
    notes = [it["event"] for it in office.api.do("get_timeline", incident) if it["event"]["kind"] == "note_added"]
    assert [it["text"] for it in notes] == ["before the change", "while there are two", "after the change"]


def test_another_workspace_is_not_heard_through_the_socket_either(office: Office) -> None:
    incident = office.api.declare()
    stranger = office.member("alice", Workspace(team="T0OTHER"))
    assert stranger.command(f"ack {incident}") == Told(200, None)
    assert office.kinds(incident) == []


def test_with_the_socket_alone_no_door_is_open(office: Office) -> None:
    assert office.api.ask("POST", "/slack/commands", token=None, content=b"text=ack").status_code == 404
