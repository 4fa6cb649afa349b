"""Requests as real Alertmanagers sent them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes import contract
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.integrations.alertmanager.inbound import parse_v2, parse_webhook

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
FOLDER = "data/alerts/alertmanager"


def payload(name: str) -> bytes:
    return contract.shared(f"{FOLDER}/{name}").read_bytes()


def test_a_webhook_of_version_4_is_the_alert_that_it_tells_of() -> None:
    (alert,) = parse_webhook(payload("v4-firing-alerta.json"), NOW)
    assert alert == Alert(
        labels={"alertname": "thing_dead", "severity": "critical"},
        annotations={
            "description": "No things have been recorded for over 10 minutes. Something terrible is happening.",
            "severity": "critical",
            "summary": "No things for over 10 minutes",
            "runbookBad": "https://internal.myorg.net/wiki/alerts/{app}/{alertname}",
            "runbookGood": "https://internal.myorg.net/wiki/alerts/{alertname}",
        },
        status=AlertStatus.FIRING,
        starts_at=datetime(2017, 8, 3, 19, 17, 37, 804000, tzinfo=UTC),
        ends_at=None,
        generator_url=(
            "http://somehost:9090/graph?g0.expr=sum%28irate%28messages_received_total%5B5m%5D%29%29+%3D%3D+0&g0.tab=0"
        ),
    )


def groups() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(payload("api-v2-alert-groups-0.27.0.json"))
    return found


@pytest.mark.parametrize(
    ("now", "status"),
    [
        pytest.param(datetime(2024, 2, 29, 9, 41, tzinfo=UTC), AlertStatus.FIRING, id="before their end they fire"),
        pytest.param(datetime(2024, 2, 29, 9, 46, tzinfo=UTC), AlertStatus.RESOLVED, id="after their end they don't"),
    ],
)
def test_alerts_that_an_alertmanager_tells_of_can_be_posted_to_us(now: datetime, status: AlertStatus) -> None:
    for group in groups():
        posted = group["alerts"]
        assert contract.alert_faults(posted) == []
        alerts = parse_v2(json.dumps(posted).encode(), now)
        assert [alert.labels for alert in alerts] == [one["labels"] for one in posted]
        assert [alert.annotations for alert in alerts] == [one["annotations"] for one in posted]
        assert {alert.status for alert in alerts} == {status}
        assert {alert.starts_at for alert in alerts} == {datetime(2024, 2, 29, 9, 39, 52, 576000, tzinfo=UTC)}
        ends_at = datetime(2024, 2, 29, 9, 45, 32, 627000, tzinfo=UTC) if status is AlertStatus.RESOLVED else None
        assert {alert.ends_at for alert in alerts} == {ends_at}


def test_every_payload_file_is_tried_above() -> None:
    files = {path.name for path in contract.shared(FOLDER).glob("*.json")}
    assert files == {"v4-firing-alerta.json", "api-v2-alert-groups-0.27.0.json"}
