"""Does Tocsin answer as Alertmanager's published API says? Silences made, changed and ended, and what fires."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.api.harness import Api, Json
from tests.fakes.contract import alert_faults
from tests.system.server import firing
from tocsin.api.alertmanager import ROUTES

HOUR = timedelta(hours=1)


def form(**other: object) -> Json:
    now = datetime.now(UTC)
    matcher = {"name": "alertname", "value": "Backup", "isRegex": False}
    span = {"startsAt": now.isoformat(), "endsAt": (now + HOUR).isoformat()}
    return {"matchers": [matcher], **span, "createdBy": "alice", "comment": "moving disks", **other}


def silenced(api: Api, **other: object) -> str:
    response = api.ask("POST", "/api/v2/silences", json=form(**other))
    assert response.status_code == 200, response.text
    return str(response.json()["silenceID"])


def asked(api: Api, path: str, definition: str) -> Any:
    """The answer, which must be as Alertmanager's contract says."""
    response = api.ask("GET", f"/api/v2/{path}")
    assert response.status_code == 200, response.text
    assert alert_faults(response.json(), definition) == []
    return response.json()


def is_told(response: httpx2.Response, status: int) -> str:
    assert (response.status_code, type(response.json())) == (status, str), response.text
    return str(response.json())


def test_silence_is_told_as_it_was_asked_for(api: Api) -> None:
    id_ = silenced(api)
    (it,) = asked(api, "silences", "gettableSilences")
    assert it == asked(api, f"silence/{id_}", "gettableSilence")
    assert it["status"] == {"state": "active"}
    assert it["matchers"] == [{"name": "alertname", "value": "Backup", "isRegex": False, "isEqual": True}]
    assert (it["id"], it["createdBy"], it["comment"]) == (id_, "alice", "moving disks")


def test_silence_is_prolonged_under_its_id_and_replaced_under_another(api: Api) -> None:
    id_ = silenced(api)
    it = asked(api, f"silence/{id_}", "gettableSilence")
    later = (datetime.now(UTC) + 5 * HOUR).isoformat()
    assert silenced(api, **{**it, "endsAt": later}) == id_
    other = [{"name": "alertname", "value": "Other", "isRegex": False}]
    new = silenced(api, id=id_, matchers=other)
    assert new != id_
    assert asked(api, f"silence/{id_}", "gettableSilence")["status"] == {"state": "expired"}


def test_silence_is_ended_once_and_for_all(api: Api) -> None:
    id_ = silenced(api)
    for _ in range(2):
        assert api.ask("DELETE", f"/api/v2/silence/{id_}").status_code == 200
    assert asked(api, f"silence/{id_}", "gettableSilence")["status"] == {"state": "expired"}
    assert asked(api, "silences?expired=false", "gettableSilences") == []
    assert len(asked(api, "silences", "gettableSilences")) == 1


def test_silences_are_found_by_what_they_silence(api: Api) -> None:
    id_ = silenced(api)
    for query, is_found in (('alertname="Backup"', True), ('alertname=~"B.*"', True), ('job="db"', False)):
        found = asked(api, f"silences?filter={query.replace('=', '%3D').replace('~', '%7E')}", "gettableSilences")
        assert [it["id"] for it in found] == ([id_] if is_found else [])


def test_what_fires_is_told_with_its_incident_as_the_group(api: Api) -> None:
    api.ask("POST", "/api/v2/alerts", json=[firing("Down", instance="a"), firing("Slow", instance="a")])
    alerts = asked(api, "alerts", "gettableAlerts")
    assert {it["labels"]["alertname"] for it in alerts} == {"Down", "Slow"}
    assert {it["status"]["state"] for it in alerts} == {"active"}
    groups = asked(api, "alerts/groups", "alertGroups")
    assert {it["labels"]["incident"] for it in groups} == {it["id"] for it in api.do("list_incidents")}
    (one,) = asked(api, "alerts?filter=alertname%3D%22Down%22", "gettableAlerts")
    assert one["labels"]["alertname"] == "Down"
    assert asked(api, "alerts?active=false", "gettableAlerts") == []


def test_what_has_resolved_is_told_no_more(api: Api) -> None:
    api.ask("POST", "/api/v2/alerts", json=[firing("Down")])
    over = {**firing("Down"), "endsAt": datetime.now(UTC).isoformat()}
    api.ask("POST", "/api/v2/alerts", json=[over])
    assert asked(api, "alerts", "gettableAlerts") == []


def test_status_and_receivers_are_as_amtool_expects_them(calm: Api) -> None:
    assert asked(calm, "status", "alertmanagerStatus")["cluster"]["status"] == "disabled"
    (receiver,) = calm.ask("GET", "/api/v2/receivers").json()
    assert (receiver, alert_faults(receiver, "receiver")) == ({"name": "tocsin"}, [])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"matchers": []}, "matchers: must be 1 to 50, got 0"),
        ({"matchers": [{"name": "1a", "value": "x", "isRegex": False}]}, "matchers: must begin with a label's name"),
        ({"matchers": [{"name": "a", "value": "(a+)+", "isRegex": True}]}, "matchers: must not repeat a group"),
        ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, "matchers: must hold one at least"),
        ({"endsAt": "2020-01-01T00:00:00Z"}, "ends_at: must be after the start"),
        ({"comment": ""}, "comment: must say something, got nothing"),
        ({"startsAt": "now"}, "startsAt: must be a time with its zone, such as"),
        ({"createdBy": 5}, "createdBy: expected text, got a number"),
    ],
)
def test_silence_that_makes_no_sense_is_refused_as_alertmanager_refuses(calm: Api, other: Json, told: str) -> None:
    assert is_told(calm.ask("POST", "/api/v2/silences", json=form(**other)), 400).startswith(told)
    assert asked(calm, "silences", "gettableSilences") == []


@pytest.mark.parametrize("path", ["alerts?active=maybe", "alerts?filter=%7B%7D", "silences?expired=1"])
def test_query_that_makes_no_sense_is_refused(calm: Api, path: str) -> None:
    assert "must be" in is_told(calm.ask("GET", f"/api/v2/{path}"), 400)


def test_unknown_silence_is_not_found(calm: Api) -> None:
    for method in ("GET", "DELETE"):
        assert is_told(calm.ask(method, "/api/v2/silence/x"), 404) == "silence: there is no 'x'"
    assert is_told(calm.ask("POST", "/api/v2/silences", json=form(id="x")), 404) == "silence: there is no 'x'"


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _, _ in ROUTES])
def test_nobody_gets_in_without_an_admin_token(calm: Api, method: str, path: str) -> None:
    assert calm.ask(method, path, token=None).status_code == 401
    assert calm.ask(method, path, token=calm.intake).status_code == 403
