"""What is due by now? Fires every deadline up to the present, in order, each as an event."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from tocsin.domain import events as e
from tocsin.domain.context import Draft
from tocsin.domain.deadlines import (
    Deadline,
    DeadlineKind,
    assessment_due_at,
    deadlines,
    postmortem_due_at,
    update_due_at,
)
from tocsin.domain.decisions.receipts import next_way
from tocsin.domain.ladder import Rung
from tocsin.oncall.roster import TEAM_TARGETS
from tocsin.sop.model import ContactMethod, SeverityLevel
from tocsin.sop.words import Role, Target, Urgency

_ENGINE = "tocsin"
_IN_LINE = (Target.PRIMARY, Target.SECONDARY, Target.TEAM_LEAD, Target.ENGINEERING_MANAGER, Target.EVERYONE_ON_CALL)


def fire_due(draft: Draft) -> datetime | None:
    """Fire what is due at `context.now` or before, the earliest first, until nothing is; returns when the next will be.

    None where nothing will fall due by itself.
    """
    while coming := deadlines(draft.context.sop, draft.incident):
        if coming[0].at > draft.context.now:
            return coming[0].at
        _fire(draft, coming[0])
    return None


def _fire(draft: Draft, deadline: Deadline) -> None:
    if deadline.rung is not None:
        _fire_rung(draft, deadline.rung)
        return
    if deadline.page is not None and deadline.method is not None:
        _go_further_way(draft, deadline.page, deadline.method, deadline.at)
        return
    if deadline.kind is DeadlineKind.ASSESSMENT:
        _call_for_assessment(draft)
        return
    level = _level(draft)
    match deadline.kind:
        case DeadlineKind.RESPONSE if level.respond_within is not None:
            draft.record(e.ResponseTimeMissed(within=level.respond_within), actor=_ENGINE)
        case DeadlineKind.UPDATE_REMINDER | DeadlineKind.UPDATE:
            _call_for_update(draft, level)
        case _:
            _call_for_postmortem(draft, level)


def _go_further_way(draft: Draft, key: str, method: ContactMethod, due_at: datetime) -> None:
    """As the organisation says today: what is no contact method of the person's any more has failed."""
    page = draft.incident.pages[key]
    known = next((it for it in draft.context.roster.contact_methods(page.person) if it.id == method.id), None)
    if known is not None:
        draft.record(e.PageRepeated(key=key, person=page.person, method=known, due_at=due_at), actor=_ENGINE)
        return
    reason = f"{method.id} is not one of their contact methods any more"
    other = next_way(draft, page, but=(method,))
    draft.record(e.PageFailed(key, page.person, reason, next_method=other, via=method.id), actor=_ENGINE)


def _level(draft: Draft) -> SeverityLevel:
    severity = draft.incident.severity
    if severity is None:
        raise LookupError("an incident that nobody has assessed has no severity to go by")
    return draft.context.sop.severities[severity]


def _fire_rung(draft: Draft, rung: Rung) -> None:
    reached: dict[str, e.Reach] = {}
    unreachable: list[str] = []
    for target, teams in _asked(rung, draft.incident.teams):
        people = draft.context.roster.people(target, teams)
        if not people:
            whose = f" of {teams[0]}" if target in TEAM_TARGETS else ""
            unreachable.append(f"{target}{whose} (nobody)")
        for person in people:
            reach = draft.reach(person, rung.urgency)
            if reach is None:
                unreachable.append(f"{person} (no usable contact method)")
            else:
                reached.setdefault(person, reach)
    draft.record(
        e.StepFired(
            urgency=rung.urgency,
            targets=rung.targets,
            slots=rung.slots,
            reached=tuple(reached.values()),
            unreachable=tuple(dict.fromkeys(unreachable)),
            due_at=rung.at,
            round=rung.round,
        ),
        actor=_ENGINE,
    )


def _asked(rung: Rung, teams: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whom the rung reaches for: a target that each team has once a team, so that a team's gap can't go unnoticed."""
    for target in rung.targets if rung.urgency is not Urgency.ASSIGN else ():
        if target in TEAM_TARGETS:
            asked = [team for team in teams if rung.round or f"{rung.urgency}:{target}@{team}" in rung.slots]
            yield from ((target, (team,)) for team in asked)
        else:
            yield target, teams


def _call_for_assessment(draft: Draft) -> None:
    """Tell whoever responds; from the second call on also whom the ladder would have gone on paging."""
    sop, incident = draft.context.sop, draft.incident
    due_at, repeat = assessment_due_at(sop, incident), sop.unassessed.repeat
    if due_at is None or repeat is None:
        raise LookupError("an assessment deadline without an assessment to wait for")
    times = _calls_since(due_at, repeat.every, draft.context.now)
    reaches = {reach.person: reach for reach in [_holder(draft, Role.INCIDENT_COMMANDER)] if reach}
    for person in _paged_last(draft) if times > 1 else ():
        reach = draft.reach(person, Urgency.NOTIFY)
        if reach is not None:
            reaches.setdefault(person, reach)
    draft.record(e.AssessmentOverdue(reached=tuple(reaches.values()), due_at=due_at, times=times), actor=_ENGINE)


def _paged_last(draft: Draft) -> list[str]:
    """Whom the last page step of the ladder of what nobody has assessed would wake."""
    steps = draft.context.sop.unassessed.escalation
    last = next((step for step in reversed(steps) if step.page), None)
    roster, teams = draft.context.roster, draft.incident.teams
    return [person for target in (last.page if last else ()) for person in roster.people(target, teams)]


def _call_for_update(draft: Draft, level: SeverityLevel) -> None:
    due_at = update_due_at(level, draft.incident)
    if due_at is None or level.update_every is None:
        raise LookupError("a cadence deadline without a cadence")
    times = _calls_since(due_at, level.update_every, draft.context.now)
    if times:
        reach = _holder(draft, Role.INCIDENT_COMMANDER, Role.COMMUNICATIONS_LEAD)
        draft.record(e.UpdateOverdue(reached=reach, due_at=due_at, times=times), actor=_ENGINE)
    else:
        reach = _holder(draft, Role.COMMUNICATIONS_LEAD, Role.INCIDENT_COMMANDER)
        draft.record(e.Reminded(reached=reach, due_at=due_at), actor=_ENGINE)


def _call_for_postmortem(draft: Draft, level: SeverityLevel) -> None:
    due_at = postmortem_due_at(level, draft.incident)
    if due_at is None:
        raise LookupError("a postmortem deadline without a postmortem")
    reach = _holder(draft, Role.INCIDENT_COMMANDER, Role.TECHNICAL_LEAD)
    times = _calls_since(due_at, draft.context.sop.postmortem.remind_before, draft.context.now)
    draft.record(e.PostmortemReminded(reached=reach, due_at=due_at, times=times), actor=_ENGINE)


def _calls_since(due_at: datetime, every: timedelta, now: datetime) -> int:
    """How many calls are due by `now`, the first at `due_at`; after a standstill one call stands for all it missed."""
    return 1 + (now - due_at) // every if now >= due_at else 0


def _holder(draft: Draft, *roles: Role) -> e.Reach | None:
    """How the first filled of `roles` is informed; else whoever acknowledged, else the first in line who can be."""
    incident = draft.incident
    involved = [*(incident.roles.get(role) for role in roles), incident.acknowledged_by]
    in_line = (person for target in _IN_LINE for person in draft.context.roster.people(target, incident.teams))
    reaches = (draft.reach(person, Urgency.NOTIFY) for person in chain(involved, in_line) if person)
    return next(filter(None, reaches), None)
