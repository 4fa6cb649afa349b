import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import contract
from tests.fakes.effects import (
    CARD,
    FIRST,
    INCIDENT,
    REPEAT,
    SECRET_KEY,
    SECRET_TOKEN,
    acknowledgement,
    channel_effects,
    page,
    resolution,
)
from tests.fakes.sending import NOW, send_to_pagerduty, send_to_slack
from tests.integrations.pace import unhurried
from tests.searching import examples
from tocsin.domain import effects as f
from tocsin.integrations.slack.outbound import SlackEffect
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.simulate.sandbox.slack_call import METHODS
from tocsin.sop.words import Severity, Urgency

ASKED_BY_DOCTOR = {"auth.test", "conversations.info"}
# What people's deeds ask for is compared in `tests/api/slack_world.py`.
ASKED_FOR_PEOPLE = {
    "apps.connections.open",
    "chat.getPermalink",
    "conversations.replies",
    "views.open",
    "views.update",
}
EXPECTED_REFUSALS = (b'"name_taken"', b'"already_', b'"not_in_channel"')  # the last: no bot may unarchive


def play_everything(sandbox: Sandbox) -> None:
    """Each effect once, on each provider that carries it."""
    for severity in (*Severity, None):
        send_to_pagerduty(page(severity=severity, key=f"{INCIDENT}-{severity}"), sandbox)
    send_to_pagerduty(page(urgency=Urgency.NOTIFY), sandbox)
    send_to_pagerduty(acknowledgement(), sandbox)
    send_to_pagerduty(resolution(), sandbox)
    opened = f.OpenChannel(incident=INCIDENT, name="inc-2026-0042-checkout-is-down")
    send_to_slack(opened, sandbox)
    send_to_slack(opened, sandbox)  # the name is taken: it is looked up
    sandbox.slack.add("inc-2026-0043", members=())
    send_to_slack(f.OpenChannel(incident="INC-2026-0043", name="inc-2026-0043"), sandbox)  # somebody's: it is joined
    channel = sandbox.slack.named(opened.name)
    send_to_slack(f.PostSummary(incident=INCIDENT, channel=channel.id, text="Status: triggered", card=CARD), sandbox)
    message = sandbox.slack.named(opened.name).messages[0].ts
    told = f.TellStakeholders(incident=INCIDENT, channel=channel.id, text="SEV1")
    archived = f.ArchiveChannel(incident=INCIDENT, channel=channel.id)
    for attempt in (FIRST, REPEAT, msgspec.structs.replace(REPEAT, key="another")):
        in_channel: tuple[SlackEffect, ...] = (*channel_effects(channel.id, message), told)
        for effect in (*in_channel, page("slack"), page("slack", person="bob")):
            send_to_slack(effect, sandbox, attempt)
    send_to_slack(f.OpenPrivateChannel(incident=INCIDENT, name="inc-2026-0044"), sandbox)
    send_to_slack(archived, sandbox)
    send_to_slack(archived, sandbox)
    send_to_slack(f.UnarchiveChannel(incident=INCIDENT, channel=channel.id), sandbox)


def test_every_request_passes_the_vendors_schema_and_so_does_every_answer() -> None:
    sandbox = Sandbox()
    play_everything(sandbox)
    paths = {exchange.request.path.removeprefix("/api/") for exchange in sandbox.exchanges}
    assert paths == {"/v2/enqueue", *METHODS} - ASKED_BY_DOCTOR - ASKED_FOR_PEOPLE
    for exchange in sandbox.exchanges:
        assert contract.faults_of(exchange.request) == []
        is_taken = any(refusal in exchange.response.body for refusal in EXPECTED_REFUSALS)
        assert is_taken or contract.answer_faults_of(exchange.request, exchange.response) == []
        assert is_taken or exchange.response.status == 202 or b'"ok": true' in exchange.response.body


def test_the_comparison_with_the_schemas_has_teeth() -> None:
    event = json.loads(json.dumps(EVENT))
    event["payload"]["severity"] = "dire"
    assert contract.faults_of(_event_request(event)) == [
        "$.payload.severity: 'dire' is not one of ['critical', 'warning', 'error', 'info']"
    ]
    call = _call_request("chat.postMessage", {"text": "hi", "unfurl_links": "maybe", "colour": "red"})
    assert contract.faults_of(call) == [
        "channel: required",
        "unfurl_links: not a boolean",
        "colour: not an argument of chat.postMessage",
    ]
    create = _call_request("conversations.create", {"name": "inc-1"})
    unshaped = Response(200, b'{"ok": true, "channel": {"id": "C0000000001"}}')
    assert contract.answer_faults_of(create, unshaped) != []


def test_methods_that_the_published_snapshot_does_not_know_are_named() -> None:
    paths = json.loads(contract.shared("contracts/slack-web-openapi2-subset.json").read_text())["paths"]
    assert {method for method in METHODS if f"/{method}" not in paths} == contract.NOT_IN_SNAPSHOT


