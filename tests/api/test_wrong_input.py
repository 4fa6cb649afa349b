"""What does a caller hear who sends something wrong? Where, what, and what would be right; and nothing has changed."""

import json
import re
from typing import Any

import httpx2
import pytest

from tests.api.harness import Api, operation_of, path_of
from tocsin.api.operations import Operation
from tocsin.api.v1 import OPERATIONS
from tocsin.sop.render.postmortem import Section

WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
ABOUT_ONE = [operation for operation in OPERATIONS if "{id}" in operation.path]
_INTERNALS = re.compile(r"Traceback|File \"|sqlite|SELECT |apsw|msgspec|Error\b|recursion|codec|/work/|/tmp/", re.ASCII)


def is_told(response: httpx2.Response, status: int, code: str) -> str:
    """The detail of a problem, which must be one, and tell nothing of what is inside."""
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:tocsin:problem:{code}"
    assert problem["title"]
    assert not _INTERNALS.search(problem["detail"]), problem["detail"]
    return str(problem["detail"])


def send(api: Api, operation: Operation, incident: str, content: bytes) -> httpx2.Response:
    return api.ask(operation.method, path_of(operation, incident), content=content)


# -- bodies that no operation takes ------------------------------------------------------------------------------------

_UNREADABLE = {
    "no JSON": b"title: Checkout is down",
    "half of it": b'{"title": "Checkout',
    "two values": b"{} {}",
    "not a number": b'{"title": NaN}',
    "infinity": b'{"title": -Infinity}',
    "a comment": b'{} // {"title": "x"}',
    "invalid UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "UTF-8 of a surrogate": b'{"title": "\xed\xa0\x80"}',
    "a lone high surrogate": rb'{"title": "\ud83d"}',
    "a lone high surrogate, then text": rb'{"title": "\ud83d down"}',
    "a lone low surrogate": rb'{"title": "\udd25"}',
    "a control character as it is": b'{"title": "a\x00b"}',
    "a hundred thousand lists": b"[" * 100_000,
    "a hundred thousand objects": b'{"title":' * 100_000,
    "deep, where a field is unknown": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number of a hundred thousand digits": b'{"title": ' + b"9" * 100_000 + b"}",
    "a list": b"[]",
    "text": b'"declare"',
    "null": b"null",
    "a number": b"42",
}


@pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in WITH_BODY])
@pytest.mark.parametrize("content", [pytest.param(it, id=name) for name, it in _UNREADABLE.items()])
def test_a_body_that_cannot_be_read_is_refused(calm: Api, incident: str, operation: Operation, content: bytes) -> None:
    before = calm.traces
    detail = is_told(send(calm, operation, incident, content), 422, "invalid_input")
    assert re.match(r"(body|title|x): ", detail), detail
    assert calm.traces == before


@pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in WITH_BODY])
@pytest.mark.parametrize(
    "name", ["status", "id", "seq", "opened_at", "acknowledged_by", "sop_version", "role_", "__class__"]
)
def test_a_field_that_is_not_the_callers_to_set_is_refused(
    calm: Api, incident: str, operation: Operation, name: str
) -> None:
    before = calm.traces
    body = {**RIGHT[operation.name], name: "closed"}
    detail = is_told(send(calm, operation, incident, json.dumps(body).encode()), 422, "invalid_input")
    assert detail == f"body: object contains unknown field '{name}'"
    assert calm.traces == before


@pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in WITH_BODY])
def test_a_body_of_more_than_a_mebibyte_is_refused(calm: Api, incident: str, operation: Operation) -> None:
    before = calm.traces
    for content in (b" " * 1_048_577, json.dumps({"title": "x" * 1_048_576}).encode()):
        detail = is_told(send(calm, operation, incident, content), 413, "too_large")
        assert detail == "body: must be at most 1048576 bytes"
    assert calm.traces == before


@pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in WITH_BODY if it.name != "classify"])
@pytest.mark.parametrize(
    "by",
    [
        pytest.param("nobody", id="a person whom the SOP doesn't know"),
        pytest.param("", id="an empty name"),
        pytest.param("Alice", id="a name in another case"),
        pytest.param("alice\x00", id="a name with a control character"),
        pytest.param("admin", id="the token's name"),
    ],
)
def test_only_a_person_of_the_sop_acts(calm: Api, incident: str, operation: Operation, by: str) -> None:
    before = calm.traces
    body = json.dumps({**RIGHT[operation.name], "by": by}).encode()
    detail = is_told(send(calm, operation, incident, body), 422, "invalid_input")
    known = "alice, bob, carla, chris, dana, deniz, emma, erin, farid, victor"
    assert detail == f"by: {by!r} is not one of {known}"
    assert calm.traces == before


