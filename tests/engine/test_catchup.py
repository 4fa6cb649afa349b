"""A channel while Slack is down or refuses, or a server dies in the middle: nothing is said twice, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.rehearsal import Rehearsal
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.engine.newcomers import brief_newcomer
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.slack_rules import SlackChannel
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role, Severity
from tocsin.store.snapshot import snapshot
from tocsin.store.verify import Verification

SEV1 = Severity.SEV1
SOP = default_sop()
WITH_BOARD = replace(SOP, slack=replace(SOP.slack, stakeholders_channel="C0000000001"))


@pytest.fixture
def server(path: Path) -> Iterator[Rehearsal]:
    """A server that keeps channels; the stakeholders have one of their own."""
    with Rehearsal(path, WITH_BOARD, slack=True) as rehearsal:
        rehearsal.sandbox.slack.add("stakeholders")
        yield rehearsal


@pytest.fixture
def incident(server: Rehearsal) -> str:
    """A SEV1 whose channel is furnished."""
    declared = server.declare(SEV1)
    server.work()
    return declared.id


def channel(server: Rehearsal) -> SlackChannel:
    (found,) = (it for it in server.sandbox.slack.channels.values() if it.name.startswith("inc-"))
    return found


def said(server: Rehearsal) -> list[str]:
    """What stands in the channel below the summary."""
    return [message.text for message in channel(server).messages[1:]]


def calls(server: Rehearsal, method: str) -> int:
    return sum(request.path == f"/api/{method}" for request in server.sandbox.requests)


def slack_answers(answer: Response) -> Script:
    def script(request: RecordedRequest) -> Response | None:
        return answer if request.path.startswith("/api/") else None

    return script


def assert_sound(server: Rehearsal) -> None:
    """Every row has come to its end, and the record is as it must be."""
    assert {row.status for row in server.queries.outbox.rows()} <= {"done", "suppressed", "failed"}
    with snapshot(f"sqlite:///{server.path}") as reads:
        assert list(Verification(reads).faults()) == []


# While Slack is down


def test_the_channel_catches_up_in_one_message_in_order_with_times(server: Rehearsal, incident: str) -> None:
    before = len(said(server))
    topics, summaries = calls(server, "conversations.setTopic"), calls(server, "chat.update")
    server.sandbox.script = slack_answers(Response(503))
    server.change(incident, c.Acknowledge(), by="alice")
    server.at(1)
    server.change(incident, c.AssignRole(Role.INCIDENT_COMMANDER, "erin"))
    server.at(2)
    server.change(incident, c.PostUpdate("Rolling back"))
    server.at(3)
    server.change(incident, c.Mitigate("rolled back"))
    server.at(4)
    asked = calls(server, "conversations.setTopic") - topics, calls(server, "chat.update") - summaries
    server.sandbox.script = None
    server.at(90)
    told = said(server)[before:]
    assert told[0] == "Acknowledged (Alice Adams)"  # what had been tried says what it said
    assert told[1].splitlines() == [
        "12:01 UTC Incident Commander: Erin Engel (Alice Adams)",
        "12:02 UTC Update: Rolling back (next update by 12:17 UTC) (Alice Adams)",
        "12:03 UTC Mitigated: rolled back (Alice Adams)",
    ]
    assert channel(server).topic.startswith("SEV1 · mitigated · IC: Erin Engel")
    assert calls(server, "conversations.setTopic") - topics - asked[0] == 1
    assert calls(server, "chat.update") - summaries - asked[1] == 1
    assert "Status: mitigated" in channel(server).messages[0].text
    assert_sound(server)


def test_the_incident_goes_on_without_slack(server: Rehearsal, incident: str) -> None:
    server.sandbox.script = slack_answers(Response(503))
    server.change(incident, c.Acknowledge())
    server.at(5)
    assert server.change(incident, c.Resolve()).status.is_over


def test_what_is_told_at_once_is_one_message(server: Rehearsal, incident: str) -> None:
    before = len(said(server))
    for number in range(5):
        server.change(incident, c.AddNote(f"note {number}"))
    server.work()
    (told,) = said(server)[before:]
    assert [line.removeprefix("12:00 UTC ") for line in told.splitlines()] == [
        f"Note: note {number} (Alice Adams)" for number in range(5)
    ]
    assert_sound(server)


def test_the_stakeholders_channel_catches_up_as_well(server: Rehearsal, incident: str) -> None:
    board = server.sandbox.slack.named("stakeholders")
    before = len(board.messages)
    server.change(incident, c.Mitigate("rolled back"))
    server.change(incident, c.Resolve("fixed"))
    server.work()
    (told,) = server.sandbox.slack.named("stakeholders").messages[before:]
    assert [line.partition(" — ")[2] for line in told.text.splitlines()] == [
        "Mitigated: rolled back",
        "Resolved: fixed",
    ]


# When a server dies


def test_a_message_is_not_said_again_by_the_next_server(server: Rehearsal, incident: str) -> None:
    before = said(server)
    server.change(incident, c.AddNote("the disk is full"))
    for delivery in server.lease("slack"):
        server.send(delivery)  # and the server dies before it can write that down
    server.restart().work()
    assert said(server) == [*before, "Note: the disk is full (Alice Adams)"]
    assert_sound(server)


def test_what_was_said_together_is_not_said_again_though_more_waits(server: Rehearsal, incident: str) -> None:
    before = said(server)
    for text in ("first", "second"):
        server.change(incident, c.AddNote(text))
    for delivery in server.lease("slack"):
        server.send(delivery)
    server.change(incident, c.AddNote("third"))
    server.restart().work()
    together, alone = said(server)[len(before) :]
    assert [line.partition("Note: ")[2] for line in together.splitlines()] == [
        "first (Alice Adams)",
        "second (Alice Adams)",
    ]
    assert alone == "Note: third (Alice Adams)"
    assert_sound(server)


def test_what_never_reached_slack_is_said_by_the_next_server(server: Rehearsal, incident: str) -> None:
    before = said(server)
    server.change(incident, c.AddNote("the disk is full"))
    assert server.lease("slack") != []
    server.restart().work()
    assert said(server) == [*before, "Note: the disk is full (Alice Adams)"]


def test_a_message_that_only_waited_for_its_turn_is_not_looked_for(server: Rehearsal, incident: str) -> None:
    server.change(incident, c.AddNote("the disk is full"))
    for delivery in server.lease("slack"):
        with server.store.transaction() as tx:
            tx.outbox.put_off(delivery, server.now)
    server.work()
    assert calls(server, "conversations.history") == 0


def test_a_message_that_slack_had_no_time_for_is_not_looked_for(server: Rehearsal, incident: str) -> None:
    server.sandbox.script = slack_answers(Response(429, headers={"retry-after": "30"}))
    server.change(incident, c.AddNote("the disk is full"))
    server.at(0.1)
    server.sandbox.script = None
    server.at(5)
    assert "Note: the disk is full (Alice Adams)" in said(server)
    assert calls(server, "conversations.history") == 0


# When Slack refuses


def test_a_refusal_is_told_once_until_something_works_again(server: Rehearsal, incident: str) -> None:
    archived = replace(channel(server), is_archived=True)
    server.sandbox.slack.keep(archived)
    for text in ("first", "second"):
        server.change(incident, c.AddNote(text))
        server.work()
    (failed,) = server.happened(incident, e.ChannelFailed)
    assert failed.reason == "is_archived; unarchive the channel"
    server.sandbox.slack.keep(replace(archived, is_archived=False))
    server.change(incident, c.AddNote("third"))
    server.work()
    assert said(server)[-1] == "Note: third (Alice Adams)"
    server.sandbox.slack.keep(replace(channel(server), is_archived=True))
    server.change(incident, c.AddNote("fourth"))
    server.work()
    assert len(server.happened(incident, e.ChannelFailed)) == 2
    assert_sound(server)


# Newcomers


def test_who_joins_is_shown_how_it_stands_and_nobody_else_is(server: Rehearsal, incident: str) -> None:
    server.sandbox.slack.keep(replace(channel(server), members=(*channel(server).members, "U0NEWCOMER")))
    before = said(server)
    with server.store.transaction() as tx:
        assert brief_newcomer(server.desk, tx, server.now, incident, "U0NEWCOMER")
    server.work()
    (whisper,) = channel(server).whispers
    assert whisper.user == "U0NEWCOMER"
    assert "Severity: SEV1" in whisper.text
    assert "*Severity*\nSEV1" in whisper.blocks
    assert said(server) == before
    assert_sound(server)


def test_who_has_left_again_is_no_matter_of_the_incidents(server: Rehearsal, incident: str) -> None:
    with server.store.transaction() as tx:
        assert brief_newcomer(server.desk, tx, server.now, incident, "U0STRANGER")
    server.work()
    assert server.happened(incident, e.ChannelFailed) == []
    assert_sound(server)


def test_nobody_is_briefed_where_there_is_no_channel(server: Rehearsal) -> None:
    small = server.declare(Severity.SEV4)
    server.work()
    with server.store.transaction() as tx:
        assert not brief_newcomer(server.desk, tx, server.now, small.id, "U0NEWCOMER")
