"""What survives `kill -9` in the middle of a storm? Everything that was acknowledged, and every page that is due."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.audit import audit, events_taken, is_nothing_waiting
from tests.system.burst import ALERTS, Burst
from tests.system.server import Server
from tests.system.waiting import until
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, Script
from tocsin.simulate.sandbox.server import Sandbox

pytestmark = pytest.mark.system

ROUNDS = 10
_TAKEN = b'{"status": "success", "message": "Event processed", "dedup_key": "given"}'


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kill_9_in_a_storm_loses_no_alert_and_no_page(
    server: Server, sandbox: Sandbox, sent: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.script = slow_pagerduty(timedelta(milliseconds=10 * (seed % 5)))
    burst = Burst(seed)
    sending = burst.send(server)
    burst.wait_for_the_moment()
    server.kill()
    sending.join()
    assert burst.unanswered, "the storm was over before the kill: nothing was tried"

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


def slow_pagerduty(delay: timedelta) -> Script:
    """A PagerDuty that takes its time to answer, so that the kill meets pages that are taken and not yet settled."""

    def script(request: RecordedRequest) -> Response | None:
        is_event = request.path == "/v2/enqueue"
        return Response(202, _TAKEN, delay=delay, is_processed=True) if delay and is_event else None

    return script


def kill_while_pages_leave(server: Server, sent: Path) -> None:
    """Kill it once more as soon as it has sent a few more pages, or has none left."""
    before = len(events_taken(sent))
    until(lambda: len(events_taken(sent)) >= before + 5 or is_nothing_waiting(server.database), "pages leave")
    server.kill()
