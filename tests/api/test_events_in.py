"""Does what pages PagerDuty page Tocsin by another address? Events API v2: its answers, and what an alert is there."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.api.harness import Api, Json
from tests.fakes.contract import shared
from tocsin.integrations.pagerduty.events_in import MAX_EVENT


def key_of(api: Api, name: str = "website") -> str:
    """A routing key, named as the service whose alerts come by it."""
    made = api.do("add_token", "", name=name, scopes=["intake"], form="routing_key")
    return str(made["token"])


def event(action: str = "trigger", dedup_key: str | None = "srv01/mysql", **more: object) -> Json:
    """What a monitoring tool sends."""
    payload = {"summary": "DISK at 99% on srv01", "source": "srv01", "severity": "critical", **more}
    return {"event_action": action, "dedup_key": dedup_key, "payload": payload, "client": "Example Monitoring"}


def send(api: Api, key: str, told: Json) -> Json:
    """The answer to an event that is taken."""
    response = api.ask("POST", "/v2/enqueue", token=None, json={"routing_key": key, **told})
    assert response.status_code == 202, response.text
    jsonschema.validate(response.json(), schema_of("Success"))
    return dict(response.json())


def schema_of(response: str) -> Json:
    """PagerDuty's own description of an answer."""
    contract = json.loads(shared("contracts/pagerduty-events-v2.openapi.json").read_text())
    return dict(contract["components"]["responses"][response]["content"]["application/json"]["schema"])


def open_titles(api: Api) -> list[str]:
    return [it["title"] for it in api.do("list_incidents")]


def test_a_trigger_opens_an_incident_of_the_service_that_the_key_is_named_for(api: Api) -> None:
    answer = send(api, key_of(api, "api"), event())
    assert answer == {"status": "success", "message": "Event processed", "dedup_key": "srv01/mysql"}
    (incident,) = api.do("list_incidents")
    assert (incident["title"], incident["service"], incident["provisional"]) == ("DISK at 99% on srv01", "api", "SEV1")


def test_triggers_of_one_dedup_key_are_one_alert_and_of_others_are_others(api: Api) -> None:
    key = key_of(api)
    for told in (event(), event(), event(dedup_key="srv02/mysql"), event(summary="DISK at 100% on srv01")):
        send(api, key, told)
    assert len(open_titles(api)) == 2
    assert sorted(it["received"] for it in api.ask("GET", "/api/v1/alerts").json()) == [1, 3]


def test_trigger_that_looks_worse_makes_the_open_incident_worse_and_a_milder_one_changes_nothing(api: Api) -> None:
    key = key_of(api)
    for severity in ("info", "critical", "warning", "critical"):
        send(api, key, event(severity=severity))
    (incident,) = api.do("list_incidents")
    assert incident["provisional"] == "SEV1"
    (opened, *later) = api.do("get_timeline", incident["id"])
    assert opened["event"]["provisional"] == "SEV4"
    worsened = [it["event"] for it in later if it["event"]["kind"] == "alert_worsened"]
    assert [(it["provisional"], it["pages_unassessed"]) for it in worsened] == [("SEV1", True)]
    assert [it["event"]["kind"] for it in later].count("step_fired") == 1
    (alert,) = api.ask("GET", "/api/v1/alerts").json()
    assert (alert["received"], alert["labels"]["severity"]) == (4, "critical")


def test_trigger_that_looks_worse_than_the_assessment_raises_the_severity(api: Api) -> None:
    key = key_of(api)
    send(api, key, event(severity="warning"))
    (incident,) = api.do("list_incidents")
    api.do("assess", incident["id"], severity="SEV3", reason="a few users", by="alice")
    api.do("acknowledge", incident["id"], by="alice")
    send(api, key, event(severity="warning"))
    assert api.do("get_incident", incident["id"])["severity"] == "SEV3"
    send(api, key, event(severity="critical"))
    raised = api.do("get_incident", incident["id"])
    assert (raised["severity"], raised["status"]) == ("SEV1", "triggered")


