"""Which escalation steps are still to come, and when? A pure reading of the ladder against what it has done.

A step is split into *slots*, one a target, and one a team for targets that each team has (`page:primary@platform`).
A slot that is done is never done again in the epoch, on whichever severity's ladder it stands; so a raised severity
fires at once exactly what is already due and not yet done, and a team that joins gets its own primary paged.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.domain.incident import Incident, Status
from tocsin.oncall.roster import TEAM_TARGETS
from tocsin.sop.model import EscalationStep, Ladder, Sop
from tocsin.sop.words import Until, Urgency


class Rung(Struct, frozen=True):
    """An escalation step that is still to come. `round` 0 is a step of the ladder, 1… a repetition."""

    at: datetime
    urgency: Urgency
    targets: tuple[str, ...]
    slots: tuple[str, ...]
    round: int = 0


class StepState(StrEnum):
    """Where a step of the ladder stands."""

    DONE = "done"
    NEXT = "next"
    COMING = "coming"
    SKIPPED = "skipped"  # its condition no longer holds


class DrawnStep(Struct, frozen=True):
    """A step as it stands: `at` is when it is due, or was; `round` 0 is a step of the ladder, 1… a repetition."""

    at: datetime
    urgency: Urgency
    targets: tuple[str, ...]
    state: StepState
    round: int = 0


def drawn_ladder(sop: Sop, incident: Incident) -> tuple[DrawnStep, ...]:
    """The whole ladder, in its order, with what is done and what is to come; a repetition to come at its end."""
    pending = pending_rungs(sop, incident)
    steps = [_drawn(step, incident, pending) for step in ladder_of(sop, incident).steps]
    again = [DrawnStep(it.at, it.urgency, it.targets, _coming(it, pending), it.round) for it in pending if it.round]
    return (*steps, *again)


def _drawn(step: EscalationStep, incident: Incident, pending: tuple[Rung, ...]) -> DrawnStep:
    slots = [slot for target in step.targets for slot in _slots(step.urgency, target, incident.teams)]
    rung = next((it for it in pending if not it.round and not set(slots).isdisjoint(it.slots)), None)
    if rung is not None:
        return DrawnStep(rung.at, step.urgency, step.targets, _coming(rung, pending))
    is_done = all(_is_done(slot, incident) for slot in slots)
    at = incident.ladder.started_at + step.after
    return DrawnStep(at, step.urgency, step.targets, StepState.DONE if is_done else StepState.SKIPPED)


def _coming(rung: Rung, pending: tuple[Rung, ...]) -> StepState:
    return StepState.NEXT if rung is pending[0] else StepState.COMING


def ladder_of(sop: Sop, incident: Incident) -> Ladder:
    """The ladder that holds for the incident now; an empty one where nobody is to be reached before assessment."""
    if incident.severity is None and not incident.pages_unassessed:
        return Ladder()
    return sop.ladder(incident.severity)


def pending_rungs(sop: Sop, incident: Incident) -> tuple[Rung, ...]:
    """The rungs to come if nothing else happens, in order of time; none once the incident is over.

    A step whose condition no longer holds is not among them. After a step that reached nobody the next of its kind is
    due at that moment instead of at its own; and where a ladder that pages has no page left, the next notification is.
    """
    if incident.status.is_over:
        return ()
    ladder = ladder_of(sop, incident)
    steps = [rung for step in ladder.steps if _holds(step, incident) for rung in _rungs_of(step, incident)]
    rungs = _in_order([*steps, *_repetition(ladder, steps, incident)])
    pages, notifications = (
        [rung for rung in rungs if rung.urgency is urgency] for urgency in (Urgency.PAGE, Urgency.NOTIFY)
    )
    after_a_page = pages or (notifications if any(step.page for step in ladder.steps) else [])
    rungs = _hurried(rungs, after_a_page, incident.ladder.paging.lost_at)
    return tuple(_hurried(rungs, notifications, incident.ladder.notifying.lost_at))


def _in_order(rungs: list[Rung]) -> list[Rung]:
    """By time; at equal times pages go first: somebody has to wake before others are told."""
    return sorted(rungs, key=lambda rung: (rung.at, rung.urgency is not Urgency.PAGE))


def _holds(step: EscalationStep, incident: Incident) -> bool:
    return step.unless is not Until.ACKNOWLEDGED or incident.status is Status.TRIGGERED


def _rungs_of(step: EscalationStep, incident: Incident) -> list[Rung]:
    slots = {slot: target for target in step.targets for slot in _slots(step.urgency, target, incident.teams)}
    left = {slot: target for slot, target in slots.items() if not _is_done(slot, incident)}
    if not left:
        return []
    at = incident.ladder.started_at + step.after
    return [Rung(at=at, urgency=step.urgency, targets=tuple(dict.fromkeys(left.values())), slots=tuple(left))]


def _slots(urgency: Urgency, target: str, teams: tuple[str, ...]) -> list[str]:
    if target in TEAM_TARGETS:
        return [f"{urgency}:{target}@{team}" for team in teams]
    return [f"{urgency}:{target}"]


def _is_done(slot: str, incident: Incident) -> bool:
    """Whether the slot is done; who has been paged need not be notified as well."""
    done = incident.ladder.done
    return slot in done or (slot.startswith("notify:") and slot.replace("notify:", "page:", 1) in done)


def _repetition(ladder: Ladder, steps: list[Rung], incident: Incident) -> list[Rung]:
    """The next round of the last page step, together with the catch-all, once the page steps are used up."""
    used_up = not any(rung.urgency is Urgency.PAGE for rung in steps)
    last = next((step for step in reversed(ladder.steps) if step.page), None)
    if ladder.repeat is None or last is None or not used_up or incident.status is not Status.TRIGGERED:
        return []
    since = incident.ladder.last_page_at or incident.ladder.started_at
    targets = (*last.page, *ladder.repeat.also_page)
    return [
        Rung(
            at=since + ladder.repeat.every,
            urgency=Urgency.PAGE,
            targets=tuple(dict.fromkeys(targets)),
            slots=(),
            round=incident.ladder.repeats + 1,
        )
    ]


def _hurried(rungs: list[Rung], in_line: list[Rung], lost_at: datetime | None) -> list[Rung]:
    """The rungs with the first of those in line at `lost_at`, should it be later."""
    if lost_at is None or not in_line or in_line[0].at <= lost_at:
        return rungs
    return _in_order([replace(in_line[0], at=lost_at), *(rung for rung in rungs if rung is not in_line[0])])
