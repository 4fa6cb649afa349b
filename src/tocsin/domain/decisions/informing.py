"""Who beside the responders must know? Stakeholders of a grave incident, management once small ones add up."""

from tocsin.domain import events as e
from tocsin.domain.context import MOST_COUNTED, Draft
from tocsin.sop.model import Pattern
from tocsin.sop.words import Urgency


def inform_stakeholders(draft: Draft) -> None:
    """Inform the stakeholders, once an incident, as soon as it has a severity whose level asks for it."""
    incident, sop = draft.incident, draft.context.sop
    asks = incident.severity is not None and sop.severities[incident.severity].notify_stakeholders
    if asks and not incident.are_stakeholders_informed:
        draft.record(e.StakeholdersInformed(reached=_reached(draft, sop.communication.stakeholders)))


def notice_pattern(draft: Draft) -> None:
    """Record the pattern that the incident completes: the third, and the sixth, but not each one after the third.

    Nor any past MOST_COUNTED, so that a decision costs the same however much there was.
    """
    for pattern in draft.context.sop.patterns:
        count = _count(draft, pattern)
        is_complete = count <= MOST_COUNTED and count % pattern.count == 0
        if draft.incident.severity is pattern.severity and is_complete:
            people = _reached(draft, pattern.notify)
            draft.record(
                e.PatternNoticed(severity=pattern.severity, count=count, within=pattern.within, reached=people)
            )


def _count(draft: Draft, pattern: Pattern) -> int:
    since = draft.incident.opened_at - pattern.within
    earlier = [past for past in draft.context.recent if past.severity is pattern.severity and past.opened_at > since]
    return len(earlier) + 1


def _reached(draft: Draft, targets: tuple[str, ...]) -> tuple[e.Reach, ...]:
    roster, teams = draft.context.roster, draft.incident.teams
    people = dict.fromkeys(person for target in targets for person in roster.people(target, teams))
    return tuple(filter(None, (draft.reach(person, Urgency.NOTIFY) for person in people)))