def test_resolution_that_says_nothing_leaves_what_the_alert_said(api: Api) -> None:
    key = key_of(api)
    send(api, key, event())
    send(api, key, {"event_action": "resolve", "dedup_key": "srv01/mysql"})
    (alert,) = api.ask("GET", "/api/v1/alerts").json()
    assert (alert["status"], alert["labels"]["severity"]) == ("resolved", "critical")


def test_dedup_keys_of_different_integrations_have_nothing_to_do_with_one_another(api: Api) -> None:
    send(api, key_of(api, "website"), event())
    send(api, key_of(api, "api"), event())
    assert len(open_titles(api)) == 2


def test_a_missing_dedup_key_is_made_and_told_and_works(api: Api) -> None:
    key = key_of(api)
    made = send(api, key, event(dedup_key=None))["dedup_key"]
    assert made != send(api, key, event(dedup_key=None))["dedup_key"]
    send(api, key, {"event_action": "resolve", "dedup_key": made})
    assert sorted(it["status"] for it in api.ask("GET", "/api/v1/alerts").json()) == ["firing", "resolved"]


def test_an_acknowledgement_acknowledges_the_incident_and_says_through_what(api: Api) -> None:
    key = key_of(api)
    send(api, key, event())
    for _ in range(2):  # a second one is no fault
        send(api, key, {"event_action": "acknowledge", "dedup_key": "srv01/mysql"})
    (incident,) = api.do("list_incidents")
    assert incident["status"] == "acknowledged"
    told = [it for it in api.do("get_timeline", incident["id"]) if it["event"]["kind"] == "acknowledged"]
    assert [(it["actor"], it["via"]) for it in told] == [("website", "pagerduty-events")]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_what_concerns_an_alert_that_nobody_knows_is_taken_and_opens_nothing(api: Api, action: str) -> None:
    send(api, key_of(api), {"event_action": action, "dedup_key": "nobody/knows"})
    assert open_titles(api) == []


def test_a_trigger_after_the_incident_was_resolved_opens_another(api: Api) -> None:
    key = key_of(api)
    send(api, key, event())
    (first,) = api.do("list_incidents")
    send(api, key, {"event_action": "resolve", "dedup_key": "srv01/mysql"})
    api.do("resolve", first["id"], note="fixed")
    send(api, key, event())
    (second,) = api.do("list_incidents")
    assert second["id"] != first["id"]


def test_a_trigger_after_all_was_clear_fires_on_the_same_incident(api: Api) -> None:
    key = key_of(api)
    for told in (event(), {"event_action": "resolve", "dedup_key": "srv01/mysql"}, event()):
        send(api, key, told)
    (incident,) = api.do("list_incidents")
    assert [it["status"] for it in api.ask("GET", f"/api/v1/alerts?incident={incident['id']}").json()] == ["firing"]


@pytest.mark.parametrize("name", ["docs-trigger", "docs-acknowledge", "docs-resolve"])
def test_the_examples_of_the_documentation_are_taken(api: Api, name: str) -> None:
    told = json.loads(shared(f"data/alerts/pagerduty-events-v2/{name}.json").read_text())
    send(api, key_of(api), {**told, "routing_key": key_of(api, "docs")})


