"""What do an incident's events come to? An account of its own, of the few fields that the checks need."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tests.system.checker.evidence import Event, Json

PAGE = "page"
_INBOX = "inbox"
MUST_ANSWER = ("SEV1", "SEV2")
OVER = ("resolved", "closed", "cancelled")
_ANY = ("triggered", "acknowledged", "mitigated", "resolved", "closed", "cancelled")
# Kind of event -> from which status to which; an event that is not listed moves nothing and may come at any time.
_MOVES: dict[str, dict[str, str]] = {
    "acknowledged": {"triggered": "acknowledged", "acknowledged": "acknowledged", "mitigated": "mitigated"},
    "mitigated": {"triggered": "mitigated", "acknowledged": "mitigated"},
    "resolved": dict.fromkeys(("triggered", "acknowledged", "mitigated"), "resolved"),
    "cancelled": dict.fromkeys(("triggered", "acknowledged", "mitigated"), "cancelled"),
    "reopened": dict.fromkeys(_ANY, "triggered"),
    "postmortem_completed": {"resolved": "closed"},
}


class Page(NamedTuple):
    """One person being paged or notified: `vias` are the ways on which it was sent, the newest last.

    `taken_by` is the way that took it, `failed` those that could not, `retried` those of them that may yet.
    `further` are those by which it went while nobody answered, `later` those by which it was still to go.
    """

    person: str
    cause: int
    demands_answer: bool
    vias: tuple[str, ...]
    status: str = "pending"
    taken_by: str = ""
    failed: frozenset[str] = frozenset()
    retried: frozenset[str] = frozenset()
    further: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


class Account:
    """The account of one incident; `faults` is what the events themselves do wrong."""

    def __init__(self, timeline: list[Event]) -> None:
        self.faults: list[str] = []
        self.status = "triggered"
        self.severity: str | None = None
        self.epoch = 1
        self.acknowledged_by: str | None = None
        self.roles: dict[str, str] = {}
        self.teams: tuple[str, ...] = ()
        self.wakes_people = True
        self.pages: dict[str, Page] = {}
        self.is_response_missed = False
        self.is_postmortem_requested = False
        self._begin_epoch(timeline[0].at if timeline else 0.0)
        for event in timeline:
            self._take(event)

    def _begin_epoch(self, at: float) -> None:
        self.started_at = self.last_page_at = at
        self.done: set[str] = set()
        self.rounds = 0

    def _fault(self, number: int, event: Event, what: str) -> None:
        self.faults.append(f"[{number}] {event.incident}#{event.seq}: {what}")

    def _take(self, event: Event) -> None:
        self._move(event)
        match event.kind:
            case "incident_opened":
                self.teams = tuple(event.body["teams"])
                self.wakes_people = event.body.get("pages_unassessed", True)
            case "alert_worsened":
                self._begin_to_page(event)
            case "assessed" | "severity_changed" if event.body["severity"] != event.body.get("before"):
                self.severity, self.is_response_missed = event.body["severity"], False
            case "team_added":
                self.teams = (*self.teams, event.body["team"])
            case "role_assigned":
                self._assign(event)
            case "response_time_missed":
                self.is_response_missed = True
            case "postmortem_requested":
                self.is_postmortem_requested = True
            case "step_fired":
                self._step(event)
            case "update_posted" if event.body["audience"] == "external":
                if event.actor != self.roles.get("communications_lead"):
                    self._fault(24, event, "an update to customers by somebody who isn't the Communications Lead")
        self._keep_pages(event)

    def _move(self, event: Event) -> None:
        moves = _MOVES.get(event.kind, {status: status for status in _ANY})
        if self.status not in moves:
            self._fault(18, event, f"{event.kind} while {self.status}")
        self.status = moves.get(self.status, self.status)
        if event.kind == "acknowledged":
            if self.acknowledged_by is not None and not self._has_open_pages():
                self._fault(18, event, "a second acknowledgement with nothing to answer")
            self.acknowledged_by = self.acknowledged_by or event.actor
        if event.kind == "reopened":
            self.epoch += 1
            self.acknowledged_by, self.is_response_missed = None, False
            self._begin_epoch(event.at)

    def _has_open_pages(self) -> bool:
        return any(page.demands_answer and page.status in ("pending", "accepted") for page in self.pages.values())

    def _begin_to_page(self, event: Event) -> None:
        if event.body["pages_unassessed"] and not self.wakes_people and self.severity is None:
            self.started_at = self.last_page_at = event.at
        self.wakes_people = event.body["pages_unassessed"]

    def _assign(self, event: Event) -> None:
        role = event.body["role"]
        if event.body.get("before") != self.roles.get(role):
            self._fault(24, event, f"{role} was held by {self.roles.get(role)}, not by {event.body.get('before')}")
        self.roles[role] = event.body["person"]

    def _step(self, event: Event) -> None:
        slots, round_ = set(event.body["slots"]), event.body.get("round", 0)
        if repeated := slots & self.done:
            self._fault(8, event, f"{sorted(repeated)} fired a second time in its epoch")
        if round_ and round_ != self.rounds + 1:
            self._fault(11, event, f"round {round_} after round {self.rounds}")
        due_at = _time(event.body.get("due_at"))
        if due_at is not None and event.at < due_at:
            self._fault(13, event, f"fired {due_at - event.at:.3f} s early")
        if event.body["urgency"] != "assign" and not event.body.get("reached") and not event.body.get("unreachable"):
            self._fault(14, event, "reached nobody, and doesn't say why")
        if event.body["urgency"] == PAGE and self.status in OVER:
            self._fault(10, event, f"paged somebody while {self.status}")
        self.done |= slots
        self.rounds = max(self.rounds, round_)
        self.last_page_at = event.at if event.body["urgency"] == PAGE else self.last_page_at

    def _keep_pages(self, event: Event) -> None:
        for number, reach in enumerate(reached_by(event)):
            demands = event.kind == "person_paged" or event.body.get("urgency") == PAGE
            key = f"{event.incident}-{event.seq}-{number}"
            self.pages[key] = Page(
                reach["person"],
                event.seq,
                demands,
                (_way(reach["method"]),),
                later=frozenset(_way(it) for it in reach.get("later", [])),
            )
        if event.kind in ("page_accepted", "page_failed"):
            self._receive(event)
        if event.kind == "page_repeated":
            self._repeat(event)
        if event.kind in ("acknowledged", "mitigated"):
            self._answer(lambda page: page.demands_answer)
        if event.kind in ("resolved", "cancelled"):
            self._answer(lambda page: True)

    def _repeat(self, event: Event) -> None:
        key, way = event.body["key"], _way(event.body["method"])
        page = self.pages.get(key)
        if page is None or page.status not in ("pending", "accepted") or not page.demands_answer:
            self._fault(10, event, f"{key} went on, though nobody waits for its answer")
        elif way not in page.later:
            self._fault(8, event, f"{key} went by {way} a second time, or was not to go by it")
        else:
            vias = (*page.vias, way)
            self.pages[key] = page._replace(vias=vias, further=page.further | {way}, later=page.later - {way})

    def _receive(self, event: Event) -> None:
        key, page = event.body["key"], self.pages.get(event.body["key"])
        if page is None:
            self._fault(15, event, f"a receipt for {key}, which nobody has sent")
        elif event.kind == "page_accepted":
            # A provider that was down may take it after all, when another way has it meanwhile.
            if page.status not in ("pending", "accepted") or event.body["via"] in ("", page.taken_by):
                self._fault(15, event, f"{key} was taken, though it was {page.status} already")
            self.pages[key] = page._replace(
                status="accepted", taken_by=event.body["via"], retried=page.retried - {event.body["via"]}
            )
        else:
            if not _may_fail(page, event.body.get("via")):
                self._fault(15, event, f"{key} has failed, though it was {page.status} already")
            self.pages[key] = _failed(page, event)

    def _answer(self, which: Callable[[Page], bool]) -> None:
        self.pages = {
            key: page._replace(status="answered") if which(page) and page.status != "failed" else page
            for key, page in self.pages.items()
        }


def reached_by(event: Event) -> list[Json]:
    """Whom the event had somebody reach: the n-th of them is its n-th page."""
    reached = event.body.get("reached") or []
    return [reached] if isinstance(reached, dict) else list(reached)


def _may_fail(page: Page, via: str | None) -> bool:
    """What was taken can't fail, but for a way by which it goes beside, and what is tried still while the inbox has it.

    The inbox wakes nobody.
    """
    if page.status != "accepted":
        return page.status == "pending"
    is_beside = via in (page.further | page.later) - page.failed
    return is_beside or (via in page.retried and not set(page.vias) - page.failed - {_INBOX})


def _failed(page: Page, event: Event) -> Page:
    """The page after one of its ways has failed: lost once every way has, and none may take it yet."""
    via = event.body.get("via") or page.vias[-1]
    next_method = event.body.get("next_method")
    if via in page.later:  # it was to go that way, and there was no such way any more
        chosen = (_way(next_method),) if next_method else ()
        later, further = page.later - {via} - set(chosen), page.further | set(chosen)
        return page._replace(vias=(*page.vias, *chosen), later=later, further=further)
    retried = page.retried | {via} if event.body.get("is_retried") else page.retried - {via}
    chosen = (_way(next_method),) if next_method else ()
    vias = (*page.vias, *chosen)
    further = page.further | set(chosen) if via in page.further else page.further
    is_lost = not retried and set(vias) <= page.failed | {via}
    status = "failed" if is_lost else page.status
    return page._replace(
        vias=vias,
        status=status,
        failed=page.failed | {via},
        retried=retried,
        further=further,
        later=page.later - set(chosen),
    )


def _way(method: Json) -> str:
    """What tells a contact method from a person's others."""
    own = method.get("name") or method.get("url") or method.get("address")
    return f"{method['via']}:{own}" if own else str(method["via"])


def _time(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
