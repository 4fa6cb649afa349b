"""Does the sandbox's other side of PagerDuty behave as documented? Its webhooks, their signatures, and its REST API."""

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.fakes.contract import shared
from tests.system.waiting import until
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.pagerduty_desk import JsonObject, SandboxUser
from tocsin.simulate.sandbox.pagerduty_post import SandboxPost
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RIGHT = {"accept": "application/vnd.pagerduty+json;version=2", "authorization": "Token token=a-token"}
WRITING = {**RIGHT, "content-type": "application/json", "from": "bob@example.com"}
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(clock=lambda: NOW)
    sandbox.pagerduty.desk.employ(SandboxUser("PBOB", "Bob B.", "Bob@Example.com"))
    return sandbox


def event(sandbox: Sandbox, action: str, key: str = "k") -> Response:
    body: dict[str, object] = {"routing_key": KEY, "event_action": action, "dedup_key": key}
    if action == "trigger":
        body["payload"] = {"summary": "Checkout is down", "source": "website", "severity": "critical"}
        body["client"] = "Tocsin"
    headers = {"content-type": "application/json"}
    return sandbox.answer(RecordedRequest(NOW, "POST", "/v2/enqueue", "", headers, json.dumps(body).encode()))


def ask(
    sandbox: Sandbox, method: str, path: str, query: str = "", *, body: object = None, headers: dict[str, str] = RIGHT
) -> tuple[int, dict[str, Any]]:
    content = b"" if body is None else json.dumps(body).encode()
    answer = sandbox.answer(RecordedRequest(NOW, method, path, query, headers, content))
    return answer.status, json.loads(answer.body)


# Incidents and webhooks


def test_events_make_one_incident_for_each_time_that_an_alert_opens(sandbox: Sandbox) -> None:
    told: list[JsonObject] = []
    sandbox.pagerduty.desk.tell = told.append
    for action in ("trigger", "trigger", "acknowledge", "acknowledge", "resolve", "resolve", "trigger"):
        event(sandbox, action)
    kinds = [it["event"]["event_type"] for it in told]  # type: ignore[index]
    assert kinds == ["incident.triggered", "incident.acknowledged", "incident.resolved", "incident.triggered"]
    assert [it.status for it in sandbox.pagerduty.desk.incidents.values()] == ["resolved", "triggered"]


def test_alert_shows_what_an_event_has_made_of_it_once_its_incident_does(sandbox: Sandbox) -> None:
    pagerduty = sandbox.pagerduty
    shown: list[PagerDutyStatus | None] = []

    def tell(_: JsonObject) -> None:
        shown.append(pagerduty.alerts["k"].status if "k" in pagerduty.alerts else None)

    pagerduty.desk.tell = tell
    for action in ("trigger", "acknowledge", "resolve"):
        event(sandbox, action)
    assert shown == [None, PagerDutyStatus.TRIGGERED, PagerDutyStatus.ACKNOWLEDGED]
    assert pagerduty.alerts["k"].status is PagerDutyStatus.RESOLVED


def test_webhook_has_every_field_of_the_published_example(sandbox: Sandbox) -> None:
    example = json.loads(shared("data/alerts/pagerduty-webhooks/v3-incident.priority_updated.json").read_text())
    told: list[JsonObject] = []
    event(sandbox, "trigger")
    sandbox.pagerduty.desk.tell = told.append
    sandbox.pagerduty.desk.prioritise("k", "PBOB", "P1")
    (webhook,) = told
    ours, theirs = webhook["event"], example["event"]
    assert isinstance(ours, dict)
    assert theirs.keys() == ours.keys()
    assert theirs["data"].keys() - {"reopened_at"} <= ours["data"].keys()
    assert theirs["agent"].keys() == ours["agent"].keys()


def test_note_is_told_as_the_published_example_tells_one(sandbox: Sandbox) -> None:
    example = json.loads(shared("data/alerts/pagerduty-webhooks/v3-data-incident_note.json").read_text())
    told: list[JsonObject] = []
    event(sandbox, "trigger")
    sandbox.pagerduty.desk.tell = told.append
    sandbox.pagerduty.desk.annotate("k", "PBOB", "looking")
    data = told[0]["event"]["data"]  # type: ignore[index]
    assert data.keys() == example.keys()
    assert data["incident"].keys() == example["incident"].keys()


