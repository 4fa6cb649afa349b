"""How does a round of clock jumps go? Somebody sets the clock under a running ladder; its steps keep their distance.

Their distance is measured on this process's monotonic clock, which nobody sets.
"""

import os
import random
import time
from pathlib import Path

from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome
from tests.system.server import Server
from tests.system.waiting import until

CLOCK_JUMPS = "clock jumps"
HOUR, DAY = 3600.0, 86_400.0
JUMPS = (-HOUR, HOUR, DAY)
_SECOND_STEP_AFTER_SECONDS = 5.0  # five minutes, hurried
_CATCHES_UP = 1.1  # engine time that is behind goes so much faster
_LATE_SECONDS = 20.0
_REPOSITORY = Path(__file__).parents[3]


def clock_jumps(seed: int, directory: Path) -> Outcome:
    """The clock is set four times, back or ahead, each time in the middle of a step's wait."""
    return jump(seed, directory, random.Random(seed).choices(JUMPS, k=4))


def jump(seed: int, directory: Path, jumps: list[float]) -> Outcome:
    """The clock is set by so many seconds, one jump after the other."""
    skew = directory / "skew.txt"
    skew.write_text("0")
    server = Server(directory, sop=hurried_sop(directory), TOCSIN_TEST_SKEW=str(skew), PYTHONPATH=str(_REPOSITORY))
    server.module = "tests.system.cluster.skewed"
    with server:
        broken = [fault for seconds in jumps for fault in _jump(server, skew, seconds)]
    if DAY in jumps and "the clock has jumped ahead by" not in server.log.read_text():
        broken.append("[21] the clock was set a day ahead, and nobody was told")
    return Outcome(CLOCK_JUMPS, seed, broken=broken, notes={"jumps": len(jumps)})


def _jump(server: Server, skew: Path, seconds: float) -> list[str]:
    """What was wrong with a ladder under which the clock was set."""
    declared = time.monotonic()
    incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all of it")["id"])
    until(lambda: _steps(server, incident) >= 1, "the first step is carried out")
    began = time.monotonic()  # or somewhat earlier: a busy machine tells late
    _set(skew, float(skew.read_text()) + seconds)
    until(lambda: _steps(server, incident) >= 2, "the second step is carried out", within=60)
    ended = time.monotonic()
    after, at_most = ended - began, ended - declared
    server.post(f"incidents/{incident}/cancel", by="alice", reason="enough")
    if at_most < _SECOND_STEP_AFTER_SECONDS / _CATCHES_UP - 1:
        return [f"[21] the clock was set by {seconds:g} s, and a step came {at_most:.1f} s after the first one"]
    if after > _SECOND_STEP_AFTER_SECONDS + _LATE_SECONDS:
        return [f"[21] the clock was set by {seconds:g} s, and a step came only {after:.1f} s after the first one"]
    return []


def _steps(server: Server, incident: str) -> int:
    return len(server.events(incident, "step_fired"))


def _set(skew: Path, seconds: float) -> None:
    """Set the clock in one go: it is read all the time."""
    new = skew.with_suffix(".new")
    new.write_text(str(seconds))
    os.replace(new, skew)
