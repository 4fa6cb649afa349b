"""Whom does a target mean, and can they be reached? Worked out as one would on paper, week by week, with the calendar.

It is the auditor's own reading of the organisation, and shares nothing with the engine's.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.sop.model import Sop, Team

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
OF_EACH_TEAM = ("primary", "secondary", "team_lead", "engineering_manager")


def meant_by(sop: Sop, target: str, team: str, at: datetime) -> set[str]:
    """The people who answer to `target`, for `team` where each team has its own; those who left are not among them."""
    its = sop.teams.get(team)
    match target:
        case "primary" | "secondary":
            people = [_in_turn(its, target, at)] if its else []
        case "team_lead":
            people = [its.lead] if its else []
        case "engineering_manager":
            people = [(its.engineering_manager if its else None) or sop.targets.get(target)]
        case "everyone_on_call":
            people = [_in_turn(each, which, at) for each in sop.teams.values() for which in ("primary", "secondary")]
        case _:
            people = [sop.targets.get(target, target)]
    return {person for person in people if person in sop.people}


def can_be_reached(sop: Sop, person: str, methods: frozenset[str]) -> bool:
    """Whether one of the person's contact methods works; the inbox always does."""
    known = sop.people[person]
    return any(
        way.via == "inbox" or (way.via in methods and (way.via != "slack" or known.slack_user is not None))
        for way in known.contact
    )


def _in_turn(team: Team, which: str, at: datetime) -> str | None:
    rotation = team.rotation
    people = rotation.primary if which == "primary" else rotation.secondary
    day = rotation.starts_on
    while WEEKDAYS[day.weekday()] != rotation.handoff_on:
        day += timedelta(days=1)
    turns = -1
    while _handoff(team, day) <= at:
        turns += 1
        day += timedelta(weeks=rotation.every_weeks)
    return people[turns % len(people)] if people else None


def _handoff(team: Team, day: object) -> datetime:
    rotation = team.rotation
    local = datetime.fromisoformat(f"{day}T{rotation.handoff_at:%H:%M:%S}")
    return local.replace(tzinfo=ZoneInfo(rotation.time_zone)).astimezone(UTC)