def test_signatures_are_those_of_the_published_vector() -> None:
    vector = json.loads(shared("contracts/signature-vectors.json").read_text())["pagerduty_v3"]
    post = SandboxPost("http://127.0.0.1:1", vector["secret"], "another")
    assert post.signature(vector["body"].encode()).split(",")[0] == vector["valid"]
    assert post.signature(b"").count("v1=") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        pytest.param([202], (202,), id="taken"),
        pytest.param([500, 429, 202], (500, 429, 202), id="again after a fault and a limit"),
        pytest.param([404, 202], (404,), id="dropped after a refusal"),
    ],
)
def test_webhook_is_tried_again_as_documented(answers: list[int], statuses: tuple[int, ...]) -> None:
    left = list(answers)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(left.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    with SandboxPost(f"http://127.0.0.1:{server.server_port}/", "s") as post:
        post.tell({"event": {}})
        until(lambda: post.delivered, "it was delivered, or dropped")
    server.shutdown()
    server.server_close()
    assert [it.statuses for it in post.delivered] == [statuses]


# REST


def test_incident_is_found_by_the_key_of_its_alert(sandbox: Sandbox) -> None:
    event(sandbox, "trigger", "k1")
    event(sandbox, "trigger", "k2")
    sandbox.pagerduty.desk.acknowledge("k1", "PBOB")
    status, found = ask(sandbox, "GET", "/incidents", "incident_key=k1&date_range=all&limit=100")
    (incident,) = found["incidents"]
    assert (status, incident["status"], found["more"]) == (200, "acknowledged", False)
    assert incident["acknowledgements"][0]["acknowledger"]["id"] == "PBOB"


def test_lists_come_in_parts(sandbox: Sandbox) -> None:
    sandbox.pagerduty.desk.employ(*(SandboxUser(f"P{it}", "x", f"{it}@example.com") for it in range(120)))
    first = ask(sandbox, "GET", "/users", "limit=100&offset=0")[1]
    second = ask(sandbox, "GET", "/users", "limit=100&offset=100")[1]
    assert (len(first["users"]), first["more"], len(second["users"]), second["more"]) == (100, True, 21, False)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({**RIGHT, "authorization": "Bearer a-token"}, 401, 2006, id="a bearer token"),
        pytest.param({"accept": RIGHT["accept"]}, 401, 2006, id="no token"),
        pytest.param({**RIGHT, "accept": "application/json"}, 400, 2001, id="no version"),
    ],
)
def test_request_that_is_not_as_documented(sandbox: Sandbox, headers: dict[str, str], status: int, code: int) -> None:
    answered, told = ask(sandbox, "GET", "/incidents", headers=headers)
    assert (answered, told["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/incidents", "limit=101", 400),
        ("/incidents", "key=k", 400),
        ("/incidents/Q9", "", 404),
        ("/incidents/Q9/notes", "", 404),
    ],
)
def test_what_there_is_not(sandbox: Sandbox, path: str, query: str, status: int) -> None:
    assert ask(sandbox, "GET", path, query)[0] == status


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        pytest.param({**WRITING, "from": "nobody@example.com"}, {"note": {"content": "x"}}, 1008, id="a stranger"),
        pytest.param(RIGHT, {"note": {"content": "x"}}, 2001, id="no content type"),
        pytest.param(WRITING, {"note": {"content": ""}}, 2001, id="an empty note"),
        pytest.param(WRITING, {"content": "x"}, 2001, id="a note that is not wrapped"),
    ],
)
def test_note_that_is_refused(sandbox: Sandbox, headers: dict[str, str], body: object, code: int) -> None:
    event(sandbox, "trigger")
    path = f"/incidents/{sandbox.pagerduty.desk.of_key('k').id}/notes"
    assert ask(sandbox, "POST", path, body=body, headers=headers)[1]["error"]["code"] == code


