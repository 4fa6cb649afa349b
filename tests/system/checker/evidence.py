"""What is known of a run, from outside? What HTTP promised, what the vendors were sent, what the database says.

It shares no code with the server: JSON and SQL are read as anybody could read them. Instants are seconds since 1970.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

Json = dict[str, Any]
Ask = Callable[..., list[list[Json]]]  # the rows of SQL queries, all as of one moment

_MICROSECONDS = 1e6


class Promise(Struct, frozen=True):
    """Something that was answered with a 2xx at `at`: `what` is `alert`, `declare`, `acknowledge`, `notes`…"""

    what: str
    at: float
    incident: str = ""
    body: Json = {}


class Event(Struct, frozen=True):
    """A row of `events`."""

    incident: str
    seq: int
    at: float
    actor: str
    kind: str
    body: Json
    via: str = ""
    text: str = ""  # the body as it is stored
    hash: str | None = None

    @property
    def micros(self) -> int:
        """`at` as it is stored."""
        return round(self.at * _MICROSECONDS)


class Incident(Struct, frozen=True):
    """A row of `incidents`; `state` is what the server believes the events come to."""

    id: str
    seq: int
    is_open: bool
    status: str
    severity: str | None
    group_key: str | None
    wake_at: float | None
    state: Json


class Row(Struct, frozen=True):
    """A row of `outbox`; `page` is the key of the page that it sends, `kind` the effect's."""

    id: int
    key: str
    incident: str
    provider: str
    lane: str
    page: str | None
    kind: str
    effect: Json
    status: str
    due_at: float
    attempts: int
    created_at: float
    settled_at: float | None
    note: str
    counted_in: int | None = None  # the row of the page in which it was told

    @property
    def way(self) -> str:
        """The contact method of a page: what its lane has behind the page's key."""
        return self.lane.partition("/")[2] or self.provider

    @property
    def is_ended(self) -> bool:
        return self.status not in ("pending", "leased", "counted")


class Alert(Struct, frozen=True):
    """A row of `alerts`."""

    incident: str | None
    labels: Json


class Sent(Struct, frozen=True):
    """A request as a vendor wrote it down; `lost` are status and body of what it said where another answer arrived."""

    number: int
    at: float
    path: str
    body: str
    status: int
    answer: str
    lost: tuple[int, str] | None = None

    @property
    def event(self) -> Json:
        """The PagerDuty event in it."""
        return dict(json.loads(self.body)) if self.path == "/v2/enqueue" else {}

    @property
    def is_taken(self) -> bool:
        """Whether it was answered as a vendor answers that has taken it."""
        return self._takes(self.status, self.answer)

    @property
    def is_done(self) -> bool:
        """Whether the vendor did what was asked, be it that nobody heard so."""
        return self.is_taken or (self.lost is not None and self._takes(*self.lost))

    def _takes(self, status: int, body: str) -> bool:
        try:
            answer = json.loads(body)
        except ValueError:
            return False
        if self.path == "/v2/enqueue":
            return status == 202 and answer.get("status") == "success"
        return status == 200 and answer.get("ok") is True


class Evidence(Struct, frozen=True):
    """Everything that the checks compare. `crashes` counts the deaths and the stops of servers.

    `settled` is the last row of the outbox that has been waited for: later ones may be on their way.
    """

    promises: list[Promise]
    sent: list[Sent]
    incidents: dict[str, Incident]
    events: dict[str, list[Event]]
    outbox: list[Row]
    alerts: list[Alert]
    settled: int = 0
    crashes: int = 0
    speed: float = 1.0  # engine seconds a second
    minute: float = 60.0  # how many engine seconds the SOP has for one

    @property
    def newest_at(self) -> float:
        """Engine time at least: when the newest event was recorded."""
        return max((event.at for timeline in self.events.values() for event in timeline), default=0.0)


def gather(
    ask: Ask,
    sent: Path,
    promises: Iterable[Promise],
    *,
    settled: int,
    crashes: int,
    speed: float = 1.0,
    minute: float = 60.0,
) -> Evidence:
    """The evidence of a run whose database answers `ask`, whose vendors have written the log `sent`."""
    happened, incidents, outbox, alerts = ask(
        "SELECT * FROM events ORDER BY incident, seq",
        "SELECT * FROM incidents",
        "SELECT * FROM outbox ORDER BY id",
        "SELECT incident, labels FROM alerts",
    )
    events: dict[str, list[Event]] = {}
    for row in happened:
        event = _event(row)
        events.setdefault(event.incident, []).append(event)
    return Evidence(
        promises=list(promises),
        sent=requests_in(sent),
        incidents={row["id"]: _incident(row) for row in incidents},
        events=events,
        outbox=[_row(row) for row in outbox],
        alerts=[Alert(it["incident"], json.loads(it["labels"])) for it in alerts],
        settled=settled,
        crashes=crashes,
        speed=speed,
        minute=minute,
    )


def requests_in(log: Path) -> list[Sent]:
    """The requests that the vendors were sent, in order of arrival."""
    text = log.read_text() if log.exists() else ""
    lines = [json.loads(line) for line in text.split("\n")[:-1]]  # the last one may be half written
    return [_sent(number, line) for number, line in enumerate(lines)]


def _sent(number: int, line: Json) -> Sent:
    at = datetime.fromisoformat(line["at"]).timestamp()
    named = {name: line[name] for name in ("path", "body", "status", "answer")}
    lost = tuple(line["lost"]) if line["lost"] else None
    return Sent(number=number, at=at, lost=lost, **named)


def _at(micros: int) -> float:
    return micros / _MICROSECONDS


def _maybe_at(micros: int | None) -> float | None:
    return None if micros is None else _at(micros)


def _event(row: Json) -> Event:
    return Event(
        incident=row["incident"],
        seq=row["seq"],
        at=_at(row["at"]),
        actor=row["actor"],
        kind=row["kind"],
        body=json.loads(row["event"]),
        via=row["via"],
        text=row["event"],
        hash=row["hash"],
    )


def _incident(row: Json) -> Incident:
    return Incident(
        id=row["id"],
        seq=row["seq"],
        is_open=bool(row["is_open"]),
        status=row["status"],
        severity=row["severity"],
        group_key=row["group_key"],
        wake_at=_maybe_at(row["wake_at"]),
        state=json.loads(row["state"]),
    )


def _row(row: Json) -> Row:
    effect = json.loads(row["effect"])
    return Row(
        id=row["id"],
        key=row["key"],
        incident=row["incident"],
        provider=row["provider"],
        lane=row["lane"],
        page=row["page"],
        kind=effect["kind"],
        effect=effect,
        status=row["status"],
        due_at=_at(row["due_at"]),
        attempts=row["attempts"],
        created_at=_at(row["created_at"]),
        settled_at=_maybe_at(row["settled_at"]),
        note=row["note"],
        counted_in=row["counted_in"],
    )
