"""Who is not heard in Slack? Whoever isn't Slack, another workspace, a member whom the SOP or their account bars."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.slack_world import MEMBERS, WORKSPACE, InProcess, World, slack_sop, slack_world
from tests.system.waiting import until
from tocsin.accounts.permissions import GlobalRole
from tocsin.engine.accounts import Person
from tocsin.engine.desk import Actor
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_member import SlackMember, Told, Workspace

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with slack_world(tmp_path_factory.mktemp("strangers")) as world:
        yield world


@pytest.fixture(scope="module")
def incident(world: World) -> str:
    found = world.api.declare(severity="SEV1")
    world.channel_of(found)
    world.api.settle()
    return found


def command(world: World, text: str, **more: str) -> bytes:
    fields = {"command": "/incident", "text": text, "team_id": "T0SANDBOX", "api_app_id": "A0SANDBOX"}
    fields |= {"user_id": "U0ALICE", "trigger_id": "9.9.9", **more}
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


def code_of(told: Told) -> str:
    return str(told.answer.get("code", "")) if isinstance(told.answer, dict) else ""


@pytest.mark.parametrize("kind", ["commands", "interactions", "events"])
def test_a_wrong_signature_opens_no_door(world: World, incident: str, kind: str) -> None:
    body, before = command(world, f"ack+{incident}"), world.api.traces
    forged = OverSecret(world, "another").signed(body)
    told = world.deliver.post(kind, body, {**FORM, **forged})
    assert (told.status, code_of(told)) == (401, "unauthorized")
    assert world.deliver.post(kind, body, FORM).status == 401
    assert world.api.traces == before


class OverSecret(InProcess):
    def __init__(self, world: World, secret: str) -> None:
        super().__init__(world.api, Workspace(secret=secret))


@pytest.mark.parametrize("seconds", [-301, 330])
def test_an_old_request_is_not_taken_though_it_is_signed(world: World, incident: str, seconds: int) -> None:
    body = command(world, f"ack+{incident}")
    at = world.api.node.clock.real_now().timestamp() + seconds
    assert world.deliver.post("commands", body, {**FORM, **world.deliver.signed(body, at)}).status == 401


def test_a_replayed_request_does_nothing_again(world: World, incident: str) -> None:
    body = command(world, f"note+{incident}+once", trigger_id="1.1.1")
    headers = {**FORM, **world.deliver.signed(body)}
    first, again = (world.deliver.post("commands", body, headers) for _ in range(2))
    assert first.text == f"Written into the timeline of {incident}."
    assert again.text.startswith("That is done already")
    assert len([it for it in world.events(incident, "note_added") if it["event"]["text"] == "once"]) == 1


@pytest.mark.parametrize(("name", "value"), [("team_id", "T0OTHER"), ("api_app_id", "A0OTHER"), ("team_id", "")])
def test_another_workspace_or_app_is_not_heard(world: World, incident: str, name: str, value: str) -> None:
    body, before = command(world, f"ack+{incident}", **{name: value}), world.api.traces
    told = world.deliver.post("commands", body, {**FORM, **world.deliver.signed(body)})
    assert (told.status, code_of(told)) == (403, "forbidden")
    assert world.api.traces == before


def test_a_guest_of_a_shared_channel_is_not_heard(world: World, incident: str) -> None:
    told = {
        "type": "block_actions",
        "api_app_id": WORKSPACE.app,
        "team": {"id": WORKSPACE.team},
        "user": {"id": "U0ALICE", "team_id": "T0OTHER"},
        "actions": [{"action_id": Action.ACKNOWLEDGE, "value": incident}],
    }
    assert world.deliver("interactions", told).status == 403


def test_who_is_linked_to_nobody_is_told_how_to_be(world: World, incident: str) -> None:
    stranger, before = world.member("U0STRANGER"), world.api.traces
    told = stranger.command(f"ack {incident}").text
    assert 'slack_user = "U0STRANGER"' in told
    assert stranger.press(Action.ACKNOWLEDGE, incident).status == 200
    channel = world.channel_of(incident)
    stranger.react("pushpin", channel, world.sandbox.slack.channels[channel].messages[0].ts)
    assert any('slack_user = "U0STRANGER"' in it for it in stranger.whispers)
    assert world.api.traces == before


def test_who_is_linked_to_nobody_may_read_nothing_but_the_help(world: World, incident: str) -> None:
    stranger = world.member("U0STRANGER")
    for verb in ("timeline", "who", "declare"):
        assert "linked to nobody" in stranger.command(f"{verb} {incident}").text
    assert "/incident ack" in stranger.command("help").text


def test_an_account_bars_its_person_once_it_is_disabled_or_may_only_look(tmp_path: Path) -> None:
    with slack_world(tmp_path) as world:
        incident, alice = world.api.declare(), world.member("alice")
        address = world.api.node.sop.people["alice"].email or "alice@example.com"
        admin = Actor("tests", "api")
        accounts = world.api.node.accounts
        call = world.api._portal.call
        call(accounts.add, Person("boss@tests.example", role=GlobalRole.ADMIN), admin)
        account, _ = call(accounts.add, Person(address, role=GlobalRole.VIEWER, person="alice"), admin)
        assert "lacks the permission respond" in alice.command(f"ack {incident}").text
        assert incident in alice.command(f"timeline {incident}").text
        call(accounts.set_role, account.id, GlobalRole.RESPONDER, admin)
        call(accounts.set_disabled, account.id, True, admin)
        assert "is disabled" in alice.command(f"ack {incident}").text
        assert "is disabled" in alice.command(f"timeline {incident}").text
        assert world.events(incident, "acknowledged") == []


def test_without_a_workspace_in_the_sop_there_is_no_door(tmp_path: Path) -> None:
    import msgspec

    sop = slack_sop()
    unpinned = msgspec.structs.replace(sop, slack=msgspec.structs.replace(sop.slack, app=None))
    with slack_world(tmp_path, unpinned) as world:
        told = world.member("alice").command("help")
        assert (told.status, code_of(told)) == (404, "not_found")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        pytest.param("commands", b"a=" + b"x" * 600_000, 413, id="a huge body"),
        pytest.param("commands", b"&".join(b"f%d=1" % n for n in range(5_000)), 422, id="a form of a thousand fields"),
        pytest.param("commands", b"text=%ff%fe", 422, id="a form that is no UTF-8"),
        pytest.param("interactions", b"payload=" + b"[" * 50_000, 422, id="nested without end"),
        pytest.param("interactions", b"payload=%7B%22type%22%3A1%7D", 422, id="a type that is none"),
        pytest.param("interactions", b"", 422, id="nothing"),
        pytest.param("events", b"[" * 50_000, 422, id="an event nested without end"),
        pytest.param("events", b"nonsense", 422, id="no JSON"),
        pytest.param("events", b"\xff", 422, id="an event that is no UTF-8"),
        pytest.param("events", b'{"type":"event_callback","event":7}', 422, id="an event that is a number"),
    ],
)
def test_what_would_harm_is_refused_though_it_is_signed(world: World, kind: str, body: bytes, status: int) -> None:
    before = world.api.traces
    assert world.deliver.post(kind, body, {**FORM, **world.deliver.signed(body)}).status == status
    assert world.api.traces == before


def test_events_of_no_use_are_taken_so_that_they_do_not_come_again(world: World, incident: str) -> None:
    for event in ({"type": "channel_created", "channel": {"id": "C1"}}, {"type": "message"}):
        told = {"type": "event_callback", "team_id": "T0SANDBOX", "api_app_id": "A0SANDBOX", "event": event}
        assert world.deliver("events", told).status == 200
    assert world.deliver("events", {"type": "app_rate_limited"}).status == 200
    assert world.deliver("interactions", {"type": "view_closed"}).status == 200


def submission(metadata: str, dialog: str = Action.NOTE, **fields: Any) -> dict[str, Any]:
    values = {name: {name: {"value": value}} for name, value in fields.items()}
    return {
        "type": "view_submission",
        "api_app_id": WORKSPACE.app,
        "team": {"id": WORKSPACE.team},
        "user": {"id": "U0ALICE", "team_id": WORKSPACE.team},
        "view": {"callback_id": dialog, "private_metadata": metadata, "state": {"values": values}},
    }


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param("", id="empty"),
        pytest.param("nonsense", id="no JSON"),
        pytest.param("[" * 3_000, id="nested"),
        pytest.param('{"incident":7}', id="a number for an incident"),
        pytest.param('{"incident":"INC-2026-0001","seq":-1}', id="an event before the first"),
        pytest.param('{"incident":"INC-9999-0001","seq":1}', id="an incident that there isn't"),
        pytest.param('{"incident":"../../etc/passwd"}', id="a path"),
    ],
)
def test_forged_metadata_of_a_dialog_is_told_below_its_field(world: World, incident: str, metadata: str) -> None:
    before = world.api.traces
    told = world.deliver("interactions", submission(metadata, text="forged"))
    assert (told.status, list(told.errors)) == (200, ["text"])
    assert world.api.traces == before


def test_a_dialog_of_nobody_is_told_so(world: World) -> None:
    told = world.deliver("interactions", submission("{}", dialog="somebody.else"))
    assert "none of Tocsin's" in json.dumps(told.answer)
    assert world.member("alice").press("somebody.else").status == 200


def test_answers_go_to_slack_alone(world: World, incident: str) -> None:
    with Sandbox() as elsewhere:
        alice = SlackMember(MEMBERS["alice"], world.sandbox.slack, world.deliver, elsewhere.url, WORKSPACE)
        assert alice.press(Action.ACKNOWLEDGE, incident).status == 200
        bob = world.member("bob")
        before = len(bob.whispers)
        bob.press(Action.ACKNOWLEDGE, incident)
        until(lambda: len(bob.whispers) > before, "who pressed later has an answer")
        assert elsewhere.requests == []


def test_what_people_write_in_a_title_does_nothing_in_slack(world: World) -> None:
    alice = world.member("alice")
    alice.command("declare x")
    title = "<!channel> *down* <b>now</b> <http://evil.example|runbook> \u202egnp.exe"
    told = alice.submit(alice.dialog, title=title)
    shown = json.dumps(told.answer)
    assert "<!channel>" not in shown
    assert "<http://evil" not in shown
    assert "\\u202e" not in shown