def test_user_acknowledges_and_resolves_through_the_api_as_in_the_app(sandbox: Sandbox) -> None:
    event(sandbox, "trigger")
    incident = sandbox.pagerduty.desk.of_key("k")
    told: list[JsonObject] = []
    sandbox.pagerduty.desk.tell = told.append
    for status in ("acknowledged", "resolved"):
        body = {"incident": {"type": "incident_reference", "status": status}}
        assert ask(sandbox, "PUT", f"/incidents/{incident.id}", body=body, headers=WRITING)[0] == 200
    kinds = [(it["event"]["event_type"], it["event"]["agent"]["id"]) for it in told]  # type: ignore[index]
    assert kinds == [("incident.acknowledged", "PBOB"), ("incident.resolved", "PBOB")]
    again = ask(sandbox, "PUT", f"/incidents/{incident.id}", body=body, headers=WRITING)[1]
    assert again["error"]["code"] == 1001


def test_user_does_through_the_api_what_else_there_is_in_the_app(sandbox: Sandbox) -> None:
    event(sandbox, "trigger")
    pagerduty = sandbox.pagerduty
    pagerduty.rest.on_call = [{"escalation_level": 2, "user": {"id": "PBOB"}}]
    incident = pagerduty.desk.of_key("k")
    told: list[JsonObject] = []
    pagerduty.desk.tell = told.append
    (first, *_) = ask(sandbox, "GET", "/priorities")[1]["priorities"]
    fields: list[JsonObject] = [
        {"priority": {"type": "priority_reference", "id": first["id"]}},
        {"assignments": [{"assignee": {"type": "user_reference", "id": "PBOB"}}]},
        {"escalation_level": 2},
    ]
    for field in fields:
        body = {"incident": {"type": "incident_reference", **field}}
        assert ask(sandbox, "PUT", f"/incidents/{incident.id}", body=body, headers=WRITING)[0] == 200
    path = f"/incidents/{incident.id}/status_updates"
    assert ask(sandbox, "POST", path, body={"message": "better"}, headers=WRITING)[0] == 200
    assert [it["event"]["event_type"] for it in told] == [  # type: ignore[index]
        "incident.priority_updated",
        "incident.reassigned",
        "incident.escalated",
        "incident.status_update_published",
    ]
    assert (incident.priority, incident.assignees) == (first["name"], ["PBOB"])


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": "x", "audience": "all"}])
def test_status_update_that_is_refused(sandbox: Sandbox, body: object) -> None:
    event(sandbox, "trigger")
    path = f"/incidents/{sandbox.pagerduty.desk.of_key('k').id}/status_updates"
    assert ask(sandbox, "POST", path, body=body, headers=WRITING)[0] == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"incident": {"type": "service", "status": "resolved"}}, 2001),
        ({"incident": {"type": "incident"}}, 1003),
        ({"incident": {"type": "incident", "priority": {"type": "priority_reference", "id": "P1"}}}, 2001),
        ({"incident": {"type": "incident", "escalation_level": 2}}, 2001),
    ],
)
def test_change_of_an_incident_that_is_refused(sandbox: Sandbox, body: object, code: int) -> None:
    event(sandbox, "trigger")
    path = f"/incidents/{sandbox.pagerduty.desk.of_key('k').id}"
    assert ask(sandbox, "PUT", path, body=body, headers=WRITING)[1]["error"]["code"] == code


def test_request_for_a_responder_needs_all_that_is_required(sandbox: Sandbox) -> None:
    event(sandbox, "trigger")
    path = f"/incidents/{sandbox.pagerduty.desk.of_key('k').id}/responder_requests"
    target = {"responder_request_target": {"id": "PBOB", "type": "user_reference"}}
    whole = {"requester_id": "PBOB", "message": "help", "responder_request_targets": [target]}
    for left_out in whole:
        body = {name: value for name, value in whole.items() if name != left_out}
        assert ask(sandbox, "POST", path, body=body, headers=WRITING)[0] == 400
    assert ask(sandbox, "POST", path, body=whole, headers=WRITING)[0] == 200
    assert sandbox.pagerduty.desk.of_key("k").responders == ["PBOB"]
