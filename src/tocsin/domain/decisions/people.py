"""Who does what, who is told, who is woken: roles, status updates, pages by hand."""

from datetime import datetime

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal
from tocsin.domain.incident import Audience, Status
from tocsin.domain.text import MAX_LINE, clean_line, clean_text, fault_in
from tocsin.sop.durations import Duration
from tocsin.sop.words import Role, Urgency

_SOONEST = Duration(minutes=1)


def assign_role(draft: Draft, command: c.AssignRole) -> Refusal | None:
    """Give a role to a person, or hand it over; there is one holder at a time."""
    incident, people = draft.incident, draft.context.roster.sop.people
    if command.person not in people:
        return Refusal("unknown_person", f"person: {command.person!r} is not one of {', '.join(sorted(people))}")
    before = incident.roles.get(command.role)
    if before == command.person:
        return Refusal("role_already_held", f"{command.person} is {command.role.short} of {incident.id} already")
    draft.record(e.RoleAssigned(role=command.role, person=command.person, before=before))
    return None


def post_update(draft: Draft, command: c.PostUpdate) -> Refusal | None:
    """Post a status update, which restarts the cadence. Customers hear only from the Communications Lead."""
    incident = draft.incident
    fault = fault_in(command.text, "update")
    if fault:
        return Refusal("invalid_update", fault)
    if command.audience is Audience.EXTERNAL and draft.context.actor != incident.roles.get(Role.COMMUNICATIONS_LEAD):
        return Refusal("not_communications_lead", _only_the_lead(incident.roles.get(Role.COMMUNICATIONS_LEAD)))
    level = draft.context.sop.severities.get(incident.severity) if incident.severity else None
    every = level.update_every if level else None
    if command.next_within is not None and command.next_within < _SOONEST:
        return Refusal("invalid_update", f"next update: must be at least {_SOONEST} away, got {command.next_within}")
    if command.next_within is not None and every is not None and command.next_within > every:
        return Refusal(
            "next_update_too_late",
            f"next update: {incident.severity} asks for one every {every}, got {command.next_within}",
        )
    draft.record(
        e.UpdatePosted(
            text=clean_text(command.text),
            audience=command.audience,
            next_within=command.next_within,
            next_by=_next_by(draft, command.next_within, every),
        )
    )
    return None


def _next_by(draft: Draft, promised: Duration | None, every: Duration | None) -> datetime | None:
    """When the next update comes; None where neither the cadence nor the author says so."""
    within = promised or every
    is_expected = draft.incident.status in (Status.TRIGGERED, Status.ACKNOWLEDGED)
    return draft.context.now + within if within is not None and is_expected else None


def _only_the_lead(lead: str | None) -> str:
    holder = f"ask {lead}, who holds the role" if lead else "nobody holds the role: assign it first"
    return f"only the Communications Lead may publish to customers; {holder}"


def page_by_hand(draft: Draft, command: c.PageByHand) -> Refusal | None:
    """Page everybody the target stands for, whatever the ladder says; refused when that is nobody."""
    fault = fault_in(command.reason, "reason", MAX_LINE)
    if fault:
        return Refusal("reason_missing", fault)
    people = draft.context.roster.people(command.target, draft.incident.teams)
    if not people:
        return Refusal("nobody_to_page", f"target: {command.target!r} is nobody: give a person or a target of the SOP")
    reached = [reach for person in people if (reach := draft.reach(person, Urgency.PAGE))]
    if not reached:
        return Refusal("unreachable", f"{', '.join(people)}: no usable contact method; page somebody else")
    for reach in reached:
        draft.record(e.PersonPaged(reached=reach, reason=clean_line(command.reason)))
    return None
