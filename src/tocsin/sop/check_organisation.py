"""Is everybody whom the SOP names there, and can they be reached? People, teams, services, targets, time zones."""

from collections.abc import Iterator
from math import gcd
from zoneinfo import ZoneInfo, available_timezones

from tocsin.sop.check_contacts import can_work, check_contact
from tocsin.sop.decode import did_you_mean
from tocsin.sop.finding import Finding, error, unknown, warning
from tocsin.sop.model import Rotation, Sop, Team
from tocsin.sop.words import Target

QUEUES = ("team_queue", "backlog")
_MANAGER = Target.ENGINEERING_MANAGER  # the one built-in target that [targets] may define


def check_organisation(sop: Sop) -> Iterator[Finding]:
    """The findings of people, teams, services and targets, in the file's order."""
    for name, person in sop.people.items():
        if name in (*Target, *QUEUES):
            yield error(f"people.{name}", f'"{name}" has a meaning of its own already', "choose another id")
        yield from check_contact(f"people.{name}.contact", person)
    for target, whom in sop.targets.items():
        yield from _check_target(sop, target, whom)
    for name, team in sop.teams.items():
        yield from _check_team(sop, name, team)
    for name, service in sop.services.items():
        if service.team not in sop.teams:
            yield unknown(f"services.{name}.team", service.team, "team", sop.teams)


def check_named_targets(sop: Sop, where: str, targets: tuple[str, ...]) -> Iterator[Finding]:
    """An error for every word of `targets` that a page or a notification can't mean; `where` is the array's place."""
    for number, target in enumerate(targets, start=1):
        place = f"{where}[{number}]"
        if target in QUEUES:
            yield error(place, f'"{target}" is a queue, and reaches nobody', "use `assign`, or name a target")
        elif target == _MANAGER:
            yield from _check_manager(sop, place)
        elif target not in (*Target, *sop.targets, *sop.people):
            hint = did_you_mean(target, (*Target, *sop.targets, *sop.people))
            remedy = f'add {target} = "<a person\'s id>" to [targets], or name another{hint}'
            yield error(place, f'"{target}" is neither a target nor a person', remedy)


def check_time_zone(where: str, time_zone: str) -> Iterator[Finding]:
    """An error if the time zone database has no such zone."""
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):  # OSError: "Europe", which is a folder of the database
        hint = did_you_mean(time_zone, available_timezones())
        yield error(where, f'there is no time zone "{time_zone}"', f"name one such as Europe/Berlin{hint}")


def people_meant(sop: Sop, team: Team, target: str) -> tuple[str, ...]:
    """The ids of the people whom `target` may mean, at some time, for an incident of `team`; unknown ones included."""
    match target:
        case Target.PRIMARY:
            return team.rotation.primary
        case Target.SECONDARY:
            return team.rotation.secondary
        case Target.TEAM_LEAD:
            return (team.lead,)
        case Target.EVERYONE_ON_CALL:
            rotations = [each.rotation for each in sop.teams.values()]
            return tuple(person for rotation in rotations for person in (*rotation.primary, *rotation.secondary))
        case Target.ENGINEERING_MANAGER if team.engineering_manager is not None:
            return (team.engineering_manager,)
    return (sop.targets.get(target, target),)


def is_reachable(sop: Sop, person: str) -> bool:
    """Whether the person exists and has a contact method that can work, once its credentials are set."""
    known = sop.people.get(person)
    return known is not None and any(can_work(known, method) for method in known.contact)


def _check_target(sop: Sop, target: str, person: str) -> Iterator[Finding]:
    where = f"targets.{target}"
    if target in (*Target, *QUEUES) and target != _MANAGER:
        yield error(where, f'"{target}" has a meaning of its own already', "choose another name")
    if target in sop.people:
        yield error(where, f'"{target}" is a person too, so a ladder that names it is ambiguous', "choose another name")
    yield from _check_person(sop, where, person)


def _check_manager(sop: Sop, where: str) -> Iterator[Finding]:
    without = [name for name, team in sop.teams.items() if team.engineering_manager is None]
    if _MANAGER not in sop.targets and (without or not sop.teams):
        whose = f"team {without[0]}" if without else "the organisation"
        remedy = f'add {_MANAGER} = "<a person\'s id>" to [targets], or to every team'
        yield error(where, f'"{_MANAGER}" is nobody for {whose}', remedy)


def _check_team(sop: Sop, name: str, team: Team) -> Iterator[Finding]:
    where = f"teams.{name}"
    yield from _check_person(sop, f"{where}.lead", team.lead)
    if team.engineering_manager is not None:
        yield from _check_person(sop, f"{where}.{_MANAGER}", team.engineering_manager)
    yield from _check_rotation(sop, f"{where}.rotation", team.rotation)
    if all(service.team != name for service in sop.services.values()):
        yield warning(where, "owns no service, so no alert reaches it", "give it a service, or leave it out")


def _check_rotation(sop: Sop, where: str, rotation: Rotation) -> Iterator[Finding]:
    yield from check_time_zone(f"{where}.time_zone", rotation.time_zone)
    for layer, people in (("primary", rotation.primary), ("secondary", rotation.secondary)):
        for number, person in enumerate(people, start=1):
            yield from _check_person(sop, f"{where}.{layer}[{number}]", person)
    if not rotation.primary:
        yield error(f"{where}.primary", "is empty, so nobody is on call", "name one person at least")
    if not rotation.secondary:
        yield warning(f"{where}.secondary", "is empty, so nobody backs the primary up", "name one person at least")
    twice = _who_backs_themselves_up(rotation)
    if twice is not None:
        problem = f"{twice} is primary and secondary in the same shift"
        yield warning(f"{where}.secondary", problem, "order the two lists so that they never meet")


def _who_backs_themselves_up(rotation: Rotation) -> str | None:
    """Somebody who stands in both lists in one shift, found without counting shifts (by the Chinese remainders)."""
    common = gcd(len(rotation.primary), len(rotation.secondary))
    for turn, person in enumerate(rotation.primary):
        for other_turn, other in enumerate(rotation.secondary):
            if person == other and (turn - other_turn) % common == 0:
                return person
    return None


def _check_person(sop: Sop, where: str, person: str) -> Iterator[Finding]:
    if person not in sop.people:
        yield unknown(where, person, "person", sop.people)
