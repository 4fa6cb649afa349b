"""What does the API say of Tocsin itself, to whom, and how does a job call?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import Api, running
from tests.system.waiting import until
from tocsin.engine.watch.alarms import Trouble
from tocsin.sop.load import load_text

SOP = load_text('[[heartbeats]]\nname = "backup"\nevery = "24h"\n', "tocsin.toml")
LATE = "deadlines are 0:10:00 late – für alle"


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[Api]:
    """A node on which an invariant doesn't hold, as its auditor says."""
    with running(tmp_path, sop=SOP) as api:
        api.node.watch.alarms.state(Trouble.AUDIT, {"7": LATE}, api.node.clock.now())
        yield api


def test_alarm_is_told_with_every_answer_to_somebody_who_may_read(troubled: Api) -> None:
    header = "audit: deadlines are 0:10:00 late ? f?r alle"
    for path in ("/api/v1/incidents", "/api/v1/incidents/INC-1"):
        assert troubled.ask("GET", path).headers["Tocsin-Alarm"] == header
    for path in (f"/incidents/{troubled.declare()}", "/incidents/INC-1"):
        assert troubled.see(path).headers["Tocsin-Alarm"] == header


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/incidents"),
        ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/incidents"),
        ("GET", "/incidents/INC-1"),
        ("GET", "/incidents/INC-1/nothing"),
        ("POST", "/incidents/INC-1/notes"),
        ("GET", "/healthz"),
    ],
)
def test_strangers_are_not_told_of_an_alarm_whatever_they_are_answered(troubled: Api, method: str, path: str) -> None:
    for token in (None, "tocsin_wrong", troubled.intake):
        response = troubled.ask(method, path, token=token, headers={"Accept": "text/html"})
        assert "Tocsin-Alarm" not in response.headers, response.status_code


def test_alarm_stands_at_the_head_of_every_page(troubled: Api) -> None:
    assert f"audit: {LATE}" in troubled.see("/").text
    troubled.node.watch.alarms.state(Trouble.AUDIT, {}, troubled.node.clock.now())
    assert "in trouble" not in troubled.see("/").text


def unready(api: Api, token: str | None) -> Any:
    """What is told to whoever brings the token, on a node that is late."""

    def answer() -> Any:
        # Told anew each time: the watchman looks as well, and sees that it isn't so.
        api.node.watch.alarms.state(Trouble.WAKER, {"": LATE}, api.node.clock.now())
        response = api.ask("GET", "/readyz", token=token)
        return response.json() if response.status_code == 503 else None

    return until(answer, "the node is not ready")


def test_node_that_is_late_is_not_ready_and_says_why(troubled: Api) -> None:
    assert troubled.ask("GET", "/readyz", token=None).status_code == 200  # a breach by itself is no reason
    told = unready(troubled, troubled.admin)
    assert (told["ready"], told["why"]) == (False, [LATE])
    assert {it["id"] for it in told["alarms"]} == {"waker", "audit:7"}
    assert {it["text"] for it in told["alarms"]} == {LATE}
    assert [it["text"] for it in troubled.do("get_alarms") if it["id"] == "audit:7"] == [LATE]


def test_strangers_learn_that_a_node_is_not_ready_and_no_more_of_its_alarms_than_their_kinds(troubled: Api) -> None:
    for token in (None, "tocsin_wrong", troubled.intake):
        told = unready(troubled, token)
        assert (told["ready"], told["why"]) == (False, ["waker"])
        assert {it["kind"] for it in told["alarms"]} == {"waker", "audit"}
        assert {name for it in told["alarms"] for name in it} == {"kind", "since"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_job_calls_with_the_key_for_monitoring(troubled: Api, method: str) -> None:
    response = troubled.ask(method, f"/heartbeat/backup/{troubled.intake}", token=None)
    assert (response.status_code, response.json()) == (200, {})
    (job,) = troubled.do("get_heartbeats")
    assert (job["name"], job["is_missed"]) == ("backup", False)
    assert job["last_at"] < job["due_at"]


def test_job_with_a_wrong_key_or_name_is_refused(troubled: Api) -> None:
    assert troubled.ask("POST", "/heartbeat/backup/tocsin_intake_wrong", token=None).status_code == 401
    assert troubled.ask("POST", f"/heartbeat/cleanup/{troubled.intake}", token=None).status_code == 404
    assert troubled.ask("POST", f"/heartbeat/backup/{troubled.admin}", token=None).status_code == 403


def test_metrics_name_no_incident(troubled: Api) -> None:
    incident = troubled.declare("Checkout is down")
    text = troubled.ask("GET", "/metrics", token=None).text
    assert incident not in text
    assert "Checkout" not in text
    assert 'tocsin_alarms{kind="audit"} 1.0' in text
