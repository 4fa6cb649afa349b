"""What can't be done now? A command that the state forbids is refused with a stable code, and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.harness import Api, operation_of, path_of

Preparing = Callable[[Api, str], None]


def open_(api: Api, incident: str) -> None:
    """As it was declared."""


def acknowledged(api: Api, incident: str) -> None:
    api.do("acknowledge", incident, by="alice")


def mitigated(api: Api, incident: str) -> None:
    api.do("mitigate", incident, by="alice")


def resolved(api: Api, incident: str) -> None:
    api.do("resolve", incident, by="alice")


def cancelled(api: Api, incident: str) -> None:
    api.do("cancel", incident, reason="a load test", by="alice")


def led_by_emma(api: Api, incident: str) -> None:
    api.do("assign_role", incident, role="communications_lead", person="emma", by="alice")


def asked_for(api: Api, incident: str) -> None:
    api.do("request_postmortem", incident, by="alice")


_EXTERNAL = {"text": "We are looking into it.", "audience": "external"}
_REASON = {"reason": "because"}


@pytest.mark.parametrize(
    ("preparing", "name", "body", "code", "detail"),
    [
        pytest.param(
            acknowledged, "acknowledge", {}, "already_acknowledged", "{id} is already acknowledged by alice", id="twice"
        ),
        pytest.param(
            resolved,
            "acknowledge",
            {},
            "cannot_acknowledge",
            "{id} is resolved and can't be acknowledged: reopen it if it came back",
            id="acknowledge what is resolved",
        ),
        pytest.param(
            open_,
            "assess",
            {"severity": "SEV1", **_REASON},
            "same_severity",
            "{id} is SEV1 already: nothing to change",
            id="the severity that it has",
        ),
        pytest.param(
            cancelled,
            "assess",
            {"severity": "SEV2", **_REASON},
            "cannot_assess",
            "{id} is cancelled and can't be assessed: reopen it if it is an incident after all",
            id="assess what is cancelled",
        ),
        pytest.param(
            led_by_emma,
            "assign_role",
            {"role": "communications_lead", "person": "emma"},
            "role_already_held",
            "emma is CL of {id} already",
            id="the role that they hold",
        ),
        pytest.param(
            open_,
            "add_team",
            {"team": "platform"},
            "team_already_added",
            "{id} involves platform already",
            id="the team that is there",
        ),
        pytest.param(
            resolved,
            "add_team",
            {"team": "backend"},
            "cannot_add_team",
            "{id} is resolved and can't be given another team: reopen it if it came back",
            id="a team for what is resolved",
        ),
        pytest.param(
            resolved,
            "page",
            {"target": "cto", **_REASON},
            "cannot_page",
            "{id} is resolved and can't be paged for: reopen it if it came back",
            id="a page for what is resolved",
        ),
        pytest.param(
            mitigated,
            "mitigate",
            {},
            "cannot_mitigate",
            "{id} is mitigated and can't be mitigated: resolve it, or reopen it if it came back",
            id="mitigate twice",
        ),
        pytest.param(
            resolved,
            "resolve",
            {},
            "cannot_resolve",
            "{id} is resolved and can't be resolved: reopen it if it came back",
            id="resolve twice",
        ),
        pytest.param(
            open_,
            "release",
            {},
            "not_held",
            "{id} is not held: there is nothing to release",
            id="release what isn't held",
        ),
        pytest.param(
            open_,
            "reopen",
            _REASON,
            "cannot_reopen",
            "{id} is triggered and can't be reopened: it is open already",
            id="reopen what is open",
        ),
        pytest.param(
            resolved,
            "cancel",
            _REASON,
            "cannot_cancel",
            "{id} is resolved and can't be cancelled: reopen it if it came back",
            id="cancel what is resolved",
        ),
        pytest.param(
            open_,
            "complete_postmortem",
            {},
            "cannot_complete_postmortem",
            "{id} is triggered and can't be closed by its postmortem: resolve it first",
            id="complete what is not resolved",
        ),
        pytest.param(
            resolved,
            "complete_postmortem",
            {},
            "postmortem_incomplete",
            "{id}: still to be written: Summary, Root cause, Impact, What went well, What went poorly, Lessons learned",
            id="complete what is not written",
        ),
        pytest.param(
            asked_for,
            "request_postmortem",
            {},
            "already_requested",
            "{id}: a postmortem was asked for already",
            id="ask for a postmortem twice",
        ),
        pytest.param(
            open_,
            "post_update",
            _EXTERNAL,
            "not_communications_lead",
            "only the Communications Lead may publish to customers; nobody holds the role: assign it first",
            id="tell customers while nobody leads communications",
        ),
        pytest.param(
            led_by_emma,
            "post_update",
            _EXTERNAL,
            "not_communications_lead",
            "only the Communications Lead may publish to customers; ask emma, who holds the role",
            id="tell customers in emma's stead",
        ),
    ],
)
def test_a_command_that_the_state_forbids(
    api: Api, preparing: Preparing, name: str, body: dict[str, Any], code: str, detail: str
) -> None:
    incident = api.declare(severity="SEV1")
    preparing(api, incident)
    api.settle()
    before = api.traces
    operation = operation_of(name)
    response = api.ask(operation.method, path_of(operation, incident), json={**body, "by": "alice"})
    assert (response.status_code, response.json()["code"]) == (409, code)
    assert response.json()["detail"] == detail.format(id=incident)
    assert response.headers["content-type"] == "application/problem+json"
    assert api.traces == before


def test_customers_hear_from_the_communications_lead_and_from_nobody_without_a_name(api: Api) -> None:
    incident = api.declare(severity="SEV1")
    led_by_emma(api, incident)
    path = path_of(operation_of("post_update"), incident)
    assert api.ask("POST", path, json=_EXTERNAL).json()["code"] == "not_communications_lead"  # the token itself
    assert api.ask("POST", path, json={**_EXTERNAL, "by": "emma"}).status_code == 200


def test_an_incident_reopened_while_its_alerts_have_another_is_refused(api: Api) -> None:
    first = _alert_opens(api, starts_at="2026-11-24T03:00:00Z")
    resolved(api, first)
    second = _alert_opens(api, starts_at="2026-11-24T04:00:00Z")
    before = api.traces
    response = api.ask("POST", f"/api/v1/incidents/{first}/reopen", json=_REASON)
    assert response.status_code == 409
    assert second in response.json()["detail"]
    assert api.traces == before


def _alert_opens(api: Api, starts_at: str) -> str:
    alert = {"labels": {"alertname": "CheckoutDown", "at": starts_at}, "startsAt": starts_at}
    assert api.ask("POST", "/api/v2/alerts", json=[alert]).status_code == 200
    (incident,) = api.do("list_incidents")
    api.settle()
    return str(incident["id"])
