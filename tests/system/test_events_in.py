"""Does what pages PagerDuty page Tocsin by another address? Its own client and a real Alertmanager, by TLS as well."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from pagerduty import EventsApiV2Client

from tests.fakes.certificates import made
from tests.system.monitoring import alertmanager
from tests.system.server import Json, Server, firing, routing_key
from tests.system.waiting import until

pytestmark = pytest.mark.system

_CONFIG = """
route: {{receiver: pager, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname]}}
receivers:
  - name: pager
    pagerduty_configs:
      - routing_key: '{key}'
        url: '{url}/v2/enqueue'
        severity: critical
        http_config: {{tls_config: {{ca_file: '{ca}'}}}}
"""


@pytest.fixture(params=["HTTP", "HTTPS"])
def reached(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server, and the certificate that it shows where it is reached over TLS."""
    chain, key = made().write(tmp_path)
    server = Server(tmp_path)
    if request.param == "HTTPS":
        server.arguments += ["--tls-cert", str(chain), "--tls-key", str(key)]
    with server:
        assert server.url.startswith(f"{request.param.lower()}://127.0.0.1:")
        yield server, chain


def the_incident(server: Server) -> Json:
    (incident,) = until(lambda: server.get("incidents"), "an incident is open")
    found: Json = server.get(f"incidents/{incident['id']}")
    return found


@pytest.mark.parametrize("reached", ["HTTPS"], indirect=True)  # it speaks nothing else
def test_pagerdutys_own_client_triggers_acknowledges_and_resolves(reached: tuple[Server, Path]) -> None:
    server, chain = reached
    trusts = ssl.create_default_context(cafile=chain)
    with EventsApiV2Client(routing_key(server), base_url=server.url, verify=trusts) as client:
        key = client.trigger("Checkout is down", "shop-1", severity="critical", custom_details={"orders": 0})
        incident = the_incident(server)
        assert (incident["title"], incident["service"], incident["provisional"]) == ("Checkout is down", "api", "SEV1")
        client.acknowledge(key)
        assert the_incident(server)["status"] == "acknowledged"
        assert [it["via"] for it in server.events(incident["id"], "acknowledged")] == ["pagerduty-events"]
        client.resolve(key)
        assert server.events(incident["id"], "alerts_cleared")
        link = {"href": "https://ci.example/42", "text": "Build 42"}
        client.send_change_event({"summary": "Deployed api 4.2", "source": "ci"}, links=[link])
    assert [it["summary"] for it in server.get("changes", service="api")] == ["Deployed api 4.2"]


def test_alertmanagers_pagerduty_receiver_gets_through(reached: tuple[Server, Path], tmp_path: Path) -> None:
    server, chain = reached
    config = _CONFIG.format(key=routing_key(server), url=server.url, ca=chain)
    with alertmanager(tmp_path, config) as address:
        alert = firing("CheckoutDown")
        httpx2.post(f"http://{address}/api/v2/alerts", json=[alert], trust_env=False, timeout=30).raise_for_status()
        incident = the_incident(server)
        assert "CheckoutDown" in incident["title"]
        assert (incident["service"], incident["provisional"]) == ("api", "SEV1")
        alert["endsAt"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        httpx2.post(f"http://{address}/api/v2/alerts", json=[alert], trust_env=False, timeout=30).raise_for_status()
        until(lambda: server.events(incident["id"], "alerts_cleared"), "the alert has resolved")
    assert [it["id"] for it in server.get("incidents")] == [incident["id"]]
