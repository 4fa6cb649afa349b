"""Does a storm through a real Alertmanager page each target once for each incident, within the vendors' rates?

Five hundred alerts of six causes in ten seconds, by Alertmanager's webhook and by its PagerDuty receiver at a changed
address; meanwhile every incident is assessed, so that Slack is in it as well.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from tests.rota import steady_text
from tests.system import rates
from tests.system.audit import events_taken, is_nothing_waiting
from tests.system.monitoring import alertmanager
from tests.system.server import Json, Server, firing, routing_key
from tests.system.waiting import until
from tocsin.simulate.sandbox.recording import RecordedRequest
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

ALERTS = 500
SECONDS = 10
BATCH = 10
CAUSES = [(service, f"{service.title()}{number}") for service in ("website", "api", "app") for number in (1, 2)]
TEAMS = {"website": "platform", "api": "backend", "app": "frontend"}
BY_WEBHOOK = ALERTS - sum(CAUSES[number % len(CAUSES)][0] == "api" for number in range(ALERTS))
ROLES = (("incident_commander", "alice"), ("communications_lead", "emma"), ("technical_lead", "bob"))
NOTES = 5
MEMBERS = {"U0EXAMPLE05": "emma", "U0EXAMPLE06": "farid"}  # who is paged by Slack
_INCIDENT = re.compile(r"INC-\d{4}-\d{4}")

_CONFIG = """
route:
  receiver: webhook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes: [{{receiver: pager, matchers: ['service="api"']}}]
receivers:
  - name: webhook
    webhook_configs: [{{url: '{url}/intake/alertmanager/{intake_key}'}}]
  - name: pager
    pagerduty_configs: [{{routing_key: '{routing_key}', url: '{url}/v2/enqueue', severity: critical}}]
"""


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    """A server that pages those of the front end by Slack, and tells a stakeholders' channel."""
    text = steady_text()
    for person in MEMBERS.values():
        before, named, after = text.partition(f"[people.{person}]")
        text = before + named + after.replace('via = "pagerduty"', 'via = "slack"', 1)
    told = sandbox.slack.add("stakeholders")
    sop = tmp_path / "tocsin.toml"
    sop.write_text(text.replace("[slack]", f'[slack]\nstakeholders_channel = "{told.id}"', 1), encoding="utf-8")
    with Server(tmp_path, sandbox=sandbox, sop=sop) as server:
        yield server


def send_storm(address: str) -> None:
    """All alerts to Alertmanager, evenly over ten seconds, as Prometheus would."""
    alerts = [
        firing(name, service=service, severity="critical", instance=f"web-{number}")
        for number in range(ALERTS)
        for service, name in [CAUSES[number % len(CAUSES)]]
    ]
    began = time.monotonic()
    with httpx2.Client(base_url=f"http://{address}", trust_env=False, timeout=30) as client:
        for start in range(0, ALERTS, BATCH):
            time.sleep(max(0.0, began + start * SECONDS / ALERTS - time.monotonic()))
            client.post("/api/v2/alerts", json=alerts[start : start + BATCH]).raise_for_status()


def has_all_in(server: Server) -> bool:
    """Whether all that fires has come: of a group, the PagerDuty receiver makes one event."""
    found = [server.get(f"incidents/{it['id']}") for it in server.get("incidents")]
    firing_now = dict.fromkeys((False, True), 0)
    for it in found:
        firing_now[it["service"] == "api"] += it["alerts_firing"]
    return firing_now == {False: BY_WEBHOOK, True: 2}


def pages_in(sandbox: Sandbox, sent: Path) -> Counter[tuple[str, str]]:
    """How often each was paged for each incident, by PagerDuty and by Slack."""
    details = [it["payload"]["custom_details"] for it in events_taken(sent) if it["event_action"] == "trigger"]
    found = Counter((it["incident"], it["person"]) for it in details if it["urgency"] == "page")
    for channel in (it for it in sandbox.slack.channels.values() if it.is_direct):
        told = [it.text for it in channel.messages if it.text.startswith("Page")]
        found.update((_INCIDENT.findall(text)[-1], MEMBERS[channel.name]) for text in told)
    return found


def respond(server: Server, incident: str) -> None:
    """A response that has much to say in Slack, faster than people could give it."""
    work = f"incidents/{incident}"
    server.post(f"{work}/acknowledge", by="alice")
    server.post(f"{work}/assess", severity="SEV1", reason="all users", by="alice")
    for role, person in ROLES:
        server.post(f"{work}/roles", role=role, person=person, by="alice")
    for number in range(NOTES):
        server.post(f"{work}/notes", text=f"note {number}", by="alice")
    server.post(f"{work}/resolve", note="confirmed", by="alice")


def test_storm_pages_each_target_once_for_each_incident_within_the_vendors_rates(
    server: Server, sandbox: Sandbox, sent: Path, tmp_path: Path
) -> None:
    primary = {team["team"]: team["primary"] for team in server.get("oncall")}
    config = _CONFIG.format(url=server.url, intake_key=server.intake_key, routing_key=routing_key(server))
    with alertmanager(tmp_path, config) as address:
        send_storm(address)
        until(lambda: has_all_in(server), "all alerts are in")
    incidents: list[Json] = server.get("incidents")
    assert Counter(it["service"] for it in incidents) == dict.fromkeys(TEAMS, 2)
    due = {(str(it["id"]), primary[TEAMS[it["service"]]]): 1 for it in incidents}
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    assert pages_in(sandbox, sent) == due

    for it in incidents:
        respond(server, str(it["id"]))
    until(lambda: is_nothing_waiting(server.database), "everything is sent", within=60)
    assert pages_in(sandbox, sent) == due
    assert len([it for it in sandbox.slack.channels.values() if it.name.startswith("inc-")]) == len(CAUSES)
    assert rates.faults_in(sandbox.requests) == []


BEGAN = datetime(2026, 11, 26, tzinfo=UTC)
EVENT = json.dumps({"routing_key": "k"}).encode()


def sent_apart(count: int, seconds: float, path: str, body: bytes = b"channel=C1") -> list[RecordedRequest]:
    moments = (BEGAN + timedelta(seconds=seconds * number) for number in range(count))
    return [RecordedRequest(at, "POST", path, "", {}, body) for at in moments]


@pytest.mark.parametrize(
    ("requests", "faults"),
    [
        (sent_apart(300, 0.5, "/v2/enqueue", EVENT), []),
        (sent_apart(121, 0.4, "/v2/enqueue", EVENT), ["PagerDuty: 121 events in a minute for one key"]),
        (sent_apart(100, 1, "/api/chat.postMessage"), []),
        (sent_apart(16, 0.6, "/api/chat.postMessage"), ["Slack: 16 messages in 0:00:10 to C1"]),
        (sent_apart(60, 3, "/api/pins.add"), []),
        (sent_apart(60, 2.5, "/api/pins.add"), ["Slack: 24 times pins.add in a minute"]),
    ],
)
def test_rate_that_is_exceeded_is_seen(requests: list[RecordedRequest], faults: list[str]) -> None:
    assert rates.faults_in(requests) == faults
