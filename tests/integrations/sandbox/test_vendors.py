"""What the stand-ins refuse, in the words of the vendors' documentation."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.sending import NOW
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_rules import BOT

KEY = "e93facc04764012d7bfb002500d5d1a6"
TRIGGER: dict[str, object] = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": "s", "source": "h", "severity": "info"},
}
ACKNOWLEDGE: dict[str, object] = {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": "k"}
RESOLVE = ACKNOWLEDGE | {"event_action": "resolve"}


def enqueue(sandbox: Sandbox, event: object, **headers: str) -> tuple[int, dict[str, Any]]:
    sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    answer = sandbox.answer(RecordedRequest(NOW, "POST", "/v2/enqueue", "", sent, body))
    return answer.status, json.loads(answer.body)


def triggered(**payload: object) -> dict[str, object]:
    return TRIGGER | {"payload": {"summary": "s", "source": "h", "severity": "info", **payload}}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (TRIGGER | {"routing_key": "short"}, "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (TRIGGER | {"routing_key": 5}, "'routing_key' is not a string"),
        (
            TRIGGER | {"event_action": "open"},
            "'event_action' is invalid (should be one of: trigger, acknowledge, resolve)",
        ),
        (TRIGGER | {"dedup_key": "k" * 256}, "Length of 'dedup_key' is incorrect (should be at most 255 characters)"),
        ({"routing_key": KEY, "event_action": "resolve"}, "'dedup_key' is missing or blank"),
        ({"routing_key": KEY, "event_action": "trigger"}, "'payload' is missing or not an object"),
        (triggered(summary=" "), "'summary' is missing or blank"),
        (triggered(summary="s" * 1025), "Length of 'summary' is incorrect (should be at most 1024 characters)"),
        (triggered(source=""), "'source' is missing or blank"),
        (triggered(severity="dire"), "'severity' is invalid (should be one of: critical, error, warning, info)"),
        (triggered(component=5), "'component' is not a string"),
        (triggered(custom_details="x"), "'custom_details' is not an object"),
        (triggered(timestamp="noon"), "'timestamp' is not an ISO 8601 date"),
        (TRIGGER | {"client_url": "tocsin"}, "'client_url' is not a URL"),
        (TRIGGER | {"links": [{"text": "x"}]}, "'href' is missing or blank"),
        (TRIGGER | {"links": "x"}, "'links' is not an array of objects"),
        (TRIGGER | {"images": [{"src": "javascript:x"}]}, "'src' is not a URL"),
    ],
)
def test_pagerduty_names_the_fault_of_an_event(event: dict[str, object], error: str) -> None:
    sandbox = Sandbox()
    refusal = {"status": "invalid event", "message": "Event object is invalid", "errors": [error]}
    assert enqueue(sandbox, event) == (400, refusal)
    assert sandbox.pagerduty.alerts == {}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_pagerduty_refuses_what_is_no_object(body: bytes) -> None:
    status, answer = enqueue(Sandbox(), body)
    assert (status, answer["errors"]) == (400, ["JSON parse error"])


def test_pagerduty_refuses_what_is_not_called_json_and_what_is_too_large() -> None:
    assert enqueue(Sandbox(), TRIGGER, content_type="text/plain")[0] == 400
    assert enqueue(Sandbox(), b" " * 524_289)[0] == 413
    assert Sandbox().answer(RecordedRequest(NOW, "GET", "/v2/enqueue", "", {}, b"")).status == 405


def test_pagerduty_takes_a_trigger_after_the_end_for_a_new_alert() -> None:
    sandbox = Sandbox()
    for event in (TRIGGER, TRIGGER, ACKNOWLEDGE, RESOLVE, ACKNOWLEDGE):
        assert enqueue(sandbox, event)[0] == 202
    alert = sandbox.pagerduty.alerts["k"]
    assert (alert.status, alert.triggers, alert.opened) == (PagerDutyStatus.RESOLVED, 2, 1)
    enqueue(sandbox, TRIGGER)
    alert = sandbox.pagerduty.alerts["k"]
    assert (alert.status, alert.triggers, alert.opened) == (PagerDutyStatus.TRIGGERED, 1, 2)


def test_pagerduty_drops_an_end_that_comes_by_another_routing_key() -> None:
    sandbox = Sandbox()
    enqueue(sandbox, TRIGGER)
    assert enqueue(sandbox, RESOLVE | {"routing_key": "0" * 32})[0] == 202
    assert sandbox.pagerduty.alerts["k"].status is PagerDutyStatus.TRIGGERED


def test_pagerduty_makes_up_a_key_where_none_is_given() -> None:
    event = {name: value for name, value in TRIGGER.items() if name != "dedup_key"}
    sandbox = Sandbox()
    keys = {enqueue(sandbox, event)[1]["dedup_key"] for _ in range(2)}
    assert keys == set(sandbox.pagerduty.alerts)
    assert len(keys) == 2


# -- Slack -------------------------------------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded; charset=utf-8"
SECTION = '[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]'


def workspace() -> Sandbox:
    """C…1 is the bot's own channel with one message, C…3 archived, C…4 private, C…5 somebody else's."""
    sandbox = Sandbox()
    sandbox.slack.add("ours")
    call(sandbox, "chat.postMessage", channel="C0000000001", text="hi")
    sandbox.slack.add("old", is_archived=True)
    sandbox.slack.add("secret", is_private=True, members=("U0BOB0002",))
    sandbox.slack.add("theirs", members=("U0BOB0002",))
    sandbox.slack.strangers.add("U0NOBODY1")
    return sandbox


def call(sandbox: Sandbox, method: str, **arguments: str) -> dict[str, Any]:
    verb = "GET" if method == "conversations.list" else "POST"
    form = urlencode(arguments)
    headers = {"authorization": "Bearer xoxb-1", "content-type": FORM}
    query, body = (form, b"") if verb == "GET" else ("", form.encode())
    answer = sandbox.answer(RecordedRequest(NOW, verb, f"/api/{method}", query, headers, body))
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.shout", {}, "unknown_method"),
        ("chat.postMessage", {"text": "hi"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0000000001", "text": "hi", "colour": "red"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0000000001", "text": "hi", "unfurl_links": "no"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0000000001"}, "no_text"),
        ("chat.postMessage", {"channel": "C0000000001", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0000000001", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C0000000001", "blocks": "[]"}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0000000001", "blocks": SECTION.replace("hi", "")}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0000000001", "blocks": SECTION.replace("hi", "x" * 3001)}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0000000001", "blocks": SECTION.replace("mrkdwn", "html")}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C9999999999", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "U0NOBODY1", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0000000003", "text": "hi"}, "is_archived"),
        ("chat.postMessage", {"channel": "C0000000004", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0000000005", "text": "hi"}, "not_in_channel"),
        ("chat.update", {"channel": "C0000000001", "ts": "1767607200.999999", "text": "hi"}, "message_not_found"),
        ("conversations.create", {}, "invalid_name_required"),
        ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
        ("conversations.create", {"name": "INC-1"}, "invalid_name_specials"),
        ("conversations.create", {"name": "-_-"}, "invalid_name_punctuation"),
        ("conversations.create", {"name": "old"}, "name_taken"),
        ("conversations.invite", {"channel": "C0000000001", "users": BOT}, "cant_invite_self"),
        ("conversations.invite", {"channel": "C0000000001", "users": "U0NOBODY1"}, "user_not_found"),
        ("conversations.invite", {"channel": "C0000000001", "users": "alice"}, "user_not_found"),
        ("conversations.invite", {"channel": "C0000000001", "users": ",".join(["U01"] * 1001)}, "too_many_users"),
        ("conversations.join", {"channel": "C0000000004"}, "channel_not_found"),
        ("conversations.list", {"limit": "1000"}, "invalid_limit"),
        ("conversations.list", {"limit": "many"}, "invalid_arguments"),
        ("conversations.list", {"cursor": "x"}, "invalid_cursor"),
        ("conversations.setTopic", {"channel": "C0000000001", "topic": "x" * 251}, "too_long"),
        (
            "bookmarks.add",
            {"channel_id": "C0000000001", "title": "t", "type": "file", "link": "https://x"},
            "invalid_bookmark_type",
        ),
        (
            "bookmarks.add",
            {"channel_id": "C0000000001", "title": "t", "type": "link", "link": "javascript:x"},
            "invalid_link",
        ),
        ("pins.add", {"channel": "C0000000001", "timestamp": "yesterday"}, "bad_timestamp"),
        ("pins.add", {"channel": "C0000000001", "timestamp": "1767607200.999999"}, "message_not_found"),
    ],
)
def test_slack_refuses_what_its_documentation_forbids(method: str, arguments: dict[str, str], error: str) -> None:
    answer = call(workspace(), method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, error)


def test_slack_says_who_could_not_be_invited() -> None:
    sandbox = workspace()
    answer = call(sandbox, "conversations.invite", channel="C0000000001", users="U0ALICE01,U0NOBODY1")
    assert answer["errors"] == [{"user": "U0NOBODY1", "ok": False, "error": "user_not_found"}]
    assert sandbox.slack.channels["C0000000001"].members == (BOT,)


def test_slack_allows_a_hundred_bookmarks() -> None:
    sandbox = workspace()
    bookmark = {"channel_id": "C0000000001", "title": "t", "type": "link", "link": "https://x"}
    answers = [call(sandbox, "bookmarks.add", **bookmark) for _ in range(101)]
    assert [answer["ok"] for answer in answers] == [True] * 100 + [False]
    assert answers[-1]["error"] == "too_many_bookmarks"


def test_slack_lists_public_channels_page_by_page_and_archived_ones_on_demand() -> None:
    sandbox = workspace()
    assert [one["name"] for one in call(sandbox, "conversations.list")["channels"]] == ["ours", "old", "theirs"]
    first = call(sandbox, "conversations.list", exclude_archived="true", limit="2")
    assert [one["name"] for one in first["channels"]] == ["ours"]
    cursor = first["response_metadata"]["next_cursor"]
    second = call(sandbox, "conversations.list", exclude_archived="true", limit="2", cursor=cursor)
    assert [one["name"] for one in second["channels"]] == ["theirs"]
    assert second["response_metadata"]["next_cursor"] == ""


@pytest.mark.parametrize(
    ("verb", "headers", "body", "error"),
    [
        ("POST", {"content-type": FORM}, b"", "not_authed"),
        ("POST", {"authorization": "Basic xoxb-1", "content-type": FORM}, b"", "invalid_auth"),
        ("POST", {"authorization": "Bearer 1", "content-type": FORM}, b"", "invalid_auth"),
        ("POST", {"authorization": "Bearer xoxb-1"}, b"name=x", "missing_post_type"),
        ("POST", {"authorization": "Bearer xoxb-1", "content-type": "text/xml"}, b"name=x", "invalid_post_type"),
        (
            "POST",
            {"authorization": "Bearer xoxb-1", "content-type": "application/x-www-form-urlencoded; charset=utf-16"},
            b"name=x",
            "invalid_charset",
        ),
        ("POST", {"authorization": "Bearer xoxb-1", "content-type": FORM}, b"name=%ff", "invalid_form_data"),
        ("POST", {"authorization": "Bearer xoxb-1", "content-type": FORM}, b"name=\xff", "invalid_form_data"),
        ("POST", {"authorization": "Bearer xoxb-1", "content-type": FORM}, b"name", "invalid_form_data"),
        ("GET", {"authorization": "Bearer xoxb-1"}, b"", "invalid_post_type"),
    ],
)
def test_slack_refuses_a_call_that_is_badly_put(verb: str, headers: dict[str, str], body: bytes, error: str) -> None:
    answer = Sandbox().answer(RecordedRequest(NOW, verb, "/api/conversations.create", "", headers, body))
    assert (answer.status, json.loads(answer.body)["error"]) == (200, error)