def test_the_vendors_own_examples_pass_the_sandbox() -> None:
    for name in ("trigger", "acknowledge", "resolve"):
        event = json.loads(contract.shared(f"data/alerts/pagerduty-events-v2/docs-{name}.json").read_text())
        event["routing_key"] = SECRET_KEY  # the page writes "routingkeyhere"; the API wants 32 characters
        assert _answer(event) == 202


# -- what the sandbox takes, the schema takes --------------------------------------------------------------------------

EVENT: dict[str, Any] = {
    "routing_key": SECRET_KEY,
    "event_action": "trigger",
    "dedup_key": "srv01/mysql",
    "client": "Tocsin",
    "client_url": "https://tocsin.example.org/incidents/1",
    "links": [{"href": "https://tocsin.example.org/incidents/1", "text": "open"}],
    "images": [{"src": "https://tocsin.example.org/logo.png", "href": "https://tocsin.example.org", "alt": "logo"}],
    "payload": {
        "summary": "DISK at 99%",
        "timestamp": "2015-07-17T08:42:58.315+0000",
        "severity": "critical",
        "source": "prod-datapipe03.example.com",
        "component": "mysql",
        "group": "prod-datapipe",
        "class": "disk",
        "custom_details": {"free space": "1%"},
    },
}
CALLS: dict[str, dict[str, str]] = {
    "chat.postMessage": {"channel": "C0000000001", "text": "hi", "blocks": "[]", "unfurl_links": "false"},
    "conversations.create": {"name": "inc-1", "is_private": "false"},
    "conversations.invite": {"channel": "C0000000001", "users": "U0ALICE01"},
    "conversations.list": {"limit": "20", "cursor": "after:0", "exclude_archived": "true"},
    "conversations.setTopic": {"channel": "C0000000001", "topic": "SEV1"},
    "pins.add": {"channel": "C0000000001", "timestamp": "1767607200.000002"},
}
oddities = st.sampled_from([None, 5, "", "x", "true", [], ["x"], {}, {"href": 5}, [{"href": "https://a.example"}]])


def _answer(event: object) -> int:
    return Sandbox().answer(_event_request(event)).status


def _event_request(event: object) -> RecordedRequest:
    body = json.dumps(event).encode()
    return RecordedRequest(NOW, "POST", "/v2/enqueue", "", {"content-type": "application/json"}, body)


@given(data=st.data())
@settings(unhurried, max_examples=examples(200))
def test_an_event_that_the_sandbox_takes_is_one_that_the_schema_takes(data: st.DataObject) -> None:
    event = json.loads(json.dumps(EVENT))
    for _ in range(data.draw(st.integers(0, 2))):
        holder = event if data.draw(st.booleans()) or not isinstance(event["payload"], dict) else event["payload"]
        name = data.draw(st.sampled_from([*holder, "surprise"]))
        holder[name] = copy.deepcopy(data.draw(oddities))  # what was drawn is not to be changed
        if data.draw(st.booleans()) and name not in ("payload",):
            del holder[name]
    if _answer(event) == 202:
        assert contract.faults_of(_event_request(event)) == []


@given(data=st.data())
@settings(unhurried, max_examples=examples(200))
def test_a_call_that_the_sandbox_takes_is_one_that_the_schema_takes(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(sorted(CALLS)))
    arguments = dict(CALLS[method])
    name = data.draw(st.sampled_from([*arguments, "surprise"]))
    arguments[name] = data.draw(st.sampled_from(["", "0", "x", "true", "C0000000001", "U0ALICE01", '[{"type":"x"}]']))
    if data.draw(st.booleans()):
        del arguments[name]
    sandbox = Sandbox()
    sandbox.slack.add("general")
    request = _call_request(method, arguments)
    if json.loads(sandbox.answer(request).body)["ok"]:
        assert contract.faults_of(request) == []


def _call_request(method: str, arguments: dict[str, str]) -> RecordedRequest:
    form = "&".join(f"{name}={value}" for name, value in arguments.items())
    headers = {"authorization": f"Bearer {SECRET_TOKEN}", "content-type": "application/x-www-form-urlencoded"}
    if METHODS[method].is_read:
        return RecordedRequest(NOW, "GET", f"/api/{method}", form, headers, b"")
    return RecordedRequest(NOW, "POST", f"/api/{method}", "", headers, form.encode())


@pytest.mark.parametrize("method", sorted(CALLS))
def test_the_calls_tried_above_are_taken_as_they_stand(method: str) -> None:
    sandbox = Sandbox()
    channel = sandbox.slack.add("general")
    sandbox.answer(_call_request("chat.postMessage", {"channel": channel.id, "text": "hi"}))
    arguments = {**CALLS[method], "blocks": '[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]'}
    taken = arguments if "blocks" in CALLS[method] else CALLS[method]
    assert json.loads(sandbox.answer(_call_request(method, taken)).body)["ok"]
