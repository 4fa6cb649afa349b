"""Is a webhook PagerDuty's, and what does it say? Its published vectors and examples, and every kind of event."""

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest

from tests.fakes.contract import shared
from tocsin.domain.events import incident_of
from tocsin.errors import InvalidInput
from tocsin.integrations.pagerduty.inbound import is_signed, word_in
from tocsin.integrations.pagerduty.words import (
    NOBODY,
    Agent,
    Deed,
    RoleGiven,
    Word,
    is_own_note,
    own_note,
    page_key_of,
)

KEY = "tocsin-k3x9-INC-2026-0001-3-0"
BOB = {"id": "PLH1HKV", "type": "user_reference", "summary": "Bob\u202e Brown"}
INTEGRATION = {"id": "PXMQRWJ", "type": "inbound_integration_reference", "summary": "Events API V2"}
INCIDENT = {
    "id": "PGR0VU2",
    "type": "incident",
    "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
    "incident_key": KEY,
    "assignees": [{"id": "PTUXL6G", "type": "user_reference", "summary": "Alice Adams"}],
    "escalation_policy": {"id": "PUS0KTE", "type": "escalation_policy_reference", "summary": "Default"},
    "priority": {"id": "PSO75BM", "type": "priority_reference", "summary": "P1"},
    "resolve_reason": None,
}
REFERENCE = {"id": "PGR0VU2", "type": "incident_reference", "html_url": INCIDENT["html_url"]}


def webhook(kind: str, data: object, *, agent: object = BOB, client: object = None) -> bytes:
    event = {
        "id": "01ABC",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-11-25T03:04:05.123Z",
        "agent": agent,
        "client": client,
        "data": data,
    }
    return json.dumps({"event": event}).encode()


def heard(kind: str, data: object = INCIDENT, **more: object) -> Word:
    word = word_in(webhook(kind, data, **more))
    assert word is not None
    return word


# Signatures


def vector() -> dict[str, str]:
    found: dict[str, str] = json.loads(shared("contracts/signature-vectors.json").read_text())["pagerduty_v3"]
    return found


@pytest.mark.parametrize("which", ["valid", "also_valid_rotation"])
def test_published_vector_is_signed(which: str) -> None:
    it = vector()
    assert is_signed(it["body"].encode(), it[which], [it["secret"]])


def test_published_mismatch_is_not_signed() -> None:
    it = vector()
    assert not is_signed(it["body"].encode(), it["mismatch"], [it["secret"]])


def test_any_of_several_secrets_will_do_while_one_is_replaced() -> None:
    it = vector()
    assert is_signed(it["body"].encode(), it["valid"], ["new", it["secret"]])


def signed(body: bytes, secret: str) -> str:
    return f"v1={hmac.new(secret.encode(), body, sha256).hexdigest()}"


@pytest.mark.parametrize(
    "signatures",
    [
        pytest.param("", id="none"),
        pytest.param("v1=", id="an empty one"),
        pytest.param(signed(b"body", "secret").removeprefix("v1="), id="without its version"),
        pytest.param(signed(b"body", "secret").replace("v1", "v2"), id="another version"),
        pytest.param(signed(b"body ", "secret"), id="of another body"),
        pytest.param(signed(b"body", "other"), id="by another secret"),
        pytest.param("v1=\u00e9" + "0" * 63, id="not hexadecimal"),
        pytest.param(",".join([f"v1={'0' * 64}"] * 20 + [signed(b"body", "secret")]), id="behind too many others"),
    ],
)
def test_what_is_not_signed(signatures: str) -> None:
    assert not is_signed(b"body", signatures, ["secret"])


def test_without_a_secret_nothing_is_signed() -> None:
    assert not is_signed(b"body", signed(b"body", ""), [])


# What it says


def test_published_example_is_understood() -> None:
    body = shared("data/alerts/pagerduty-webhooks/v3-incident.priority_updated.json").read_bytes()
    assert word_in(body) == Word(
        id="event/5ac64822-4adc-4fda-ade0-410becf0de4f",
        deed=Deed.PRIORITY_SET,
        incident="PGR0VU2",
        key="d3640fbd41094207a1c11e58e46b1662",
        url="https://acme.pagerduty.com/incidents/PGR0VU2",
        agent=Agent("PLH1HKV", "Tenex Engineer", is_person=True),
        text="P1",
    )


def test_published_note_names_its_incident_and_no_key() -> None:
    data = json.loads(shared("data/alerts/pagerduty-webhooks/v3-data-incident_note.json").read_text())
    word = heard("incident.annotated", data)
    assert (word.id, word.incident, word.key) == ("note/P2LA89X", "PGR0VU2", "")
    assert word.text == "I sure am glad we are using PagerDuty!"


