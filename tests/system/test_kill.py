"""What survives `kill -9` in the middle of a storm? Everything that was acknowledged, and every page that is due."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.audit import audit, events_taken, is_nothing_waiting
from tests.system.burst import ALERTS, Burst, identity
from tests.system.crash.sop import patient_sop
from tests.system.server import Json, Server, firing
from tests.system.waiting import until
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

ROUNDS = 10
SPEED = 20.0  # engine seconds a second: in a storm somebody is paged once a minute
_TAKEN = b'{"status": "success", "message": "Event processed", "dedup_key": "given"}'


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[Server]:
    """A server in a hurry, whose ladders take their time: only the storm itself pages."""
    with Server(tmp_path, sandbox=sandbox, sop=patient_sop(tmp_path), TOCSIN_CLOCK_SPEED=str(SPEED)) as server:
        yield server


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kill_9_in_a_storm_loses_no_alert_and_no_page(
    server: Server, sandbox: Sandbox, sent: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    delay = timedelta(milliseconds=10 * (seed % 5))
    sandbox.script = slow_pagerduty(delay, takes=seed % 2 == 0)
    burst = Burst(seed, at_the_moment=lambda: os.kill(server.pid, signal.SIGKILL))
    sending = burst.send(server)
    burst.wait_for_the_moment()
    server.kill()
    sending.join()
    assert burst.unanswered, "the storm was over before the kill: nothing was tried"

    sandbox.script = slow_pagerduty(delay, takes=True)
    server.start()
    kill_while_pages_leave(server, sent)
    server.start()
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    found = audit(server, sent, burst.acknowledged)
    assert found.faults == []

    acknowledged, survivors = len(burst.acknowledged), len(server.get("alerts", limit=5000))
    burst.send(server).join()  # Prometheus repeats what fires
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    again = audit(server, sent, burst.acknowledged)
    assert again.faults == []
    assert len(burst.acknowledged) == len(server.get("alerts", limit=5000)) == ALERTS
    with capsys.disabled():
        print(  # noqa: T201  # the figures of the round
            f"\nkill -9, round {seed}: {acknowledged} alerts acknowledged, {survivors} kept, 0 lost; "
            f"{found.incidents} incidents, {found.pages} pages, 0 lost, {found.repeats} repeated under their key"
        )


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        pytest.param(lambda events: [], "never paged: ", id="a page that never arrived"),
        pytest.param(
            lambda events: [*events, with_key(events[0], "another")], " went out under 2 keys", id="a new key"
        ),
        pytest.param(lambda events: [*events, about(events[0], "INC-1")], "a page of no incident: ", id="a ghost"),
    ],
)
def test_the_audit_notices(server: Server, sent: Path, damage: Callable[[list[Json]], list[Json]], fault: str) -> None:
    """The checker of this file, turned against itself."""
    alert = firing("CheckoutDown", severity="critical", service="website")
    server.send_alerts(alert)
    until(lambda: is_nothing_waiting(server.database), "everything is sent")
    assert audit(server, sent, [identity(alert["labels"])]).faults == []
    assert audit(server, sent, [identity({"alertname": "Other"})]).faults == ["lost: [('alertname', 'Other')]"]

    forged = sent.with_name("forged.jsonl")
    lines = [{"path": "/v2/enqueue", "status": 202, "body": json.dumps(event)} for event in damage(events_taken(sent))]
    forged.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert any(fault in found for found in audit(server, forged, []).faults)


def with_key(event: Json, key: str) -> Json:
    return {**event, "dedup_key": key}


def about(event: Json, incident: str) -> Json:
    payload = event["payload"]
    return {**event, "payload": {**payload, "custom_details": {**payload["custom_details"], "incident": incident}}}


def slow_pagerduty(delay: timedelta, *, takes: bool) -> Script:
    """A PagerDuty that takes its time to answer, so that the kill meets pages that were sent and are not yet settled.

    Either it takes them, or it fails and would have to be asked again.
    """
    answer = Response(202, _TAKEN, delay=delay, is_processed=True) if takes else Response(503, delay=delay)

    def script(request: RecordedRequest) -> Response | None:
        return answer if request.path == "/v2/enqueue" else None

    return script


def kill_while_pages_leave(server: Server, sent: Path) -> None:
    """Kill it once more as soon as it has sent a few more pages, or has none left."""
    before = len(events_taken(sent))
    until(lambda: len(events_taken(sent)) >= before + 5 or is_nothing_waiting(server.database), "pages leave")
    server.kill()
