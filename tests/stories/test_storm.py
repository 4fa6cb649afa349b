"""The promise: a storm pages one person once, and nobody else waits for it."""

from collections import Counter
from pathlib import Path

import pytest

from tests.system.audit import events_taken, is_nothing_waiting
from tests.system.server import Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

ALERTS = 2_000


def test_two_thousand_alerts_of_one_cause_wake_one_person_once(tmp_path: Path, sandbox: Sandbox) -> None:
    storm = [
        firing("HostUnreachable", severity="critical", service="website", instance=f"web-{number}")
        for number in range(ALERTS)
    ]
    with Server(tmp_path, sandbox=sandbox) as server:
        for start in range(0, ALERTS, 100):
            server.send_alerts(*storm[start : start + 100])
        server.send_alerts(firing("PaymentsFail", severity="critical", service="api"))
        server.send_alerts(*storm)  # Prometheus repeats what fires
        until(lambda: is_nothing_waiting(server.database), "everything is sent")

        (of_the_storm,) = [it for it in server.get("incidents") if it["service"] == "website"]
        assert server.get(f"incidents/{of_the_storm['id']}")["alerts_firing"] == ALERTS
        on_call = {it["team"]: it["primary"] for it in server.get("oncall")}
        triggers = [it["payload"] for it in events_taken(tmp_path / "sent.jsonl") if it["event_action"] == "trigger"]
        woken = Counter(it["custom_details"]["person"] for it in triggers if it["class"] == "page")
        assert woken == {on_call["platform"]: 1, on_call["backend"]: 1}
