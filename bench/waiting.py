"""Does it cost more to wait for more? Wake-ups found, decided and saved, however many incidents sleep (item 6).

python -m bench.waiting [--quick] [--postgres]
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx2
from tests.postgres import Cluster
from tests.system.waiting import until

from bench.figures import Figure, at_most, middle, told
from bench.places import planted, tell
from bench.seeding import Due, Plan
from bench.servers import Node, stand_in, workplace
from bench.sleepers import Sleepers
from tocsin.store import codec
from tocsin.store.open import open_store
from tocsin.store.snapshot import moment_of

_NEXT = 1_000
_ROUNDS = 5
_BURST = 10_000
_OVERDUE = 1_000


def measure(quick: bool, cluster: Cluster | None = None) -> list[Figure]:
    """All figures of this module, in SQLite files, or in databases of the cluster."""
    sizes = (1_000, 20_000) if quick else (1_000, 100_000, 1_000_000)
    return [*_growth(sizes, cluster), *_served(20_000 if quick else 100_000, cluster)]


# --- the next thousand -----------------------------------------------------------------------------------------------


def _growth(sizes: Sequence[int], cluster: Cluster | None) -> list[Figure]:
    """The next thousand wake-ups of so many, and what looks after everything beside them."""
    figures: list[Figure] = []
    costs: list[float] = []
    for size in sizes:
        cost, of_watching = _of_the_next(size, cluster)
        costs.append(cost)
        figures += [told(f"next {_NEXT:,} wake-ups of {size:,}", cost * 1_000, "ms"), *of_watching]
    name = f"next {_NEXT:,} wake-ups: {sizes[-1]:,} against {sizes[0]:,}"
    return [*figures, at_most(name, costs[-1] / costs[0], "x", 1.5)]


def _of_the_next(size: int, cluster: Cluster | None) -> tuple[float, list[Figure]]:
    """The median of some rounds, the first of which doesn't count; each round wakes incidents that none has yet."""
    rounds = _ROUNDS + 1
    in_one = min(rounds, size // _NEXT)
    took: list[float] = []
    for _ in range(0, rounds, in_one):
        with workplace() as directory:
            url = planted(Plan(size, datetime.now(UTC)), directory, cluster)
            with closing(open_store(url)) as store:
                sleepers = Sleepers(store)
                took += asyncio.run(_woken(sleepers, in_one))
                figures = _watching(sleepers, size) if size > _NEXT else []
    return middle(took[1:]), figures


def _watching(sleepers: Sleepers, size: int) -> list[Figure]:
    names = ("one look of the watchman", "one audit", "longest commit meanwhile")
    took = asyncio.run(sleepers.watched())
    return [told(f"{name}, {size:,} open", seconds * 1_000, "ms") for name, seconds in zip(names, took, strict=True)]


async def _woken(sleepers: Sleepers, rounds: int) -> list[float]:
    async with sleepers.running():
        return [await sleepers.wake(_NEXT) for _ in range(rounds)]


# --- a real server ---------------------------------------------------------------------------------------------------


def _served(size: int, cluster: Cluster | None) -> list[Figure]:
    """A server that starts with pages overdue, and later has thousands of deadlines in one second."""
    for patience in (1, 3):
        took = _first_page_and_burst(size, cluster, timedelta(seconds=patience * (10 + size * 0.0004)))
        if took is not None:
            first_page, fired = took
            return [
                at_most(f"first overdue page after start, {size:,} open", first_page, "s", 2),
                at_most(f"{_BURST:,} deadlines of one second, {size:,} open: all fired", fired, "s", 5),
            ]
    raise RuntimeError("the machine is too busy to make the database in time")


def _first_page_and_burst(size: int, cluster: Cluster | None, ahead: timedelta) -> tuple[float, float] | None:
    """The seconds that both take; None where the server was not there in time, so much `ahead` of the deadlines."""
    now = datetime.now(UTC)
    overdue, burst = Due(_OVERDUE, now - timedelta(minutes=1)), Due(_BURST, now + ahead)
    with workplace() as directory, stand_in() as pager:
        url = planted(Plan(size, now, quiet=ahead + timedelta(seconds=90), due=(overdue, burst)), directory, cluster)
        began = time.monotonic()
        with _launched(Node(directory, pager, url if cluster else None)):
            until(lambda: httpx2.get(f"{pager}/count", trust_env=False).json(), "the first page has come")
            first_page = time.monotonic() - began
            if datetime.now(UTC) > burst.at:
                return None
            return first_page, _seconds_until_fired(url, burst.at)


@contextmanager
def _launched(node: Node) -> Iterator[None]:
    """The server's process from its first moment on."""
    with node.launch() as process:
        try:
            yield
        finally:
            process.kill()


def _seconds_until_fired(url: str, due_at: datetime) -> float:
    """From the beginning of the second in which they are due until the last has fired, durably."""
    time.sleep(max(0.0, (due_at - datetime.now(UTC)).total_seconds()))
    end = due_at + timedelta(seconds=1)
    until(lambda: datetime.now(UTC) > end and not _asked(url, _SLEEPING, codec.to_column(end)), "all are awake")
    took = (datetime.now(UTC) - due_at).total_seconds()
    fired = _asked(url, _FIRED, codec.to_column(due_at))
    if fired < _BURST:
        raise RuntimeError(f"{_BURST} deadlines were due, and {fired} incidents have an event since then")
    return took


_SLEEPING = "SELECT count(*) FROM incidents WHERE wake_at < ?"
_FIRED = "SELECT count(DISTINCT incident) FROM events WHERE at >= ?"


def _asked(url: str, sql: str, value: int) -> int:
    with moment_of(url) as (reads, _):
        return int(reads.all(sql, value)[0][0])


if __name__ == "__main__":
    tell(measure, sys.argv[1:])
