"""How does a round of kills go? Servers die at point after point while people respond; then everything is sent."""

import random
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import msgspec

from tests.fakes.moods import Mood
from tests.system.checker.check import faults_in, figures_of
from tests.system.checker.evidence import Promise, gather
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import Scenario
from tests.system.outcome import Outcome
from tests.system.outside import Outside
from tests.system.waiting import until

_PAST_ITS_LEASE_SECONDS = 21.0
_ACTIONS_MEANWHILE = 25
_UNTIL_ALL_ARE_DEAD_SECONDS = 600.0
_UNTIL_ALL_IS_SENT_SECONDS = 180.0  # a lease to wait for, a message a second, and vendors that are ill


class Drill:
    """One round; `speed` and `minute` say how time passes in it (see `Evidence`)."""

    def __init__(
        self, seed: int, installation: Installation, chance: random.Random, *, speed: float = 1.0, minute: float = 60.0
    ) -> None:
        self._seed = seed
        self._installation = installation
        self._chance = chance
        self._speed = speed
        self._minute = minute
        self._outside = Outside(installation.urls, installation.token, installation.mend)
        self._stops = 0

    def __enter__(self) -> Self:
        self._installation.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._outside.close()
        self._installation.__exit__()

    def scenario(self, rest: Callable[[], object]) -> Scenario:
        """People and monitoring; now and then they `rest`."""
        return Scenario(self._chance, self._outside, rest)

    def respond_until_dead(self, scenario: Scenario, kills: int, moods: dict[str, list[Mood]]) -> None:
        """Go on until so many servers have been killed."""
        self._installation.feel(moods)
        give_up_at = time.monotonic() + _UNTIL_ALL_ARE_DEAD_SECONDS
        while len(self._installation.deaths) < kills:
            scenario.act()
            assert time.monotonic() < give_up_at, f"{len(self._installation.deaths)} of {kills} servers were killed"

    def respond_while_one_stands_still(self, scenario: Scenario) -> None:
        """Stop a node at work for longer than its leases last, and let it go on; the others go on meanwhile."""
        node = self._chance.choice(self._installation.nodes)
        scenario.act()
        node.pause()
        self._stops += 1
        go_on_at = time.monotonic() + _PAST_ITS_LEASE_SECONDS
        for _ in range(_ACTIONS_MEANWHILE):
            scenario.act()
        until(lambda: time.monotonic() > go_on_at, "its leases have run out", within=_PAST_ITS_LEASE_SECONDS + 1)
        node.resume()

    def respond_until(self, scenario: Scenario, is_over: Callable[[], bool]) -> None:
        """Go on until then."""
        while not is_over():
            scenario.act()

    def settle(self) -> None:
        """Wait until everything is sent."""
        until(self._installation.is_nothing_waiting, "everything is sent", within=_UNTIL_ALL_IS_SENT_SECONDS)

    def outcome(self, kind: str, mishaps: int = 0, promises: Sequence[Promise] = ()) -> Outcome:
        """What came of it, once everything is sent; `mishaps` befell others than the servers.

        `promises` are those that were given to somebody else than this drill's people and monitoring.
        """
        self._installation.come_to_rest(_UNTIL_ALL_IS_SENT_SECONDS)
        installation, outside = self._installation, self._outside
        kills = len(installation.deaths)
        evidence = gather(
            installation.database.read,
            installation.sent,
            [*outside.promises, *promises],
            crashes=kills + self._stops + mishaps,
            speed=self._speed,
            minute=self._minute,
        )
        figures = figures_of(evidence)
        faults = [*installation.faults, *outside.faults, *faults_in(evidence)]
        if faults:  # the database may be gone when somebody looks into them
            installation.sent.with_name("evidence.json").write_bytes(msgspec.json.encode(evidence))
        return Outcome(
            kind,
            self._seed,
            kills=kills,
            stops=self._stops,
            pages_due=figures.due,
            pages_lost=figures.lost,
            pages_repeated=figures.repeated,
            under_two_keys=figures.under_two_keys,
            broken=faults,
        )
