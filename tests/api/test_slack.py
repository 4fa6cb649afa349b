"""What can people do in Slack? All that a response takes: by command, by button, in dialogs, by pinning messages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.api.slack_world import World, slack_world
from tests.system.waiting import until
from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.slack_views import SlackView


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with slack_world(tmp_path) as world:
        yield world


def test_an_acknowledgement_is_on_record_as_the_persons_from_slack(world: World) -> None:
    incident = world.api.declare()
    told = world.member("alice").command(f"ack {incident}")
    assert told.text == f"You have acknowledged {incident}: the escalation stops."
    (event,) = world.events(incident, "acknowledged")
    assert (event["actor"], event["via"]) == ("alice", "slack")


def test_outside_of_channels_the_only_open_incident_is_meant(world: World) -> None:
    incident = world.api.declare()
    assert incident in world.member("alice").command("ack").text


def test_of_several_open_incidents_one_must_be_named(world: World) -> None:
    ids = [world.api.declare(title) for title in ("Checkout is down", "Login is slow")]
    told = world.member("alice").command("ack").text
    assert told.startswith("Several incidents are open: name the one that you mean")
    assert all(it in told for it in ids)


def test_in_an_incidents_channel_that_incident_is_meant(world: World) -> None:
    incident, _ = world.api.declare(severity="SEV1"), world.api.declare("Login is slow")
    channel = world.channel_of(incident)
    world.member("bob").command("note the logs are in /var/log/checkout", channel)
    assert world.events(incident, "note_added")[0]["event"]["text"] == "the logs are in /var/log/checkout"


def test_who_comes_second_is_told_who_was_first(world: World) -> None:
    incident = world.api.declare()
    world.member("alice").command("ack")
    assert (
        world.member("bob").command("ack").text.endswith(f"has acknowledged {incident} already: you need do nothing.")
    )
    assert world.member("alice").command("ack").text == f"You have acknowledged {incident} already: all is well."
    assert len(world.events(incident, "acknowledged")) == 1


def test_a_button_acknowledges_and_whispers_to_its_presser(world: World) -> None:
    incident, bob = world.api.declare(), world.member("bob")
    assert bob.press(Action.ACKNOWLEDGE, incident).status == 200
    assert world.events(incident, "acknowledged")[0]["actor"] == "bob"
    until(lambda: bool(bob.whispers), "bob is told")
    assert bob.whispers == [f"You have acknowledged {incident}: the escalation stops."]


def test_an_incident_is_declared_in_a_dialog_that_tells_its_severity(world: World) -> None:
    alice = world.member("alice")
    alice.command("declare Checkout is <http://down|up>")
    dialog = alice.dialog
    assert dialog.fields["title"]["initial_value"] == "Checkout is up (http://down)"
    alice.choose(dialog, scope="all", workaround="no")
    until(lambda: world.sandbox.slack.dialogs.views[dialog.id].updates > 0, "the outlook is shown")
    assert "SEV1: " in world.sandbox.slack.dialogs.views[dialog.id].words
    told = alice.submit(dialog, title="Checkout is down", scope="all", workaround="no")
    assert told.errors == {}
    (line,) = world.api.do("list_incidents")
    assert (line["title"], line["severity"]) == ("Checkout is down", "SEV1")
    assert line["id"] in str(told.answer["view"])


def test_without_answers_a_declared_incident_waits_for_its_assessment(world: World) -> None:
    alice = world.member("alice")
    alice.command("declare Login is slow")
    alice.submit(alice.dialog)
    assert world.api.do("list_incidents")[0]["severity"] is None


def test_the_whole_response_is_given_in_dialogs(world: World) -> None:
    incident, alice = world.api.declare(), world.member("alice")
    alice.press(Action.ACKNOWLEDGE, incident)
    alice.press(Action.ASSESS, incident)
    alice.submit(alice.dialog, severity="SEV1", reason="all of checkout")
    for role, user in (("incident_commander", "U0ALICE"), ("communications_lead", "U0EMMA")):
        alice.press(Action.ROLE, incident)
        alice.submit(alice.dialog, role=role, person=user)
    emma = world.member("emma")
    emma.press(Action.UPDATE, incident)
    emma.submit(emma.dialog, text="We look into it.", audience="external", next_within="10m")
    alice.press(Action.NOTE, incident)
    alice.submit(alice.dialog, text="It began at noon.")
    alice.press(Action.PAGE, incident)
    alice.submit(alice.dialog, target="bob", reason="we need the database")
    alice.command("mitigate rolled back")
    alice.command("resolve")
    alice.submit(alice.dialog, note="confirmed by the probe")
    kinds = [it["event"]["kind"] for it in world.events(incident) if it["via"] == "slack"]
    wanted = ["acknowledged", "assessed", "role_assigned", "role_assigned", "update_posted", "note_added"]
    assert [it for it in kinds if it in wanted] == wanted
    assert kinds[-2:] == ["mitigated", "resolved"]
    assert {"person_paged"} <= set(kinds)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("assess SEV2 many users fail", "assessed"),
        ("role ic <@U0BOB|bob>", "role_assigned"),
        ("role tl bob", "role_assigned"),
        ("note it began at noon", "note_added"),
        ("page <@U0BOB|bob> we need the database", "person_paged"),
        ("mitigate rolled back", "mitigated"),
    ],
)
def test_what_is_said_in_full_needs_no_dialog(world: World, command: str, kind: str) -> None:
    incident = world.api.declare()
    told = world.member("alice").command(command)
    assert [it["actor"] for it in world.events(incident, kind)] == ["alice"], told.text


@pytest.mark.parametrize("verb", ["assess", "role", "update", "note", "page", "mitigate", "resolve"])
def test_what_is_not_said_is_asked_for(world: World, verb: str) -> None:
    incident, alice = world.api.declare(), world.member("alice")
    assert alice.command(verb).text == "Tell more in the dialog."
    assert incident in alice.dialog.metadata


def test_a_fault_is_told_below_its_field(world: World) -> None:
    incident, alice = world.api.declare(severity="SEV1"), world.member("alice")

    def faults(action: Action, **fields: str) -> list[str]:
        alice.press(action, incident)
        return list(alice.submit(alice.dialog, **fields).errors)

    assert faults(Action.UPDATE, text="all well", next_within="soon") == ["next_within"]
    assert faults(Action.UPDATE, text="all well", next_within="7d") == ["next_within"]
    assert faults(Action.UPDATE, text=" ") == ["text"]
    assert faults(Action.ASSESS, severity="SEV2") == ["reason"]
    assert faults(Action.ASSESS) == ["scope"]
    assert faults(Action.ROLE, person="U0NOBODY") == ["person"]
    assert faults(Action.PAGE, target="bob", reason="") == ["reason"]


def test_only_the_communications_lead_is_offered_to_speak_to_customers(world: World) -> None:
    incident, emma = world.api.declare(severity="SEV1"), world.member("emma")
    emma.press(Action.UPDATE, incident)
    assert "external" not in emma.dialog.words
    emma.command("role cl <@U0EMMA|emma>")
    emma.press(Action.UPDATE, incident)
    assert "external" in emma.dialog.words


def test_nobody_overwrites_what_somebody_else_has_done_meanwhile(world: World) -> None:
    incident, alice, bob = world.api.declare(), world.member("alice"), world.member("bob")
    alice.command("assess")
    bob.command("assess SEV3 a few users")
    told = alice.submit(alice.dialog, severity="SEV1", reason="all users")
    assert "has changed since you looked" in told.errors.get("severity", "")
    assert world.api.do("get_incident", incident)["severity"] == "SEV3"


def submission(view: SlackView, **fields: str) -> dict[str, Any]:
    """What Slack tells of a dialog that is sent, the same each time."""
    return {
        "type": "view_submission",
        "api_app_id": "A0SANDBOX",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0ALICE"},
        "trigger_id": "1.2.3",
        "view": {
            "id": view.id,
            "callback_id": view.callback_id,
            "private_metadata": view.metadata,
            "state": {"values": {name: {name: {"value": value}} for name, value in fields.items()}},
        },
    }


def test_a_thing_that_slack_tells_twice_is_done_once(world: World) -> None:
    incident, alice = world.api.declare(), world.member("alice")
    alice.command("note")
    view = alice.dialog
    told = submission(view, text="once")
    assert [world.deliver("interactions", told).status for _ in range(3)] == [200, 200, 200]
    assert len(world.events(incident, "note_added")) == 1


def test_a_declaration_that_slack_tells_twice_opens_one_incident(world: World) -> None:
    alice = world.member("alice")
    alice.command("declare Checkout is down")
    view = alice.dialog
    told = submission(view, title="Checkout is down")
    first, again = (world.deliver("interactions", told) for _ in range(2))
    assert len(world.api.do("list_incidents")) == 1
    assert "is open" in str(first.answer) or "INC-" in str(first.answer)
    assert "done already" in str(again.answer)


def test_the_timeline_and_who_does_what_are_shown(world: World) -> None:
    incident, alice = world.api.declare("Checkout <!channel> is *down*", severity="SEV2"), world.member("alice")
    alice.command("role ic alice")
    timeline = alice.command("timeline").text
    assert "&lt;!channel&gt;" in timeline
    assert f"<https://tocsin.example/incidents/{incident}|{incident}>" in timeline
    assert "Incident Commander: Alice" in alice.command("who").text
    assert "/incident ack" in alice.command("").text
    assert alice.command("frobnicate").text.startswith("/incident frobnicate: there is no such command; it takes one")


def test_a_pinned_message_becomes_a_note_with_its_author_once(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    channel = world.channel_of(incident)
    ts = world.sandbox.slack.write(channel, "U0BOB", "The &lt;pool&gt; is exhausted, <@U0ALICE>")
    for user in ("alice", "emma", "alice"):
        assert world.member(user).react("pushpin", channel, ts).status == 200
    (note,) = world.events(incident, "note_added")
    text, _, source = note["event"]["text"].partition("\n")
    alice = world.api.node.sop.people["alice"].name
    assert text == f"The <pool> is exhausted, @{alice}"
    assert source.startswith(f"— {world.api.node.sop.people['bob'].name} in Slack")
    assert source.endswith(f"https://sandbox.slack.com/archives/{channel}/p{ts.replace('.', '')}")
    assert (note["actor"], note["via"]) == ("alice", "slack")


def test_a_reply_in_a_thread_can_be_pinned_too(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    channel = world.channel_of(incident)
    first = world.sandbox.slack.write(channel, "U0BOB", "Any idea?")
    ts = world.sandbox.slack.write(channel, "U0EMMA", "The pool.", thread=first)
    world.member("alice").react("pushpin", channel, ts)
    assert world.events(incident, "note_added")[0]["event"]["text"].startswith("The pool.\n")


def test_the_shortcut_of_a_message_does_the_same(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    channel, alice = world.channel_of(incident), world.member("alice")
    ts = world.sandbox.slack.write(channel, "U0BOB", "Rolling back now")
    alice.on_message("tocsin.to_timeline", channel, ts)
    alice.on_message("tocsin.to_timeline", channel, ts)
    assert len(world.events(incident, "note_added")) == 1
    until(lambda: len(alice.whispers) == 2, "alice is told")
    assert set(alice.whispers) == {
        f"It stands in the timeline of {incident}.",
        f"It stands in the timeline of {incident} already.",
    }


def test_other_reactions_and_other_channels_are_left_alone(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    channel = world.channel_of(incident)
    ts = world.sandbox.slack.write(channel, "U0BOB", "Hm")
    other = world.sandbox.slack.add("general").id
    elsewhere = world.sandbox.slack.write(other, "U0BOB", "Hm")
    assert world.member("alice").react("thumbsup", channel, ts).status == 200
    assert world.member("alice").react("pushpin", other, elsewhere).status == 200
    assert world.events(incident, "note_added") == []


def test_a_channel_that_somebody_archives_is_told(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    world.member("bob").happen("channel_archive", channel=world.channel_of(incident))
    (note,) = world.events(incident, "note_added")
    assert "was archived in Slack by" in note["event"]["text"]


@pytest.mark.slow
def test_a_removed_app_is_an_alarm_until_somebody_uses_it_again(world: World) -> None:
    def alarms() -> list[str]:
        return [it["text"] for it in world.api.do("get_alarms") if it["kind"] == "chat"]

    world.member("").happen("app_uninstalled")
    until(lambda: bool(alarms()), "the alarm is raised")
    assert "install it again" in alarms()[0]
    world.member("alice").command("help")
    until(lambda: not alarms(), "the alarm is over")


def test_slack_sees_that_somebody_answers_at_the_address(world: World) -> None:
    told = world.deliver("events", {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"})
    assert told.answer == {"challenge": "3eZbrw1aB"}


def test_from_slack_and_the_web_at_once_one_acknowledges_and_the_other_is_told(tmp_path: Path) -> None:
    with slack_world(tmp_path, public_url="http://tocsin") as world:
        world.api.see("/")  # signed in by now
        for _ in range(5):
            incident, alice = world.api.declare(), world.member("alice")
            with ThreadPoolExecutor(2) as hands:
                in_slack = hands.submit(alice.command, f"ack {incident}")
                on_the_web = hands.submit(world.api.see, f"/incidents/{incident}/acknowledge", content=b"")
            assert len(world.events(incident, "acknowledged")) == 1
            text, page = in_slack.result().text, on_the_web.result()
            is_first = text == f"You have acknowledged {incident}: the escalation stops."
            assert is_first or text.endswith(f"has acknowledged {incident} already: you need do nothing.")
            assert page.status_code == (409 if is_first else 303)
            assert ("is already acknowledged by alice" in page.text) is is_first


@pytest.mark.slow
def test_whoever_joins_the_channel_is_briefed_once_and_the_bot_is_not(world: World) -> None:
    incident = world.api.declare(severity="SEV1")
    channel = world.channel_of(incident)
    emma = world.member("emma")
    world.sandbox.slack.enter(channel, emma.user)
    joined = emma.event("member_joined_channel", channel=channel)
    as_the_bot = {**joined, "event_id": "EvBot", "authorizations": [{"user_id": emma.user, "is_bot": True}]}
    for happening in (as_the_bot, joined, joined):
        assert world.deliver("events", happening).status == 200
    until(lambda: bool(emma.whispers), "emma is briefed")
    world.api.settle()
    assert len(emma.whispers) == 1
    assert incident in emma.whispers[0]
    assert world.events(incident, "channel_failed") == []