@pytest.mark.parametrize(
    ("kind", "data", "deed", "text"),
    [
        ("incident.triggered", INCIDENT, Deed.TRIGGERED, ""),
        ("incident.acknowledged", INCIDENT, Deed.ACKNOWLEDGED, ""),
        ("incident.resolved", INCIDENT, Deed.RESOLVED, ""),
        ("incident.resolved", {**INCIDENT, "resolve_reason": {"type": "merge_resolve_reason"}}, Deed.MERGED, ""),
        ("incident.annotated", {"id": "PN1", "incident": REFERENCE, "content": "on it"}, Deed.NOTED, "on it"),
        (
            "incident.status_update_published",
            {"id": "PS1", "incident": REFERENCE, "message": "rolling back"},
            Deed.UPDATED,
            "rolling back",
        ),
        ("incident.priority_updated", INCIDENT, Deed.PRIORITY_SET, "P1"),
        ("incident.priority_updated", {**INCIDENT, "priority": None}, Deed.PRIORITY_SET, ""),
        ("incident.reassigned", INCIDENT, Deed.ELSE, "reassigned the page to Alice Adams"),
        ("incident.escalated", {**INCIDENT, "assignees": []}, Deed.ELSE, "escalated the page to nobody"),
        ("incident.delegated", INCIDENT, Deed.ELSE, "handed the page to the escalation policy Default"),
        (
            "incident.unacknowledged",
            INCIDENT,
            Deed.ELSE,
            "took the acknowledgement of the page back: it rings there again",
        ),
        ("incident.reopened", INCIDENT, Deed.ELSE, "reopened the page: it rings there again"),
        (
            "incident.responder.added",
            {"incident": REFERENCE, "user": {"summary": "Maeve"}, "message": "help", "state": "pending"},
            Deed.ELSE,
            "asked Maeve to respond: help",
        ),
        (
            "incident.responder.replied",
            {"incident": REFERENCE, "user": {"summary": "Maeve"}, "message": "driving", "state": "declined"},
            Deed.ELSE,
            "Maeve answered the request to respond (declined): driving",
        ),
        (
            "incident.role.assigned",
            {"incident_role_assignments": [{"incident": REFERENCE, "role": {"summary": "Scribe"}}]},
            Deed.ROLES_GIVEN,
            "",
        ),
    ],
)
def test_every_documented_kind_is_understood(kind: str, data: dict[str, Any], deed: Deed, text: str) -> None:
    word = heard(kind, data)
    assert (word.deed, word.text, word.incident) == (deed, text, "PGR0VU2")
    assert word.url == INCIDENT["html_url"]


def test_roles_that_are_given_and_taken_back_come_in_one_webhook() -> None:
    """As documented: an array, in which a role that is nobody's any more has no assignee."""
    given = {"incident": REFERENCE, "role": {"id": "P8PQO4R", "summary": "Incident\nCommander"}, "assignee": BOB}
    taken = {"incident": REFERENCE, "role": {"id": "P8PQO4S", "summary": "Scribe"}, "assignee": None}
    word = heard("incident.role.assigned", {"incident_role_assignments": [given, taken]})
    bob = Agent("PLH1HKV", "Bob Brown", is_person=True)
    assert word.roles == (RoleGiven("Incident Commander", bob), RoleGiven("Scribe", NOBODY))


def test_no_role_at_all_concerns_no_incident() -> None:
    assert heard("incident.role.assigned", {"incident_role_assignments": []}).incident == ""


@pytest.mark.parametrize("kind", ["pagey.ping", "service.updated", "incident.of_a_kind_to_come"])
def test_what_concerns_no_page_is_passed_over(kind: str) -> None:
    assert word_in(webhook(kind, {"message": "Hello from your friend Pagey!", "type": "ping"})) is None


def test_person_is_known_from_an_integration_and_from_nobody() -> None:
    assert heard("incident.acknowledged").agent == Agent("PLH1HKV", "Bob Brown", is_person=True)
    assert heard("incident.acknowledged", agent=INTEGRATION).agent == Agent("PXMQRWJ", "Events API V2")
    assert heard("incident.escalated", agent=None).agent == Agent()


def test_our_own_event_is_known_by_its_client_and_a_persons_deed_never_is() -> None:
    assert heard("incident.acknowledged", agent=INTEGRATION, client={"name": "Tocsin"}).is_ours
    assert not heard("incident.acknowledged", client={"name": "Tocsin"}).is_ours
    assert not heard("incident.acknowledged", agent=INTEGRATION, client={"name": "Monitoring"}).is_ours


def test_end_of_an_incident_has_one_id_however_often_it_is_told() -> None:
    assert heard("incident.resolved").id == "resolved/PGR0VU2"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"messages": []}', id="version 2"),
        pytest.param(b'{"event": {"event_type": "incident.resolved"}}', id="an event without an id"),
        pytest.param(webhook("incident.resolved", ["x"]), id="data of another shape"),
        pytest.param(b"\xff", id="not UTF-8"),
    ],
)
def test_what_is_no_webhook_is_refused_with_what_was_expected(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body: must be a PagerDuty webhook, version 3: "):
        word_in(body)


# Keys and own notes


def test_only_pages_of_this_installation_are_known_by_their_key() -> None:
    assert page_key_of(KEY, "k3x9") == "INC-2026-0001-3-0"
    assert page_key_of(KEY, "other") is None
    assert page_key_of("d3640fbd41094207a1c11e58e46b1662", "k3x9") is None
    assert page_key_of("tocsin-k3x9-", "k3x9") is None


@pytest.mark.parametrize("page", ["INC-2026-0001-3-0", "INC-2026-0001-12-4-r0a1b2c"])
def test_page_names_its_incident(page: str) -> None:
    assert incident_of(page) == "INC-2026-0001"


def test_own_note_is_known_again_when_it_comes_back_cut() -> None:
    note = own_note("INC-2026-0001", "k3x9", 17, "x" * 900)
    assert is_own_note(note[:120], "k3x9")
    assert not is_own_note(note, "other")
    assert not is_own_note("restarted the pods, see INC-2026-0001 in Tocsin", "k3x9")
