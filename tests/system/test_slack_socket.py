"""Does a response go on over Socket Mode whatever is killed or cut? A real server, and Slack's end of its socket."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import SlackMember, Told, Workspace
from tocsin.simulate.sandbox.slack_socket import SandboxSocket
from tocsin.sop.load import default_text

pytestmark = pytest.mark.system

_GENEROUS = 10.0  # seconds: the promise is 1, on a machine that does nothing else
WORKSPACE = Workspace()
ALICE = "U0EXAMPLE01"  # in the default SOP
PINNED = f'[slack]\nteam = "{WORKSPACE.team}"\napp = "{WORKSPACE.app}"'


class Office:
    """The server, and the members of the workspace whom its socket hears."""

    def __init__(self, server: Server, sandbox: Sandbox, socket: SandboxSocket) -> None:
        self.server = server
        self.sandbox = sandbox
        self.socket = socket

    def member(self, user: str) -> SlackMember:
        return SlackMember(user, self.sandbox.slack, self.socket, self.sandbox.url, WORKSPACE)

    def incident(self) -> str:
        """An incident that an alert has opened."""
        self.server.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
        return str(self.server.get("incidents")[0]["id"])

    def notes(self, incident: str) -> list[Json]:
        return self.server.events(incident, "note_added")


@contextmanager
def office_in(directory: Path, sandbox: Sandbox, **environ: str) -> Iterator[Office]:
    text = default_text().replace("[slack]", PINNED, 1)
    sop = directory / "tocsin.toml"
    sop.write_text(text, encoding="utf-8")
    with SandboxSocket(within_seconds=30) as socket:
        sandbox.slack.socket_url = socket.url
        with Server(directory, sandbox=sandbox, sop=sop, SLACK_APP_TOKEN="xapp-1", **environ) as server:
            until(lambda: socket.connections, "the server has opened its socket")
            yield Office(server, sandbox, socket)
        assert socket.faults == []


@pytest.fixture
def office(tmp_path: Path, sandbox: Sandbox) -> Iterator[Office]:
    with office_in(tmp_path, sandbox) as office:
        yield office


def test_acknowledgement_through_the_socket_is_on_record_within_a_second(office: Office) -> None:
    incident = office.incident()
    began = time.monotonic()
    told = office.member(ALICE).command(f"ack {incident}")
    assert time.monotonic() - began < _GENEROUS
    assert (told.status, told.text) == (200, f"You have acknowledged {incident}: the escalation stops.")
    (event,) = office.server.events(incident, "acknowledged")
    assert (event["actor"], event["via"]) == ("alice", "slack")


def test_the_whole_response_goes_through_the_socket_though_it_is_cut_again_and_again(office: Office) -> None:
    alice = office.member(ALICE)
    alice.command("declare")
    alice.submit(alice.dialog, title="Checkout is down", scope="all")
    incident = str(office.server.get("incidents")[0]["id"])
    for text in ("one", "two", "three"):
        cut_short(office)
        assert alice.command(f"note {incident} {text}").status == 200
    alice.press(Action.ACKNOWLEDGE, incident)
    alice.command(f"mitigate {incident} rolled back")
    alice.command(f"resolve {incident} confirmed")
    assert [it["event"]["text"] for it in office.notes(incident)] == ["one", "two", "three"]
    assert office.server.get(f"incidents/{incident}")["status"] == "resolved"


def cut_short(office: Office) -> None:
    """The connection breaks, and is opened again."""
    before = office.socket.opened
    office.socket.hang_up()
    until(lambda: office.socket.opened > before and office.socket.connections == 1, "it is opened again")


def test_event_on_which_the_server_is_killed_is_done_once_after_all(office: Office) -> None:
    incident = office.incident()
    until(lambda: office.server.events(incident, "incident_opened"), "it is open")
    alice = office.member(ALICE)
    assert alice.command(f"assess {incident} SEV1 all users").status == 200
    (opened,) = until(lambda: office.server.events(incident, "channel_opened"), "the channel is open")
    archived = alice.event("channel_archive", channel=opened["event"]["channel"])
    told: list[Told] = []
    for _ in range(3):
        giving = Thread(target=lambda: told.append(office.socket("events", archived)))
        giving.start()
        office.server.kill()
        office.server.start()
        giving.join(60)
    assert [it.status for it in told] == [200, 200, 200]
    assert len(office.notes(incident)) == 1


def test_end_of_the_server_closes_the_socket_and_waits_for_nobody(office: Office) -> None:
    began = time.monotonic()
    assert office.server.end() == 0
    assert time.monotonic() - began < _GENEROUS
    until(lambda: office.socket.connections == 0, "it is closed")
