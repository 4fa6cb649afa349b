"""Which rounds of failing machines are there? PostgreSQL's primary fails again and again under two nodes at work."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from tests.system.cluster.database import RemoteDatabase
from tests.system.cluster.faults import FAULTS, Fault
from tests.system.cluster.machine import Network
from tests.system.cluster.patroni import Cluster
from tests.system.cluster.probe import Probe
from tests.system.crash.drill import Drill
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import quick_moods
from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome
from tests.system.waiting import until

T = TypeVar("T")

FAIL_OVERS = "fail-overs"
_FAULTS_A_ROUND = 6
_BACK_WITHIN_SECONDS = 10.0
_PATIENCE_SECONDS = 60.0


def fail_overs(seed: int, directory: Path) -> Outcome:
    """Half a dozen ways for a primary to fail, while people and monitoring go on."""
    faults = random.Random(seed).sample(FAULTS, _FAULTS_A_ROUND)
    return fail_over(seed, directory, faults)


def fail_over(seed: int, directory: Path, faults: list[Fault], *, back_within: float = _BACK_WITHIN_SECONDS) -> Outcome:
    """One primary after the other is struck, and put right again.

    Nodes are to be back `back_within` seconds of the instant at which the new primary takes writes.
    """
    with ThreadPoolExecutor(1) as aside, Network() as network, Cluster(network) as cluster:
        sop = str(hurried_sop(directory))
        installation = Installation(directory, RemoteDatabase(cluster.hosts), nodes=2, TOCSIN_SOP=sop)
        with Drill(seed, installation, minute=1.0) as drill:
            drill.feel(quick_moods(random.Random(seed)))
            round_ = _FailOver(cluster, drill, aside)
            with _probes(installation) as probes:
                back = [round_.strike(fault, probes) for fault in faults]
            promises = [promise for probe in probes for promise in probe.promises]
            outcome = drill.outcome(FAIL_OVERS, mishaps=len(faults), promises=promises)
    slow = [
        f"a node was back {seconds:.1f} s after a primary was {fault.words}, and its successor took writes"
        for fault, seconds in zip(faults, back, strict=True)
        if seconds > back_within
    ]
    return replace(
        outcome,
        failovers=len(faults),
        broken=[*outcome.broken, *slow],
        notes={"alerts promised to probes": len(promises), "seconds until back": max(back)},
    )


class _FailOver:
    """A cluster that fails under a drill; what waits for it is done `aside`, while people and monitoring go on."""

    def __init__(self, cluster: Cluster, drill: Drill, aside: ThreadPoolExecutor) -> None:
        self._cluster = cluster
        self._drill = drill
        self._aside = aside

    def strike(self, fault: Fault, probes: list[Probe]) -> float:
        """Let the primary fail, and another one take over; seconds from its first write until every node was back."""
        primary = self._cluster.primary()
        fault.strike(self._cluster, primary)
        written_at = self._meanwhile(lambda: self._cluster.wait_for_writes(but=primary))
        back = self._meanwhile(lambda: max(_seconds_until_back(probe, written_at) for probe in probes))
        fault.mend(self._cluster, primary)
        self._meanwhile(self._cluster.wait_until_whole)
        return back

    def _meanwhile(self, work: Callable[[], T]) -> T:
        future: Future[T] = self._aside.submit(work)
        self._drill.respond_until(future.done)
        return future.result()


def _seconds_until_back(probe: Probe, since: float) -> float:
    """When the node took an alert again."""
    until(lambda: probe.taken_at > since, "the node is back", _PATIENCE_SECONDS)
    return time.monotonic() - since


@contextmanager
def _probes(installation: Installation) -> Iterator[list[Probe]]:
    token = installation.token()
    with ExitStack() as stack:
        yield [stack.enter_context(Probe(url, token)) for url in installation.urls()]
