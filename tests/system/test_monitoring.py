"""Do a real Prometheus and a real Alertmanager get through, and does it ring?"""

from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.system.audit import events_taken
from tests.system.monitoring import alertmanager, prometheus, shop
from tests.system.server import Json, Server, firing
from tests.system.waiting import until

pytestmark = pytest.mark.system

RULES = """
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: ShopDown
        expr: up{job="shop"} == 0
        labels: {severity: critical, service: api}
        annotations: {summary: 'The shop at {{ $labels.instance }} does not answer'}
"""


def prometheus_config(server: Server, shop: str, credentials: str) -> str:
    return f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
alerting:
  alertmanagers:
    - static_configs: [{{targets: ['{server.url.removeprefix("http://")}']}}]
      authorization: {{credentials: '{credentials}'}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{shop}']}}]}}]
"""


def alertmanager_config(server: Server) -> str:
    return f"""
route: {{receiver: tocsin, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname]}}
receivers:
  - name: tocsin
    webhook_configs: [{{url: '{server.url}/intake/alertmanager/{server.intake_key}'}}]
"""


def the_incident(server: Server) -> Json:
    (incident,) = until(lambda: server.get("incidents"), "an incident is open")
    found: Json = server.get(f"incidents/{incident['id']}")
    return found


def persons_paged(sent: Path) -> list[str]:
    events = [it for it in events_taken(sent) if it["event_action"] == "trigger"]
    return [it["payload"]["custom_details"]["person"] for it in events if it["payload"]["class"] == "page"]


def backend_primary(server: Server) -> str:
    (primary,) = [team["primary"] for team in server.get("oncall") if team["team"] == "backend"]
    return str(primary)


def test_a_prometheus_rule_that_fires_pages_and_monitoring_is_clean_once_it_stops(
    server: Server, sent: Path, tmp_path: Path
) -> None:
    with shop() as it, prometheus(tmp_path, prometheus_config(server, it.address, server.token), RULES):
        it.is_well = False
        incident = the_incident(server)
        assert incident["title"] == f"The shop at {it.address} does not answer"
        assert (incident["service"], incident["provisional"]) == ("api", "SEV1")
        until(lambda: persons_paged(sent) == [backend_primary(server)], "the primary of the service's team is paged")

        until(lambda: server.get("alerts")[0]["received"] > 2, "Prometheus repeats itself")
        assert [it["id"] for it in server.get("incidents")] == [incident["id"]]
        assert persons_paged(sent) == [backend_primary(server)]

        it.is_well = True
        cleared = until(lambda: server.events(incident["id"], "alerts_cleared"), "monitoring is clean")
        assert [entry["text"] for entry in cleared] == ["Monitoring clean: the alert has resolved"]
        until(lambda: the_incident(server)["is_monitoring_clean"], "it is clean still, or again")

        it.is_well = False
        until(lambda: server.events(incident["id"], "alerts_firing"), "it fires again")
        assert [it["id"] for it in server.get("incidents")] == [incident["id"]]


def test_the_key_of_the_doors_is_enough_for_prometheus(server: Server, tmp_path: Path) -> None:
    with shop() as it, prometheus(tmp_path, prometheus_config(server, it.address, server.intake_key), RULES):
        it.is_well = False
        assert the_incident(server)["service"] == "api"


def test_alertmanager_sends_its_webhook_when_it_fires_and_when_it_has_resolved(
    server: Server, sent: Path, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, alertmanager_config(server)) as address:
        alerts = [firing("DiskFull", severity="critical", service="database", instance=f"db-{it}") for it in (1, 2)]
        tell(address, alerts)
        incident = the_incident(server)
        assert incident["service"] == "database"
        until(lambda: the_incident(server)["alerts_firing"] == 2, "both alerts are in")
        until(lambda: persons_paged(sent) == [backend_primary(server)], "the primary is paged, once for both")

        tell(address, [{**alert, "endsAt": datetime.now(UTC).isoformat()} for alert in alerts])
        until(lambda: server.events(incident["id"], "alerts_cleared"), "monitoring is clean")


def tell(address: str, alerts: list[Json]) -> None:
    """Tell Alertmanager, as a Prometheus would."""
    httpx2.post(f"http://{address}/api/v2/alerts", json=alerts, trust_env=False, timeout=30).raise_for_status()
