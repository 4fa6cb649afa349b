"""How does a round of partitions go? One of two nodes loses its database, in one direction or both, and finds it again.

Each node knows the database by an address of its own, and can be cut off alone. It goes on reaching the vendors: there
pages could go out twice. It is asked all the while, as by a monitoring that knows no better.
"""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tests.system.checker.evidence import requests_in
from tests.system.cluster.database import RemoteDatabase
from tests.system.cluster.lone import LonePostgres
from tests.system.cluster.machine import Machine, Network
from tests.system.cluster.probe import Probe
from tests.system.crash.drill import Drill
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import quick_moods
from tests.system.crash.sop import hurried_sop
from tests.system.outcome import Outcome
from tests.system.waiting import until

PARTITIONS = "partitions"
PAST_LEASES_SECONDS = 25.0
UNTIL_THE_OUTCRY_SECONDS = 95.0
_BACK_WITHIN_SECONDS = 30.0
_TURNS_BEFORE = 20
_QUIET_SECONDS = 15.0  # the other node goes on, but for what the lost one has left locked
_CALL = "/emergency"


class Cut(Struct, frozen=True):
    """A node that `words` tells of; `strike` gets the database's machine, and the address that the node knows."""

    words: str
    strike: Callable[[Machine, IPv4Address], None]


def _cut_off(machine: Machine, address: IPv4Address) -> None:
    machine.go_deaf(address)
    machine.go_mute(address)


CUTS = (
    Cut("cut off", _cut_off),
    Cut("not heard", Machine.go_deaf),  # by its database
    Cut("deaf", Machine.go_mute),  # to its database
)


def partitions(seed: int, directory: Path) -> Outcome:
    """One node is cut off for longer than its leases last, and once more until it calls for help."""
    chance = random.Random(seed)
    cuts = [(chance.choice(CUTS), PAST_LEASES_SECONDS), (chance.choice(CUTS), UNTIL_THE_OUTCRY_SECONDS)]
    return partition(seed, directory, cuts)


def partition(seed: int, directory: Path, cuts: list[tuple[Cut, float]]) -> Outcome:
    """One cut after the other, each for so many seconds."""
    with Network() as network, LonePostgres(network, addresses=2) as server:
        database = RemoteDatabase(server.hosts())
        each = [
            {"TOCSIN_DATABASE": f"postgresql://postgres@{server.hosts(address)}/tocsin"} for address in server.addresses
        ]
        emergency = directory / "emergency.toml"
        emergency.touch(mode=0o600)
        sop = str(hurried_sop(directory))
        installation = Installation(directory, database, each=each, TOCSIN_SOP=sop, TOCSIN_EMERGENCY=str(emergency))
        emergency.write_text(f'[[contacts]]\nname = "Erin Engel"\nwebhook = "{installation.vendors_url}{_CALL}"\n')
        with Drill(seed, installation, minute=1.0) as drill:
            drill.feel(quick_moods(random.Random(seed)))
            round_ = _Partition(server, installation, drill, random.Random(seed))
            with ExitStack() as stack:
                probes = [stack.enter_context(Probe(node.url, installation.token())) for node in installation.nodes]
                broken = [fault for cut, seconds in cuts for fault in round_.strike(cut, seconds, probes)]
            promises = [promise for probe in probes for promise in probe.promises]
            outcome = drill.outcome(PARTITIONS, mishaps=len(cuts), promises=promises)
    return replace(outcome, broken=[*outcome.broken, *broken], notes={"seconds until back": round_.back_after})


class _Partition:
    """A node that loses its database under a drill. `back_after` is the longest time that one took to be back."""

    def __init__(self, server: LonePostgres, installation: Installation, drill: Drill, chance: random.Random) -> None:
        self.back_after = 0.0
        self._server = server
        self._installation = installation
        self._drill = drill
        self._chance = chance

    def strike(self, cut: Cut, seconds: float, probes: list[Probe]) -> list[str]:
        """What was wrong while a node was cut off for so long, and until it was back."""
        lost = self._chance.randrange(len(probes))
        self._drill.respond(_TURNS_BEFORE)
        calls, began = self._calls(), time.monotonic()
        cut.strike(self._server.machine, self._server.addresses[lost])
        self._drill.respond_until(lambda: time.monotonic() > began + seconds)
        faults = self._faults(cut, probes, lost, began)
        if seconds >= UNTIL_THE_OUTCRY_SECONDS and self._calls() == calls:
            faults.append(f"[row 11] a node was {cut.words} for {seconds:.0f} s, and nobody was called")
        healed_at = time.monotonic()
        self._server.machine.reconcile()
        until(lambda: probes[lost].taken_at > healed_at, f"the node that was {cut.words} is back", within=60)
        self.back_after = max(self.back_after, time.monotonic() - healed_at)
        if self.back_after > _BACK_WITHIN_SECONDS:
            faults.append(f"[row 11] a node that was {cut.words} was back only after {self.back_after:.1f} s")
        return faults

    def _faults(self, cut: Cut, probes: list[Probe], lost: int, began: float) -> list[str]:
        """What the nodes have said meanwhile that they should not."""
        faults = []
        if probes[lost].taken_at > began + _QUIET_SECONDS:
            faults.append(f"[1] a node that was {cut.words} has said yes to an alert")
        for number, probe in enumerate(probes):
            if number != lost and probe.taken_at < time.monotonic() - _QUIET_SECONDS:
                faults.append(f"[row 11] while another was {cut.words}, a node stood still")
        return faults

    def _calls(self) -> int:
        """How often somebody was called for help."""
        return sum(request.path == _CALL for request in requests_in(self._installation.sent))