@pytest.mark.parametrize("operation", [pytest.param(it, id=it.name) for it in ABOUT_ONE])
@pytest.mark.parametrize(
    "unknown", ["INC-2026-9999", "inc-2026-0001", "%00", "..%2f", "'; DROP TABLE incidents; --", "🔥", "x" * 2_000]
)
def test_an_incident_that_there_is_not(calm: Api, operation: Operation, unknown: str) -> None:
    before = calm.traces
    body = json.dumps(RIGHT[operation.name]).encode() if operation.body else None
    response = calm.ask(operation.method, path_of(operation, unknown), content=body)
    assert response.status_code == 404
    assert response.json()["code"] in ("not_found", "no_such_path")
    assert calm.traces == before


RIGHT: dict[str, dict[str, Any]] = {
    "add_account": {"email": "alice@example.com"},
    "set_account_role": {"role": "viewer"},
    "disable_account": {},
    "enable_account": {},
    "make_reset_link": {},
    "remove_passkeys": {},
    "add_token": {"name": "chat", "scopes": ["read"]},
    "revoke_token": {},
    "declare": {"title": "Checkout is down"},
    "acknowledge": {},
    "assess": {"severity": "SEV2", "reason": "some users"},
    "assign_role": {"role": "incident_commander", "person": "bob"},
    "add_team": {"team": "backend"},
    "add_note": {"text": "a note"},
    "post_update": {"text": "an update"},
    "page": {"target": "cto", "reason": "a decision"},
    "mitigate": {},
    "resolve": {},
    "reopen": {"reason": "it came back"},
    "release": {},
    "cancel": {"reason": "a test"},
    "save_postmortem": {"sections": {"summary": "x"}},
    "save_postmortem_draft": {"version": 0, "sections": {"summary": "x"}},
    "save_postmortem_document": {"document": "\n\n".join(f"## {section.title}" for section in Section)},
    "request_postmortem": {},
    "complete_postmortem": {},
    "classify": {"answers": {"scope": "all"}},
    "make_override": {"team": "platform", "person": "bob", "lasts": "1h"},
    "cancel_override": {},
    "send_test_page": {},
    "make_silence": {"matchers": ['alertname="Backup"'], "comment": "moving disks", "lasts": "1h"},
    "expire_silence": {},
    "retry_quarantined": {},
    "drop_quarantined": {},
}


def test_the_table_of_right_bodies_is_complete() -> None:
    assert set(RIGHT) == {operation.name for operation in WITH_BODY}
    assert all(operation_of(name).body for name in RIGHT)


# -- fields of the wrong kind, and what is said of each ----------------------------------------------------------------

_ITEM = {"text": "Stage it", "owner": "bob", "priority": "P0"}


@pytest.mark.parametrize(
    ("name", "body", "detail"),
    [
        pytest.param("declare", {}, "body: object missing required field 'title'", id="no title"),
        pytest.param("declare", {"title": 5}, "title: expected text, got a number", id="a number for a title"),
        pytest.param("declare", {"title": None}, "title: expected text, got 'null'", id="null for a title"),
        pytest.param("declare", {"title": ["x"]}, "title: expected text, got a list", id="a list for a title"),
        pytest.param(
            "declare",
            {"title": "x", "severity": "SEV5"},
            "severity: must be one of SEV1, SEV2, SEV3, SEV4, got 'SEV5'",
            id="a fifth severity",
        ),
        pytest.param(
            "declare",
            {"title": "x", "trigger": "boredom"},
            "trigger: must be one of service_degraded, data_integrity, security_breach, sla_at_risk, got 'boredom'",
            id="a fifth trigger",
        ),
        pytest.param(
            "declare", {"title": "x", "teams": "backend"}, "teams: expected a list, got text", id="text for a list"
        ),
        pytest.param(
            "declare", {"title": "x", "teams": ["backend", 5]}, "teams[1]: expected text, got a number", id="its second"
        ),
        pytest.param(
            "declare",
            {"title": "x", "answers": {"scope": "some"}},
            "answers.scope: must be one of all, many, few, none, got 'some'",
            id="an answer that isn't offered",
        ),
        pytest.param(
            "declare",
            {"title": "x", "severity": "SEV1", "answers": {"scope": "all"}},
            "severity: give a severity with a reason, or answers, not both",
            id="a severity and answers",
        ),
        pytest.param(
            "assign_role", {"person": "bob"}, "body: object missing required field 'role'", id="a role that is missing"
        ),
        pytest.param(
            "assign_role",
            {"role": "scribe", "person": "bob"},
            "role: must be one of incident_commander, communications_lead, technical_lead, got 'scribe'",
            id="a role that the SOP doesn't know",
        ),
        pytest.param(
            "post_update",
            {"text": "x", "next_within": "soon"},
            "next_within: must be a duration such as 15m, 1h30m, 48h or 2w, got 'soon'",
            id="a duration in words",
        ),
        pytest.param(
            "post_update",
            {"text": "x", "next_within": 600},
            "next_within: must be a duration such as 15m, 1h30m, 48h or 2w, got '600'",
            id="a duration in seconds",
        ),
        pytest.param(
            "post_update",
            {"text": "x", "audience": "everybody"},
            "audience: must be one of internal, external, got 'everybody'",
            id="an audience that there isn't",
        ),
        pytest.param("mitigate", {"note": False}, "note: expected text, got true or false", id="a truth for a note"),
        pytest.param(
            "save_postmortem",
            {"sections": {"summary": 5}},
            "sections[...]: expected text, got a number",
            id="a number for a section",
        ),
        pytest.param(
            "save_postmortem",
            {"sections": {}, "action_items": [_ITEM, {**_ITEM, "priority": "P9"}]},
            "action_items[1].priority: must be one of P0, P1, P2, got 'P9'",
            id="a priority of the second action item",
        ),
    ],
)
def test_what_is_of_the_wrong_kind_is_named_with_its_place(
    calm: Api, incident: str, name: str, body: dict[str, Any], detail: str
) -> None:
    before = calm.traces
    response = send(calm, operation_of(name), incident, json.dumps(body).encode())
    assert is_told(response, 422, "invalid_input") == detail
    assert calm.traces == before


