"""How does a round of kills go? Servers die at point after point while people respond; then everything is sent."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import msgspec

from tests.fakes.moods import Mood
from tests.system.checker.check import faults_in, figures_of
from tests.system.checker.evidence import Promise, gather
from tests.system.crash.installation import Installation
from tests.system.crash.scenario import Scenario, slow_moods
from tests.system.outcome import Outcome
from tests.system.outside import Outside
from tests.system.waiting import until

_PAST_ITS_LEASE_SECONDS = 21.0
_TURNS_BEFORE = 20
_TURNS_MEANWHILE = 60
_UNTIL_ALL_ARE_DEAD_SECONDS = 600.0
_APART_SECONDS = 1.0


class Drill:
    """One round. `people` act at once, each in a scenario of their own; now and then they `rest`.

    `speed` and `minute` say how time passes in it (see `Evidence`).
    """

    def __init__(
        self,
        seed: int,
        installation: Installation,
        *,
        people: int = 1,
        rest: Callable[[], object] = lambda: None,
        speed: float = 1.0,
        minute: float = 60.0,
    ) -> None:
        self._seed = seed
        self._installation = installation
        self._speed = speed
        self._minute = minute
        self._outsides = [
            Outside(installation.urls, installation.token, installation.mend, turn) for turn in range(people)
        ]
        self._scenarios = [
            Scenario(f"web{number}", random.Random(f"{seed}/{number}"), outside, rest)
            for number, outside in enumerate(self._outsides)
        ]
        self._stops = 0

    def __enter__(self) -> Self:
        self._installation.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for outside in self._outsides:
            outside.close()
        self._installation.__exit__()

    def feel(self, moods: dict[str, list[Mood]]) -> None:
        """Tell the vendors how to behave."""
        self._installation.feel(moods)

    def respond_until_dead(self, kills: int) -> None:
        """Go on until so many servers have been killed."""
        give_up_at = time.monotonic() + _UNTIL_ALL_ARE_DEAD_SECONDS
        self._act_while(lambda: len(self._installation.deaths) < kills and time.monotonic() < give_up_at)
        deaths = len(self._installation.deaths)
        assert deaths >= kills, f"{deaths} of {kills} servers were killed in {_UNTIL_ALL_ARE_DEAD_SECONDS:g} seconds"

    def respond(self, turns: int) -> None:
        """Do so many things."""
        left = iter(range(turns))
        self._act_while(lambda: next(left, None) is not None)

    def respond_while_one_stands_still(self) -> None:
        """Stop a node at work for longer than its leases last, and let it go on; the others go on meanwhile.

        Vendors are slow, so that it has requests under way as it stops, and the other one has them as it goes on.
        """
        self.feel(slow_moods())
        node = self._installation.nodes[self._seed % len(self._installation.nodes)]
        self.respond(_TURNS_BEFORE)
        node.pause()
        self._stops += 1
        go_on_at = time.monotonic() + _PAST_ITS_LEASE_SECONDS
        self.respond(_TURNS_MEANWHILE)
        until(lambda: time.monotonic() > go_on_at, "its leases have run out", within=_PAST_ITS_LEASE_SECONDS + 1)
        node.resume()

    def respond_until(self, is_over: Callable[[], bool]) -> None:
        """Go on until then, at people's pace: a hundred hurried ladders at once would outrun what vendors take."""

        def is_time() -> bool:
            time.sleep(_APART_SECONDS)
            return not is_over()

        self._act_while(is_time)

    def _act_while(self, is_time: Callable[[], bool]) -> None:
        def act(scenario: Scenario) -> None:
            while is_time():
                scenario.act()

        with ThreadPoolExecutor(len(self._scenarios)) as people:
            for acting in [people.submit(act, scenario) for scenario in self._scenarios]:
                acting.result()

    def outcome(self, kind: str, mishaps: int = 0, promises: Sequence[Promise] = ()) -> Outcome:
        """What came of it, once everything is sent; `mishaps` befell others than the servers.

        `promises` are those that were given to somebody else than this drill's people and monitoring.
        """
        settled = self._installation.come_to_rest()
        installation = self._installation
        kills = len(installation.deaths)
        own = sorted((it for outside in self._outsides for it in outside.promises), key=lambda it: it.at)
        evidence = gather(
            installation.database.ask,
            installation.sent,
            [*own, *promises],
            settled=settled,
            crashes=kills + self._stops + mishaps,
            speed=self._speed,
            minute=self._minute,
        )
        figures = figures_of(evidence)
        told = [fault for outside in self._outsides for fault in outside.faults]
        faults = [*installation.faults, *told, *faults_in(evidence)]
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