@pytest.mark.parametrize(
    ("told", "error"),
    [
        pytest.param({"event_action": "explode"}, "event_action", id="an action that there isn't"),
        pytest.param({"event_action": "trigger"}, "payload: must be there", id="a trigger of nothing"),
        pytest.param({"event_action": "resolve"}, "dedup_key: must be there to resolve", id="resolving nothing"),
        pytest.param(event(severity="dire"), "payload.severity", id="a severity that there isn't"),
        pytest.param(event(summary=""), "payload.summary", id="no summary"),
        pytest.param(event(dedup_key="x" * 256), "dedup_key", id="a dedup key of 256 characters"),
    ],
)
def test_what_is_wrong_is_told_as_pagerduty_tells_it(calm: Api, told: Json, error: str) -> None:
    key = calm.intake
    before = calm.traces
    response = calm.ask("POST", "/v2/enqueue", token=None, json={"routing_key": key, **told})
    assert response.status_code == 400, response.text
    jsonschema.validate(response.json(), schema_of("Error"))
    assert response.json()["status"] == "invalid event"
    assert error in response.json()["errors"][0]
    assert calm.traces == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="half an object"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[" * 1_000, id="depth"),
        pytest.param(b'{"routing_key":"' + b"x" * MAX_EVENT + b'"}', id="size"),
    ],
)
def test_what_is_no_event_is_refused(calm: Api, content: bytes) -> None:
    assert calm.ask("POST", "/v2/enqueue", token=None, content=content).status_code in (400, 413)


@pytest.mark.parametrize("key", ["0" * 32, "", "admin"])
def test_a_key_that_opens_nothing_or_too_much_is_refused_and_not_told(calm: Api, key: str) -> None:
    before = calm.traces
    secret = calm.admin if key == "admin" else key
    response = calm.ask("POST", "/v2/enqueue", token=None, json={"routing_key": secret, **event()})
    assert response.status_code == 400
    assert response.json()["errors"][0].startswith("routing_key: ")
    assert not secret or secret not in response.text
    assert calm.traces == before


def test_a_routing_key_is_what_clients_take_for_one_and_opens_the_doors_alone(api: Api) -> None:
    key = key_of(api)
    assert len(key) == 32
    assert all(it in "0123456789abcdef" for it in key)
    assert api.ask("GET", "/api/v1/incidents", token=key).status_code == 403
    (kept,) = [it for it in api.do("list_tokens") if it["name"] == "website"]
    assert kept["start"] == key[:6]
    refused = api.ask("POST", "/api/v1/tokens", json={"name": "x", "scopes": ["admin"], "form": "routing_key"})
    assert (refused.status_code, refused.json()["detail"].partition(":")[0]) == (422, "scopes")


