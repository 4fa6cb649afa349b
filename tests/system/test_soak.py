"""Is a soak's verdict right? Its shares of time, its table, and that nothing which breaks can pass."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.system import soak
from tests.system.outcome import Outcome, table
from tests.system.rounds import Round

SQLITE, POSTGRESQL = "kills on SQLite", "kills on PostgreSQL"


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(SQLITE, 1, pages_lost=1),
        Outcome(SQLITE, 1, under_two_keys=1),
        Outcome(SQLITE, 1, broken=["[17] INC-2026-0001: its timeline has gaps"]),
    ],
)
def test_what_is_lost_or_broken_is_a_breach(outcome: Outcome) -> None:
    assert outcome.is_breach
    assert outcome.line.startswith("BROKEN: kills on SQLite, seed 1")


def test_a_round_that_holds_is_none() -> None:
    outcome = Outcome(SQLITE, 7, kills=24, pages_due=10, pages_repeated=3, seconds=5.0, notes={"back after": 2.0})
    assert not outcome.is_breach
    assert outcome.line == "held: kills on SQLite, seed 7: 24 kills, 10 pages due, 3 repeated, back after 2.0 in 5.0 s"


def test_the_table_adds_up_by_kind_and_in_all() -> None:
    outcomes = [Outcome(SQLITE, 1, kills=24), Outcome(SQLITE, 2, kills=6), Outcome(POSTGRESQL, 3, kills=40, stops=1)]
    rows = [line.split() for line in table(outcomes).splitlines()]
    assert rows[0][:3] == ["rounds", "kills", "stops"]
    assert [row[-9:-6] for row in rows[1:]] == [["2", "30", "0"], ["1", "40", "1"], ["3", "70", "1"]]


def test_each_kind_of_round_has_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, short=Round(holds, share=1), long=Round(holds, share=3))
    schedule = soak.Schedule(["short", "long"])
    for _ in range(40):
        kind = schedule.begin()
        assert kind is not None
        schedule.end(Outcome(kind, 1, seconds=10.0 if kind == "long" else 2.0))
    assert schedule.spent["long"] == pytest.approx(3 * schedule.spent["short"], rel=0.3)


def test_a_kind_that_must_be_alone_never_runs_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, alone=Round(holds, share=1, at_once=1))
    schedule = soak.Schedule(["alone"])
    assert schedule.begin() == "alone"
    assert schedule.begin() is None


def holds(seed: int, directory: Path) -> Outcome:
    return Outcome("a kind", seed)


def fails(seed: int, directory: Path) -> Outcome:
    raise AssertionError("not within 90 seconds: everything is sent")


def breaks(seed: int, directory: Path) -> Outcome:
    return Outcome("a kind", seed, broken=["[1] the alert is lost"])


@pytest.mark.parametrize(("play", "is_kept"), [(holds, False), (fails, True), (breaks, True)])
def test_a_round_that_breaks_keeps_its_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, play: Callable[[int, Path], Outcome], is_kept: bool
) -> None:
    use(monkeypatch, **{"a kind": Round(play, share=1)})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outcome = soak.play("a kind", 1)
    assert outcome.is_breach == is_kept
    assert bool(list(tmp_path.iterdir())) == is_kept


def test_a_soak_without_a_round_proves_nothing(tmp_path: Path) -> None:
    arguments = ["--minutes", "0", "--report", str(tmp_path / "soak.json")]
    assert CliRunner().invoke(soak.main, arguments).exit_code == 1


def use(monkeypatch: pytest.MonkeyPatch, **rounds: Round) -> None:
    monkeypatch.setattr(soak, "ROUNDS", rounds)
