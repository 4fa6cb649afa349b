"""Does it hold for an hour? Round after round of kills and faults, for as many minutes as there are, and one table.

    python -m tests.system.soak --minutes 60 [--seed 1]                             # make soak MINUTES=60 [SEED=1]
    python -m tests.system.soak --seed 4711 --rounds 1 --kind "kills on SQLite"     # plays one round again

Each kind of round has its share of the time. A round that breaks anything keeps its directory, and tells its number:
the same alerts, people, moods and points of death; what the kernel schedules in between is its own.
"""

import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import click
import msgspec

from tests.system.outcome import Outcome, table
from tests.system.rounds import ROUNDS

_AT_ONCE = 2
_FIRST_GUESS_SECONDS = 10.0


def play(kind: str, seed: int) -> Outcome:
    """One round, in a directory of its own, which is kept where anything broke."""
    directory = Path(tempfile.mkdtemp(prefix="tocsin-soak-"))
    began = time.monotonic()
    try:
        outcome = ROUNDS[kind].play(seed, directory)
    except Exception as error:  # a round that fails is a finding as well, and the others go on
        (directory / "failure.txt").write_text(traceback.format_exc())
        outcome = Outcome(kind, seed, broken=[f"the round failed: {type(error).__name__}: {str(error)[:500]}"])
    if outcome.is_breach:
        outcome = msgspec.structs.replace(outcome, kept=str(directory))
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return msgspec.structs.replace(outcome, seconds=time.monotonic() - began)


class Schedule:
    """Which kind of round is next? The one that is furthest behind its share of the time."""

    def __init__(self, kinds: list[str]) -> None:
        self.spent = dict.fromkeys(kinds, 0.0)
        self._length = dict.fromkeys(kinds, _FIRST_GUESS_SECONDS)
        self._running = dict.fromkeys(kinds, 0)

    def begin(self) -> str | None:
        """The kind to begin with now; None where no further one may run beside those that do."""
        free = [kind for kind, count in self._running.items() if count < ROUNDS[kind].at_once]
        if not free:
            return None
        kind = min(free, key=self._progress)
        self._running[kind] += 1
        return kind

    def end(self, outcome: Outcome) -> None:
        """A round is over."""
        self._running[outcome.kind] -= 1
        self.spent[outcome.kind] += outcome.seconds
        self._length[outcome.kind] = outcome.seconds

    def _progress(self, kind: str) -> float:
        return (self.spent[kind] + self._running[kind] * self._length[kind]) / ROUNDS[kind].share


def soak(kinds: list[str], seed: int, minutes: float, rounds: int | None) -> Iterator[Outcome]:
    """Rounds as they end; none begins after the time is over, or once so many have begun."""
    schedule = Schedule(kinds)
    end_at = time.monotonic() + minutes * 60
    begun = 0
    running: set[Future[Outcome]] = set()
    with ProcessPoolExecutor(_AT_ONCE, mp_context=get_context("spawn")) as pool:
        while True:
            while len(running) < _AT_ONCE and time.monotonic() < end_at and begun != rounds:
                kind = schedule.begin()
                if kind is None:
                    break
                running.add(pool.submit(play, kind, seed + begun))
                begun += 1
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                schedule.end(future.result())
                yield future.result()


@click.command()
@click.option("--minutes", type=float, default=10.0, show_default=True, help="How long rounds are begun.")
@click.option("--seed", type=int, help="The first round's number, the next has the next one; random unless given.")
@click.option("--rounds", type=int, help="How many rounds at most.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(ROUNDS)), help="Only rounds of this kind.")
@click.option("--report", type=click.Path(path_type=Path), default=Path("soak.json"), show_default=True)
def main(minutes: float, seed: int | None, rounds: int | None, kinds: tuple[str, ...], report: Path) -> None:
    """Play rounds, print what came of them, and fail if anything was lost or broken."""
    seed = random.randrange(10**9) if seed is None else seed
    began = time.monotonic()
    outcomes: list[Outcome] = []
    for outcome in soak(list(kinds or ROUNDS), seed, minutes, rounds):
        outcomes.append(outcome)
        at = int(time.monotonic() - began)
        click.echo(f"{at // 60:3}:{at % 60:02}  {outcome.line}")
        for fault in outcome.broken:
            click.echo(f"        {fault}")
        if outcome.kept:
            click.echo(f"        kept in {outcome.kept}")
    click.echo(table(outcomes))
    report.write_bytes(msgspec.json.format(msgspec.json.encode({"seed": seed, "minutes": minutes, "rounds": outcomes})))
    sys.exit(any(outcome.is_breach for outcome in outcomes) or not outcomes)


if __name__ == "__main__":
    main()
