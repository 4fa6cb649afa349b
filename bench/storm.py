"""How many alerts a second are taken, durably, beside Alertmanager, which keeps them in memory? (items 1, 2, 3, 8)"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from bench.figures import Figure, at_least, at_most, middle, told
from bench.load import Kind, Load, Outcome, Target, drive
from bench.servers import Database, alertmanager, stand_in, tocsin


class Storm(Struct, frozen=True):
    """One kind of storm, and how many times Alertmanager's rate is wanted of it."""

    name: str
    load: Load
    goal: float
    p99_goal: float | None = None


def storms(seconds: int) -> tuple[Storm, ...]:
    """The three that are measured, each for so long a round."""
    return (
        Storm("new alerts, 500 a request, 4 connections", Load(Kind.NEW, 500, 4, seconds), goal=1.5),
        Storm("repeated alerts, 500 a request, 4 connections", Load(Kind.REPEATED, 500, 4, seconds), goal=2.0),
        Storm("single alerts, 20 connections", Load(Kind.NEW, 1, 20, seconds), goal=0.7, p99_goal=25),
    )


def measure(quick: bool, database: Database | None = None, nodes: int = 1) -> list[Figure]:
    """Both servers in turn, round after round; the medians of the rounds, and their ratio."""
    rounds, seconds = (2, 1) if quick else (5, 3)
    where = f"PostgreSQL, {nodes} node{'s' if nodes > 1 else ''}" if database else "SQLite"
    figures: list[Figure] = []
    for storm in storms(seconds):
        with stand_in() as pager, alertmanager(pager) as peer, tocsin(pager, database, nodes) as own:
            theirs, ours = [], []
            for number in range(rounds):
                theirs.append(_round([peer], storm.load, number))
                ours.append(_round(own, storm.load, number))
        figures += _compared(f"{where}: {storm.name}", storm, ours, theirs)
    return figures


def _round(targets: Sequence[Target], load: Load, number: int) -> Outcome:
    """Repeated alerts are sent once before they are measured: from the second time on they are repetitions."""
    if load.kind is Kind.REPEATED:
        if not number:
            drive(targets, load, "storm")
        return drive(targets, load, "storm")
    return drive(targets, load, f"round-{number}")


def _compared(name: str, storm: Storm, ours: list[Outcome], theirs: list[Outcome]) -> list[Figure]:
    own, peer = (middle([it.alerts_a_second for it in outcomes]) for outcomes in (ours, theirs))
    figures = [
        told(f"{name}: Tocsin", own, "alerts/s"),
        told(f"{name}: Alertmanager", peer, "alerts/s"),
        at_least(f"{name}: ratio", own / peer, "x", storm.goal),
    ]
    if storm.p99_goal:
        figures.append(at_most(f"{name}: p99", middle([it.p99 for it in ours]), "ms", storm.p99_goal))
    return figures


def two_against_one(figures: Sequence[Figure]) -> Iterator[Figure]:
    """How two nodes on one PostgreSQL compare with one."""
    values = {it.name: it.value for it in figures}
    for storm in storms(1):
        name = f"{storm.name}: Tocsin"
        ratio = values[f"PostgreSQL, 2 nodes: {name}"] / values[f"PostgreSQL, 1 node: {name}"]
        yield at_least(f"PostgreSQL, two nodes against one: {storm.name}", ratio, "x", 1.0)


if __name__ == "__main__":
    import sys

    for figure in measure("--quick" in sys.argv):
        print(figure)
