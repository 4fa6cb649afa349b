"""Is anything lost, wherever a server dies? Point after point of a response: commits, requests, before and after."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.checker.check import faults_in
from tests.system.checker.evidence import Evidence, gather
from tests.system.crash.databases import SqliteFile
from tests.system.crash.installation import Installation
from tests.system.crash.rounds import POSTGRESQL, calm_on_postgresql, two_nodes
from tests.system.outcome import Outcome
from tests.system.outside import Outside
from tests.system.server import firing

pytestmark = pytest.mark.system

SPEED = 60.0
POINTS = tuple(point for point in range(1, 181) if point % 9 % 2 == 0)  # a hundred, before and after of everything
FEWEST = 120  # how many the response has at least: what waits at the same time is one commit


def respond(outside: Outside, settle: Callable[[], object]) -> None:
    """An alert, its page and what people do about it, one after the other."""
    outside.send_alerts(firing("CheckoutDown", severity="critical", service="website"))
    settle()
    (incident,) = [it["id"] for it in outside.get("incidents?state=all")]
    outside.act(incident, "assess", by="alice", severity="SEV1", reason="nobody can pay")
    settle()
    outside.act(incident, "acknowledge", by="alice")
    outside.act(incident, "roles", by="alice", role="incident_commander", person="alice")
    outside.act(incident, "pages", by="alice", target="secondary", reason="your eyes are needed")
    settle()
    outside.act(incident, "updates", by="alice", text="rolling back")
    outside.act(incident, "resolve", by="alice", note="confirmed")
    settle()


def play(directory: Path, dies_at: int) -> tuple[list[str], Evidence]:
    """The response with a death at that point: where that was, and what is known in the end."""
    database = SqliteFile(directory)
    installation = Installation(directory, database, dooms=(dies_at,), TOCSIN_CLOCK_SPEED=str(SPEED))
    with installation, closing(Outside(installation.urls, installation.token, installation.mend)) as outside:
        respond(outside, installation.settle)
        settled = installation.come_to_rest()
        deaths = installation.deaths
        assert [*installation.faults, *outside.faults] == []
        return deaths, gather(
            database.ask, installation.sent, outside.promises, settled=settled, crashes=len(deaths), speed=SPEED
        )


@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_wherever_the_server_dies(tmp_path: Path, point: int) -> None:
    deaths, evidence = play(tmp_path, point)
    assert faults_in(evidence) == []
    assert len(deaths) == 1 or point > FEWEST


@pytest.mark.parametrize("first", [1, 2])
def test_nothing_is_lost_wherever_one_of_two_nodes_dies(
    tmp_path: Path, first: int, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [*range(first, 51, 2), *range(51 - first, 0, -2)]  # fifty, each in either round
    with two_nodes(first, tmp_path, points) as drill:
        drill.respond_until_dead(len(points))
        outcome = drill.outcome(POSTGRESQL)
    tell(outcome, capsys)
    assert outcome.broken == []
    assert outcome.kills == len(points)


def test_nothing_is_sent_twice_where_no_node_dies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = calm_on_postgresql(1, tmp_path)
    tell(outcome, capsys)
    assert outcome.broken == []
    assert outcome.pages_repeated == 0


def test_nothing_is_lost_or_sent_anew_by_a_node_that_stood_still(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with two_nodes(1, tmp_path, ()) as drill:
        drill.respond_while_one_stands_still()
        outcome = drill.outcome(POSTGRESQL)
    tell(outcome, capsys)
    assert outcome.broken == []


def tell(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures of a round."""
    with capsys.disabled():
        print(f"\n{outcome.line}")  # noqa: T201