# -- what the rules of the domain don't take ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "code", "detail"),
    [
        pytest.param(
            "assess",
            {},
            "severity_missing",
            "severity: must be SEV1, SEV2, SEV3 or SEV4, or give answers to classify it",
            id="an assessment of nothing",
        ),
        pytest.param(
            "declare", {"title": ""}, "invalid_declaration", "title: must say something, got nothing", id="no title"
        ),
        pytest.param(
            "declare",
            {"title": " \t\r\n\u200b\u202e\x00"},
            "invalid_declaration",
            "title: must say something, got nothing",
            id="a title of nothing that shows",
        ),
        pytest.param(
            "declare",
            {"title": "x" * 201},
            "invalid_declaration",
            "title: must be at most 200 characters, got 201",
            id="a title that is too long",
        ),
        pytest.param(
            "declare",
            {"title": "x", "service": "checkout"},
            "invalid_declaration",
            "service: 'checkout' is not one of api, app, database, website",
            id="a service that there isn't",
        ),
        pytest.param(
            "declare",
            {"title": "x", "teams": ["backend", "payments"]},
            "invalid_declaration",
            "team: 'payments' is not one of backend, frontend, platform",
            id="a team that there isn't",
        ),
        pytest.param(
            "assess",
            {"severity": "SEV2"},
            "reason_missing",
            "reason: must say something, got nothing",
            id="a severity without a reason",
        ),
        pytest.param(
            "assign_role",
            {"role": "incident_commander", "person": "zoe"},
            "unknown_person",
            "person: 'zoe' is not one of alice, bob, carla, chris, dana, deniz, emma, erin, farid, victor",
            id="a role for a stranger",
        ),
        pytest.param(
            "add_team",
            {"team": "payments"},
            "unknown_team",
            "team: 'payments' is not one of backend, frontend, platform",
            id="another team that there isn't",
        ),
        pytest.param(
            "add_note", {"text": "\x07"}, "invalid_note", "note: must say something, got nothing", id="a note of a bell"
        ),
        pytest.param(
            "add_note",
            {"text": "x" * 8_001},
            "invalid_note",
            "note: must be at most 8000 characters, got 8001",
            id="a note that is too long",
        ),
        pytest.param(
            "post_update", {"text": ""}, "invalid_update", "update: must say something, got nothing", id="no update"
        ),
        pytest.param(
            "post_update",
            {"text": "x", "next_within": "16h"},
            "next_update_too_late",
            "next update: SEV1 asks for one every 15h, got 16h",
            id="a promise later than the SOP's",
        ),
        pytest.param(
            "page",
            {"target": "ceo", "reason": "x"},
            "nobody_to_page",
            "target: 'ceo' is nobody: give a person or a target of the SOP",
            id="a page to nobody",
        ),
        pytest.param(
            "page",
            {"target": "cto", "reason": ""},
            "reason_missing",
            "reason: must say something, got nothing",
            id="why",
        ),
        pytest.param(
            "cancel", {"reason": "\n"}, "reason_missing", "reason: must say something, got nothing", id="cancelled, why"
        ),
        pytest.param(
            "save_postmortem",
            {"sections": {"blame": "bob"}},
            "unknown_section",
            "section: 'blame' is not one of follow_up, impact, lessons, root_cause, summary, went_poorly, went_well",
            id="a section that there isn't",
        ),
        pytest.param(
            "save_postmortem",
            {"sections": {}, "action_items": [{**_ITEM, "owner": " "}]},
            "invalid_action_item",
            "action item 1: needs a text, an owner and a status",
            id="an action item that nobody owns",
        ),
        pytest.param(
            "save_postmortem",
            {"sections": {"summary": "x" * 50_001}},
            "postmortem_too_long",
            "section summary: more than 50000 characters; shorten it, or link to a document",
            id="a section that is too long",
        ),
    ],
)
def test_what_breaks_a_rule_is_not_acceptable_and_said_why(
    calm: Api, incident: str, name: str, body: dict[str, Any], code: str, detail: str
) -> None:
    before = calm.traces
    response = send(calm, operation_of(name), incident, json.dumps(body).encode())
    assert is_told(response, 422, code) == detail
    assert calm.traces == before


