"""What is wrong with an override that somebody asks for? Pure; a fault says where, what, and what is wanted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.oncall.coverage import coverage
from tocsin.oncall.overrides import Layer, Override
from tocsin.sop.model import Sop

AT_MOST = 500  # overrides that are not over
_FURTHEST = timedelta(days=366)


def fault_in_override(override: Override, sop: Sop, known: Sequence[Override], now: datetime) -> str | None:
    """The first fault, as a sentence that names the field; None where there is none.

    `known` are the overrides that hold at some time while it would.
    """
    if override.team not in sop.teams:
        return f"team: {override.team!r} is not one of {', '.join(sorted(sop.teams))}"
    for field, person in (("person", override.person), ("instead_of", override.instead_of)):
        if person is not None and person not in sop.people:
            return f"{field}: {person!r} is not one of {', '.join(sorted(sop.people))}"
    return _fault_in_span(override, now) or _fault_in_place(override, sop, known)


def _fault_in_span(override: Override, now: datetime) -> str | None:
    if override.ends_at <= override.starts_at:
        return f"ends_at: must be after the start, {override.starts_at:%Y-%m-%d %H:%M} UTC"
    if override.ends_at <= now:
        return f"ends_at: must lie ahead, and {override.ends_at:%Y-%m-%d %H:%M} UTC is past"
    if override.ends_at - now > _FURTHEST:
        return f"ends_at: must lie within {_FURTHEST.days} days; change the rotation for more"
    return None


def _fault_in_place(override: Override, sop: Sop, known: Sequence[Override]) -> str | None:
    whose = override.instead_of
    if whose is None:
        return None
    if whose == override.person:
        return f"instead_of: {whose} can't take their own place"
    (team,) = (it for it in coverage(sop, known, override.starts_at, override.ends_at) if it.team == override.team)
    holders = {it.primary if override.layer is Layer.PRIMARY else it.secondary for it in team.shifts}
    if whose not in holders:
        return f"instead_of: {whose} is not {override.layer} of {override.team} in that time, so nothing would change"
    return None