def test_no_routing_key_is_kept_with_what_is_in_quarantine(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(api)

    def broken(*_: object) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as bug:
        bug.setattr("tocsin.engine.intake._Batch.take", broken)
        send(api, key, event())
    (kept,) = api.do("list_quarantine")
    shown = api.ask("GET", f"/api/v1/quarantine/{kept['id']}").text
    assert "DISK at 99%" in shown
    assert key not in shown
    assert api.ask("POST", f"/api/v1/quarantine/{kept['id']}/retry", json={}).status_code == 200
    assert open_titles(api) == ["DISK at 99% on srv01"]


def test_a_database_that_cannot_be_used_is_told_of_as_pagerduty_would(api: Api) -> None:
    key = key_of(api)
    api.settle()
    api.alter("ALTER TABLE alerts RENAME TO lost")
    response = api.ask("POST", "/v2/enqueue", token=None, json={"routing_key": key, **event()})
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    jsonschema.validate(response.json(), schema_of("Error"))


def test_what_is_no_json_is_told_as_the_documentation_shows_it(calm: Api) -> None:
    response = calm.ask("POST", "/v2/enqueue", token=None, content=b"{")
    contract = json.loads(shared("contracts/pagerduty-events-v2.openapi.json").read_text())
    example = contract["components"]["responses"]["Error"]["content"]["application/json"]["examples"]["response"]
    assert (response.status_code, response.json()) == (400, example["value"])


def test_nobody_is_disguised_by_an_event(api: Api, tmp_path: Path) -> None:
    hostile = "\u202eevil\u0000 <script>alert(1)</script>"
    details = {"huge": 10**400, "deep": {"a": [1, {"b": None}]}, "": "no name", "text": hostile}
    send(api, key_of(api), event(summary=hostile, source=hostile, component=hostile, custom_details=details))
    assert open_titles(api) == ["evil <script>alert(1)</script>"]
    (alert,) = api.ask("GET", "/api/v1/alerts").json()
    assert alert["annotations"]["deep"] == '{"a":[1,{"b":null}]}'


def change(**more: object) -> Json:
    return {"payload": {"summary": "Deployed website 4.2", "source": "ci", **more}}


def test_a_change_is_shown_beside_the_incidents_of_its_service_and_wakes_nobody(api: Api) -> None:
    link = {"href": "https://ci.example/builds/42", "text": "Build 42"}
    told = {"routing_key": key_of(api, "website"), "links": [link], **change(custom_details={"by": "alice"})}
    response = api.ask("POST", "/v2/change/enqueue", token=None, json=told)
    assert (response.status_code, response.json()["status"]) == (202, "success")
    (kept,) = api.do("get_changes")
    del kept["at"]
    assert kept == {
        "service": "website",
        "integration": "website",
        "summary": "Deployed website 4.2",
        "source": "ci",
        "link": "https://ci.example/builds/42",
        "details": {"by": "alice"},
    }
    assert open_titles(api) == []
    mine, other = api.declare(service="website"), api.declare(service="api")
    assert 'href="https://ci.example/builds/42"' in api.see(f"/incidents/{mine}").text
    assert "Deployed website 4.2" not in api.see(f"/incidents/{other}").text


def test_changes_that_came_before_an_incident_stay_beside_it_however_many_follow(api: Api) -> None:
    def deploy(summary: str) -> None:
        told = {"routing_key": key, "payload": {"summary": summary, "source": "ci"}}
        assert api.ask("POST", "/v2/change/enqueue", token=None, json=told).status_code == 202

    key = key_of(api, "website")
    deploy("Deployed the cause")
    incident = api.declare(service="website")
    for number in range(12):
        deploy(f"Deployed attempt {number}")
    page = api.see(f"/incidents/{incident}").text
    assert "Deployed the cause" in page
    assert "Deployed attempt 11" in page
    assert "Deployed attempt 1<" not in page


def test_changes_of_one_service_can_be_asked_for(api: Api) -> None:
    key = key_of(api, "deployer")
    for service in ("website", "api", "nowhere"):
        told = {"routing_key": key, **change(custom_details={"service": service})}
        assert api.ask("POST", "/v2/change/enqueue", token=None, json=told).status_code == 202
    assert [it["service"] for it in api.ask("GET", "/api/v1/changes").json()] == ["website", "api", "website"]
    assert [it["service"] for it in api.ask("GET", "/api/v1/changes?service=api").json()] == ["api"]


def test_a_change_of_the_documentation_is_taken(api: Api) -> None:
    told = json.loads(shared("data/alerts/pagerduty-events-v2/docs-change-event.json").read_text())
    response = api.ask("POST", "/v2/change/enqueue", token=None, json={**told, "routing_key": key_of(api)})
    assert response.status_code == 202


@pytest.mark.parametrize(
    ("told", "error"),
    [
        pytest.param({}, "payload", id="nothing"),
        pytest.param({"payload": {"source": "ci"}}, "summary", id="no summary"),
    ],
)
def test_a_change_of_nothing_is_refused(calm: Api, told: Json, error: str) -> None:
    response = calm.ask("POST", "/v2/change/enqueue", token=None, json={"routing_key": calm.intake, **told})
    assert response.status_code == 400
    assert error in response.json()["errors"][0]


def test_a_link_that_is_none_is_no_link(api: Api) -> None:
    told = {"routing_key": key_of(api), "links": [{"href": "javascript:alert(1)"}], **change()}
    assert api.ask("POST", "/v2/change/enqueue", token=None, json=told).status_code == 202
    page = api.see(f"/incidents/{api.declare(service='website')}").text
    assert "Deployed website 4.2" in page
    assert "javascript:" not in page
