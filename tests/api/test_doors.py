"""How do other products' requests come in over HTTP? Within limits, with a key, all or none; and no key is ever told.

What the payloads mean is tested in tests/integrations/alertmanager.
"""

import json

import pytest

from tests.api.harness import Api, Json
from tests.system.server import firing
from tocsin.api.bounds.reading import MAX_ALERTS_BODY


def webhook(*alerts: Json) -> Json:
    """What Alertmanager sends to a webhook, version 4."""
    told = [{**alert, "status": "firing", "fingerprint": "0" * 16} for alert in alerts]
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": told,
    }


def test_an_alert_through_either_door_opens_an_incident(api: Api) -> None:
    assert api.ask("POST", "/api/v2/alerts", token=api.intake, json=[firing("DiskFull")]).json() == {}
    path = f"/intake/alertmanager/{api.intake}"
    assert api.ask("POST", path, token=None, json=webhook(firing("CheckoutDown"))).json() == {}
    assert {it["title"] for it in api.do("list_incidents")} == {"DiskFull is not well", "CheckoutDown is not well"}


def test_who_delivers_stands_in_the_timeline_without_a_secret(api: Api) -> None:
    api.ask("POST", "/api/v2/alerts", token=api.intake, json=[firing("DiskFull")])
    (incident,) = api.do("list_incidents")
    first = api.do("get_timeline", incident["id"])[0]
    assert (first["actor"], first["via"]) == ("monitoring", "alertmanager")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/intake/alertmanager/garbage", 401, "unauthorized", id="a key that isn't one"),
        pytest.param("/intake/alertmanager/", 404, "no_such_path", id="no key"),
        pytest.param("/intake/nagios/garbage", 404, "not_found", id="a source that there isn't"),
    ],
)
def test_a_door_that_stays_shut(calm: Api, path: str, status: int, code: str) -> None:
    before = calm.traces
    response = calm.ask("POST", path, token=None, json=webhook(firing("CheckoutDown")))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert calm.traces == before


def test_the_admin_token_is_no_key_of_a_door(calm: Api) -> None:
    """It would stand in Alertmanager's configuration, and in its log."""
    response = calm.ask("POST", f"/intake/alertmanager/{calm.admin}", token=None, json=webhook(firing("CheckoutDown")))
    assert response.status_code == 403
    assert calm.admin not in response.json()["detail"]


def test_the_doors_take_what_is_larger_than_the_rest_of_the_api_takes(api: Api) -> None:
    alerts = [firing(f"Alert{number}", filler="x" * 2_000) for number in range(600)]
    assert len(json.dumps(alerts)) > 1_048_576
    assert api.ask("POST", "/api/v2/alerts", json=alerts).status_code == 200
    assert len(api.ask("GET", "/api/v1/alerts?limit=5000").json()) == 600


@pytest.mark.parametrize(
    "door", [pytest.param("/api/v2/alerts", id="API v2"), pytest.param("/intake/alertmanager/{key}", id="webhook")]
)
@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b" " * (MAX_ALERTS_BODY + 1), 413, id="four mebibytes and a byte"),
        pytest.param(b"[" * 100_000, 422, id="deep"),
        pytest.param(b"\xff", 422, id="not UTF-8"),
        pytest.param(b"{}", 422, id="an object that is neither"),
        pytest.param(b"", 422, id="nothing"),
        pytest.param(rb'[{"labels": {"alertname": "\ud800"}}]', 422, id="a lone surrogate"),
        pytest.param(
            b'[{"labels": {"alertname": "a"}, "startsAt": "9999-12-31T23:59:59-14:00"}]', 422, id="after time"
        ),
    ],
)
def test_what_no_door_takes(calm: Api, door: str, content: bytes, status: int) -> None:
    before = calm.traces
    response = calm.ask("POST", door.format(key=calm.intake), content=content)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert calm.traces == before


def test_one_bad_alert_is_refused_with_its_place_and_keeps_no_other_out(api: Api) -> None:
    response = api.ask("POST", "/api/v2/alerts", json=[firing("Fine"), {"labels": {}}, firing("FineToo")])
    assert response.status_code == 422
    told = "alerts[1].labels: must hold at least one label with a value; 2 others are in"
    assert response.json()["detail"] == told
    assert {it["name"] for it in api.do("get_alerts")} == {"Fine", "FineToo"}
