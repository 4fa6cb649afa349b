"""Is there anything signed that breaks the doors for Slack? Whatever comes is answered, and nothing forged is done."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.slack_world import WORKSPACE, World, slack_world
from tests.searching import examples
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.manifest import EVENTS, TO_TIMELINE

unhurried = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DOORS = ("commands", "interactions", "events")

words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [*Action, TO_TIMELINE, "U0ALICE", "C1", "1.1", "<!channel>", "<@U0BOB>", "\ud800", "\x00", "INC-1"]
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
PLACE = {"type": "block_actions", "api_app_id": WORKSPACE.app, "team": {"id": WORKSPACE.team}, "trigger_id": "7.7.7"}
VIEW = {"id": "V1", "callback_id": "tocsin.note", "private_metadata": "{}", "state": {"values": {}}}
INTERACTION: dict[str, Any] = {
    **PLACE,
    "user": {"id": "U0ALICE", "team_id": WORKSPACE.team},
    "actions": [{"action_id": "tocsin.acknowledge", "value": "INC-1"}],
    "channel": {"id": "C1"},
    "message": {"ts": "1767607200.000001", "text": "hello", "user": "U0BOB"},
    "view": VIEW,
    "response_url": "http://127.0.0.1:9/",
    "callback_id": TO_TIMELINE,
}
EVENT: dict[str, Any] = {
    "type": "reaction_added",
    "user": "U0ALICE",
    "reaction": "pushpin",
    "item": {"type": "message", "channel": "C1", "ts": "1767607200.000001"},
    "channel": "C1",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with slack_world(tmp_path_factory.mktemp("fuzz")) as world:
        yield world


def told(world: World, kind: str, body: bytes) -> int:
    """The status of the answer to a signed body; never one that blames the server."""
    answer = world.deliver.post(kind, body, {**FORM, **world.deliver.signed(body)})
    assert answer.status in (200, 400, 403, 413, 415, 422), (kind, body, answer)
    return answer.status


def as_json(value: object) -> str:
    return json.dumps(value)


@given(kind=st.sampled_from(DOORS), body=st.binary(max_size=200))
@unhurried
def test_bytes_at_random_are_no_fault_of_the_server(world: World, kind: str, body: bytes) -> None:
    before = world.api.traces
    told(world, kind, body)
    assert world.api.traces == before


@given(
    type_=st.sampled_from(["block_actions", "view_submission", "view_closed", "shortcut", "message_action", "other"]),
    exchanged=st.dictionaries(st.sampled_from(sorted(INTERACTION)), values, max_size=3),
    dropped=st.sets(st.sampled_from(sorted(INTERACTION)), max_size=3),
)
@unhurried
def test_interaction_that_is_nearly_right_is_answered(
    world: World, type_: str, exchanged: dict[str, Any], dropped: set[str]
) -> None:
    payload = {name: it for name, it in {**INTERACTION, **exchanged}.items() if name not in dropped}
    told(world, "interactions", urlencode({"payload": as_json({"type": type_, **payload})}).encode())


@given(
    dialog=st.sampled_from(list(Action)),
    metadata=st.one_of(words, values.map(as_json)),
    fields=st.dictionaries(
        st.sampled_from(["title", "service", "severity", "scope", "text", "role", "person", "target", "next_within"]),
        words,
        max_size=5,
    ),
)
@unhurried
def test_dialog_with_anything_in_it_is_answered_and_changes_nothing_that_it_does_not_name(
    world: World, dialog: Action, metadata: str, fields: dict[str, str]
) -> None:
    state = {name: {name: {"value": value}} for name, value in fields.items()}
    view = {**VIEW, "callback_id": dialog, "private_metadata": metadata, "state": {"values": state}}
    payload = {**INTERACTION, "type": "view_submission", "trigger_id": as_json(fields), "view": view}
    told(world, "interactions", urlencode({"payload": as_json(payload)}).encode())


@given(
    type_=st.sampled_from([*EVENTS, "message", "channel_rename"]),
    exchanged=st.dictionaries(st.sampled_from(sorted(EVENT)), values, max_size=3),
)
@unhurried
def test_event_that_is_nearly_right_is_taken_or_told_apart(world: World, type_: str, exchanged: dict[str, Any]) -> None:
    event = {**EVENT, **exchanged, "type": type_}
    place = {"team_id": WORKSPACE.team, "api_app_id": WORKSPACE.app, "event_id": as_json(exchanged)}
    told(world, "events", as_json({"type": "event_callback", **place, "event": event}).encode())


@given(text=st.one_of(words, st.lists(words, max_size=4).map(" ".join)), user=words, channel=words)
@unhurried
def test_whatever_is_typed_after_the_command_is_answered(world: World, text: str, user: str, channel: str) -> None:
    fields = {"team_id": WORKSPACE.team, "api_app_id": WORKSPACE.app, "trigger_id": f"{text}{user}{channel}"}
    given_fields = {**fields, "text": text, "user_id": user, "channel_id": channel}
    body = urlencode(given_fields, errors="surrogatepass").encode()
    told(world, "commands", body)


@pytest.mark.parametrize("text", ["<!channel>", "<@U0BOB|<!here>>", "note <!channel> *now*", "ack INC-<!channel>"])
@pytest.mark.parametrize("user", ["U0ALICE", "<!channel>"])
def test_what_is_typed_does_nothing_where_it_is_shown_again(world: World, text: str, user: str) -> None:
    said = world.member(user).command(text)
    assert "<!" not in json.dumps(said.answer)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no headers"),
        pytest.param({"X-Slack-Signature": "v0=", "X-Slack-Request-Timestamp": "0"}, id="an empty signature"),
        pytest.param({"X-Slack-Request-Timestamp": "-1"}, id="a negative time"),
        pytest.param({"X-Slack-Request-Timestamp": "1e9"}, id="a number of another form"),
        pytest.param({"X-Slack-Request-Timestamp": "9" * 400}, id="a time without end"),
        pytest.param({"X-Slack-Request-Timestamp": "\xb2\xb3"}, id="digits that are none"),
        pytest.param({"X-Slack-Signature": "v0=\xff\xfe"}, id="a signature that is no ASCII"),
        pytest.param({"X-Slack-Signature": "v1=" + "0" * 64}, id="another version"),
    ],
)
@pytest.mark.parametrize("kind", DOORS)
def test_headers_that_sign_nothing_open_no_door(world: World, kind: str, headers: dict[str, str]) -> None:
    body = urlencode({"text": "declare", "team_id": WORKSPACE.team, "api_app_id": WORKSPACE.app}).encode()
    right = world.deliver.signed(body) if headers else {}
    answer = world.deliver.post(kind, body, {**FORM, **right, **headers})
    assert (answer.status, answer.answer["code"]) == (401, "unauthorized")


def test_signature_of_one_body_opens_no_door_for_another(world: World) -> None:
    headers = world.deliver.signed(b"text=help")
    assert world.deliver.post("commands", b"text=ack", {**FORM, **headers}).status == 401
    assert world.deliver.post("commands", b"text=help ", {**FORM, **headers}).status == 401


def test_body_that_is_packed_is_not_what_was_signed(world: World) -> None:
    import gzip

    packed = gzip.compress(b"text=help")
    headers = {**FORM, **world.deliver.signed(packed), "Content-Encoding": "gzip"}
    assert world.deliver.post("commands", packed, headers).status == 401


def test_request_for_one_door_is_of_no_use_at_another(world: World) -> None:
    command = urlencode({"text": "declare", "team_id": WORKSPACE.team, "api_app_id": WORKSPACE.app}).encode()
    assert told(world, "interactions", command) == 422
    assert told(world, "events", command) == 422
