"""What happens while servers die? Alerts, repeated and resolved ones, and people who respond; all from one number."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.moods import WELL, Manner, Mood
from tests.system.checker.evidence import Json
from tests.system.outside import Outside
from tests.system.server import firing

_NAMES = ("CheckoutDown", "DiskFull", "HighErrorRate", "LatencyHigh", "QueueStuck", "CertExpires")
_SERVICES = ("website", "api", "database", "app")
_SEVERITIES = ("critical", "critical", "error", "warning", "info")
_PEOPLE = ("alice", "bob", "chris", "deniz", "emma", "farid", "erin")
_ROLES = ("incident_commander", "communications_lead", "technical_lead")
_TAKEN = '{"status": "success", "message": "Event processed", "dedup_key": "given"}'
# Whatever fails at once: a life is short. The slow ones have tests of their own.
_PAGERDUTY_MOODS = (
    Mood(status=500),
    Mood(status=502, body="<html>bad gateway</html>"),
    Mood(status=503, headers={"retry-after": "1"}),
    Mood(status=429),
    Mood(Manner.TARDY),
    Mood(Manner.TARDY),
    Mood(Manner.RESET),
    Mood(Manner.RESET, is_processed=True),
    Mood(Manner.BABBLE, is_processed=True),
    Mood(status=200, body="<html>please sign in</html>"),
    Mood(status=202, body=_TAKEN[:20], is_processed=True),
    Mood(status=202),
    Mood(status=400, body='{"status": "invalid event", "message": "no"}'),
    Mood(status=307, headers={"location": "/v2/enqueue"}),
)
_BACK_IN_FOUR_MINUTES = Mood(status=429, headers={"retry-after": "240"})  # somebody may answer meanwhile
_SLACK_MOODS = (
    Mood(Manner.TARDY),
    Mood(status=500),
    Mood(status=429, headers={"retry-after": "1"}),
    Mood(Manner.RESET),
    Mood(Manner.RESET, is_processed=True),
    Mood(status=200, body='{"ok": false, "error": "internal_error"}'),
)


def moods(chance: random.Random) -> dict[str, list[Mood]]:
    """How the vendors feel, by turns ill and well, where time passes fast."""
    ills = (*_PAGERDUTY_MOODS, _BACK_IN_FOUR_MINUTES)
    return {"pagerduty": _by_turns(chance, ills), "slack": _by_turns(chance, _SLACK_MOODS)}


def quick_moods(chance: random.Random) -> dict[str, list[Mood]]:
    """How the vendors feel where time passes as it does."""
    return {"pagerduty": _by_turns(chance, _PAGERDUTY_MOODS), "slack": _by_turns(chance, _SLACK_MOODS)}


def slow_moods() -> dict[str, list[Mood]]:
    """Nothing is wrong but the time it takes."""
    return {"pagerduty": [Mood(Manner.SLOW, times=30)], "slack": [Mood(Manner.SLOW, times=5)]}


def _by_turns(chance: random.Random, ills: tuple[Mood, ...]) -> list[Mood]:
    found = []
    for _ in range(chance.randrange(8)):
        ill = chance.choice(ills)
        found += [_for(WELL, chance.randint(1, 5)), _for(ill, chance.randint(1, 3))]
    return found


def _for(mood: Mood, times: int) -> Mood:
    return Mood(mood.manner, mood.status, mood.body, mood.headers, mood.is_processed, times)


class Scenario:
    """People and monitoring at work, under a `name` that nobody else of the round has. Now and then they `rest`."""

    def __init__(self, name: str, chance: random.Random, outside: Outside, rest: Callable[[], object]) -> None:
        self._name = name
        self._chance = chance
        self._outside = outside
        self._rest = rest
        self._fired: list[Json] = []
        self._declared = 0

    def act(self) -> None:
        """Do one thing."""
        actions: dict[Callable[[], object], int] = {
            self._fire: 5,
            self._repeat: 2,
            self._clear: 2,
            self._declare: 2,
            self._respond: 12,
            self._rest: 3,
        }
        self._chance.choices(list(actions), list(actions.values()))[0]()

    def _fire(self) -> None:
        alerts = [self._new_alert() for _ in range(self._chance.choice((1, 1, 2, 5)))]
        self._outside.send_alerts(*alerts)
        self._fired += alerts

    def _new_alert(self) -> Json:
        name, service = self._chance.choice(_NAMES), self._chance.choice(_SERVICES)
        started_at = datetime.now(UTC) - timedelta(minutes=self._chance.randint(1, 30))
        severity = self._chance.choice(_SEVERITIES)
        instance = f"{self._name}-{len(self._fired)}-{self._chance.randrange(1000)}"
        return firing(name, started_at=started_at, service=service, severity=severity, instance=instance)

    def _repeat(self) -> None:
        if self._fired:
            self._outside.send_alerts(*self._chance.sample(self._fired, min(3, len(self._fired))))

    def _clear(self) -> None:
        if self._fired:
            ended_at = datetime.now(UTC) - timedelta(seconds=1)
            self._outside.send_alerts({**self._chance.choice(self._fired), "endsAt": ended_at.isoformat()})

    def _declare(self) -> None:
        self._declared += 1
        severity = self._chance.choice(("SEV1", "SEV2", "SEV3", None))
        named = {"severity": severity, "reason": "as it looks"} if severity else {}
        self._outside.declare(
            title=f"Checkout is down, {self._name}-{self._declared}", service="website", by="alice", **named
        )

    def _respond(self) -> None:
        incidents = self._outside.get("incidents?state=all")
        if incidents:
            what, body = self._response()
            self._outside.act(self._chance.choice(incidents)["id"], what, by=self._chance.choice(_PEOPLE), **body)

    def _response(self) -> tuple[str, dict[str, Any]]:
        chance = self._chance
        severity = chance.choice(("SEV1", "SEV2", "SEV3", "SEV4"))
        responses: list[tuple[int, str, dict[str, Any]]] = [
            (5, "acknowledge", {}),
            (4, "assess", {"severity": severity, "reason": "as it looks now"}),
            (2, "notes", {"text": f"seen at {chance.random()}"}),
            (2, "updates", {"text": f"we know {chance.random()}"}),
            (2, "roles", {"role": chance.choice(_ROLES), "person": chance.choice(_PEOPLE)}),
            (1, "teams", {"team": chance.choice(("platform", "backend", "frontend"))}),
            (2, "pages", {"target": chance.choice(("secondary", "cto", "bob")), "reason": "your eyes are needed"}),
            (1, "mitigate", {}),
            (3, "resolve", {"note": "confirmed"}),
            (1, "reopen", {"reason": "it came back"}),
            (1, "cancel", {"reason": "it was a test"}),
        ]
        weights, whats, bodies = zip(*responses, strict=True)
        return chance.choices(list(zip(whats, bodies, strict=True)), weights)[0]
