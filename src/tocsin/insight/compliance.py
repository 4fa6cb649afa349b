"""Did the response keep to the SOP? Response time, update cadence and postmortem, each judged from the record.

The deadlines are the domain's own (`domain/deadlines.py`), asked of the states that the incident went through, so
that the judgement can't differ from what the engine called for. What is done at the very instant it is due is in time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.domain.deadlines import needs_postmortem, postmortem_due_at, response_due_at, update_due_at
from tocsin.domain.events import UpdatePosted
from tocsin.domain.incident import Incident, Status
from tocsin.insight.history import Moment
from tocsin.sop.model import SeverityLevel, Sop
from tocsin.sop.words import Severity


class Verdict(StrEnum):
    """How a duty of the SOP was kept."""

    MET = "met"
    MISSED = "missed"
    NOT_YET = "not_yet"  # neither done nor late
    NOT_APPLICABLE = "not_applicable"  # nothing was asked for, or it was over before


class ResponseCompliance(Struct, frozen=True):
    """Whether somebody acknowledged in time, by the severity in force then, or the first one given after that.

    `due_at` is None where no response time holds: nobody has assessed, or the work is planned. `answered_at` is when
    the incident was no longer waiting: acknowledged, or mitigated or over without.
    """

    verdict: Verdict
    severity: Severity | None = None
    due_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: Status | None = None  # what it became by that


class CadenceCompliance(Struct, frozen=True):
    """Whether status updates kept coming while the SOP asked for them.

    `required` counts the updates that came while the cadence ran, and one for each interval that ran out without;
    `late` are the latter, so a single silence may count several. `lateness` is how long an update was overdue, in all;
    `longest_gap` the longest stretch without one, counted from the last update, assessment or change of severity. It
    is None when no cadence ever ran.
    """

    required: int = 0
    late: int = 0
    lateness: timedelta = timedelta()
    longest_gap: timedelta | None = None


class PostmortemCompliance(Struct, frozen=True):
    """Whether the postmortem was completed in time; `due_at` is None before the resolution, or where none is due."""

    verdict: Verdict
    due_at: datetime | None = None
    completed_at: datetime | None = None


def response_compliance(sop: Sop, epoch: Sequence[Moment], now: datetime) -> ResponseCompliance:
    """How the response time of one epoch was kept."""
    answers = [moment for moment in epoch if moment.incident.status is not Status.TRIGGERED]
    assessed = [moment.incident for moment in answers if moment.incident.severity]
    judged = assessed[0] if assessed else epoch[-1].incident
    level = level_of(sop, judged)
    due_at = response_due_at(sop, level, judged) if level else None
    answer = answers[0] if answers else None
    return ResponseCompliance(
        verdict=_response_verdict(due_at, answer, now),
        severity=judged.severity,
        due_at=due_at,
        answered_at=answer.at if answer else None,
        answered_by=answer.incident.status if answer else None,
    )


def level_of(sop: Sop, incident: Incident) -> SeverityLevel | None:
    """What the SOP asks for at the incident's severity; None while nobody has assessed it."""
    return sop.severities.get(incident.severity) if incident.severity else None


def _response_verdict(due_at: datetime | None, answer: Moment | None, now: datetime) -> Verdict:
    if due_at is None:
        return Verdict.NOT_APPLICABLE
    if (answer.at if answer else now) > due_at:
        return Verdict.MISSED
    if answer is None:
        return Verdict.NOT_YET
    return Verdict.MET if answer.incident.status is Status.ACKNOWLEDGED else Verdict.NOT_APPLICABLE


def cadence_compliance(sop: Sop, moments: Sequence[Moment], now: datetime) -> CadenceCompliance:
    """How the update cadence was kept over all epochs."""
    found = CadenceCompliance()
    for window in _windows(sop, moments, now):
        overdue = max(timedelta(), window.ended_at - window.due_at)
        late = -(-overdue // window.every)  # rounded up: the first falls due as the interval ends, not one later
        found = CadenceCompliance(
            required=found.required + max(late, int(window.is_answered)),
            late=found.late + late,
            lateness=found.lateness + overdue,
            longest_gap=max(found.longest_gap or timedelta(), window.ended_at - window.began_at),
        )
    return found


class _Window(Struct, frozen=True):
    """A stretch in which one update was awaited; `is_answered` says whether an update ended it."""

    began_at: datetime
    due_at: datetime
    every: timedelta
    ended_at: datetime
    is_answered: bool


def _windows(sop: Sop, moments: Sequence[Moment], now: datetime) -> Iterator[_Window]:
    begun: Moment | None = None
    for moment in moments:
        is_update = isinstance(moment.event, UpdatePosted)
        is_running = _awaited(sop, moment.incident) is not None
        if begun and (is_update or not is_running or _counting(moment) != _counting(begun)):
            yield from _window(sop, begun, moment.at, is_answered=is_update)
            begun = None
        if is_running and begun is None:
            begun = moment
    if begun:
        yield from _window(sop, begun, now, is_answered=False)


def _counting(moment: Moment) -> tuple[datetime | None, Severity | None]:
    """What the cadence counts from, and by what: once it is another, the awaited update is another."""
    return moment.incident.cadence.since, moment.incident.severity


def _window(sop: Sop, begun: Moment, ended_at: datetime, *, is_answered: bool) -> Iterator[_Window]:
    awaited = _awaited(sop, begun.incident)
    if awaited:
        due_at, every = awaited
        yield _Window(begun.at, due_at, every, ended_at, is_answered)


def _awaited(sop: Sop, incident: Incident) -> tuple[datetime, timedelta] | None:
    """When the next update is due and how often one is from then on; None while no cadence runs."""
    level = level_of(sop, incident)
    due_at = update_due_at(level, incident) if level else None
    return (due_at, level.update_every) if level and level.update_every and due_at else None


def postmortem_compliance(sop: Sop, incident: Incident, now: datetime) -> PostmortemCompliance:
    """How the postmortem's time was kept, counted from the resolution that held."""
    level = level_of(sop, incident)
    completed_at = incident.postmortem.completed_at
    if level is None or not needs_postmortem(level, incident) or incident.status is Status.CANCELLED:
        return PostmortemCompliance(Verdict.NOT_APPLICABLE, completed_at=completed_at)
    due_at = postmortem_due_at(level, incident)
    verdict = Verdict.MET if completed_at else Verdict.NOT_YET
    if due_at and (completed_at or now) > due_at:
        verdict = Verdict.MISSED
    return PostmortemCompliance(verdict, due_at, completed_at)