# -- query parameters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("incidents?state=closed", "state: must be open, ended, all or held, got 'closed'"),
        ("incidents?state=", "state: must be open, ended, all or held, got ''"),
        ("incidents?limit=501", "limit: must be a whole number from 0 to 500, got '501'"),
        ("incidents?limit=-1", "limit: must be a whole number from 0 to 500, got '-1'"),
        ("incidents?limit=1e2", "limit: must be a whole number from 0 to 500, got '1e2'"),
        ("incidents?limit=٣", "limit: must be a whole number from 0 to 500, got '٣'"),
        ("incidents?limit=1;DROP TABLE", "limit: must be a whole number from 0 to 500, got '1;DROP TABLE'"),
        ("incidents?offset=99999999999999", "offset: must be a whole number from 0 to 10000000, got '99999999999999'"),
        ("alerts?limit=5001", "limit: must be a whole number from 0 to 5000, got '5001'"),
        ("inbox?limit=x", "limit: must be a whole number from 0 to 1000, got 'x'"),
        ("oncall?at=tomorrow", "at: must be a time such as 2026-11-24T03:00:00Z, got 'tomorrow'"),
        (
            "oncall?at=0001-01-01T00:00:00%2B14:00",
            "at: must lie in the years 1970 to 2199, got '0001-01-01T00:00:00+14:00'",
        ),
        (
            "oncall?at=9999-12-31T23:59:59-14:00",
            "at: must lie in the years 1970 to 2199, got '9999-12-31T23:59:59-14:00'",
        ),
        ("oncall/calendar?until=tomorrow", "until: must be a time such as 2026-11-24T03:00:00Z, got 'tomorrow'"),
        (
            "oncall/calendar?from=2026-01-01&until=2028-01-01",
            "until: must lie within 366 days of the start",
        ),
        ("search", "q: must hold 1 to 10 words, got 0"),
        ("search?q=a+b+c+d+e+f+g+h+i+j+k", "q: must hold 1 to 10 words, got 11"),
        ("search?q=a&limit=201", "limit: must be a whole number from 0 to 200, got '201'"),
        ("silences?state=past", "state: must be current or all, got 'past'"),
        ("overrides?state=past", "state: must be current or all, got 'past'"),
        ("oncall?at=2200-01-01", "at: must lie in the years 1970 to 2199, got '2200-01-01'"),
    ],
)
def test_a_query_parameter_that_makes_no_sense(calm: Api, path: str, detail: str) -> None:
    assert is_told(calm.ask("GET", f"/api/v1/{path}"), 422, "invalid_input") == detail


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00%2B14:00", "2199-12-31T23:59:59-14:00", "2026-W48-2", "20261124"])
def test_who_is_on_call_is_known_to_the_ends_of_the_years_that_may_be_asked_for(calm: Api, at: str) -> None:
    assert calm.ask("GET", f"/api/v1/oncall?at={at}").status_code == 200


# -- paths and methods -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/v1", "/api/v1/", "/api/v1/incidents/", "/api/v1/incident", "/api/v3/alerts", "/.env", "/admin"],
)
def test_a_path_that_there_is_not(calm: Api, path: str) -> None:
    for method in ("GET", "POST", "PATCH"):
        detail = is_told(calm.ask(method, path), 404, "no_such_path")
        assert detail == f"{method} {path}: see /api/openapi.json for what there is"


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_a_method_that_a_path_does_not_have(calm: Api, incident: str, path: str) -> None:
    before = calm.traces
    offered = {operation.method for operation in OPERATIONS if operation.path == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - offered:
        response = calm.ask(method, path.replace("{id}", incident))
        is_told(response, 405, "method_not_allowed")
        allowed = set(response.headers["allow"].split(", "))
        assert offered <= allowed <= {*offered, "HEAD"}
    assert calm.traces == before
