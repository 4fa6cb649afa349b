"""Who are the ladder's targets at one instant, and how is each reached? Pure; instants are aware UTC.

An unknown target, an unknown team, or a person who no longer exists gives nobody, never an exception: an incident keeps
the SOP version it was declared under, and a page must go on to the next step, not fail.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.oncall.coverage import on_call_at
from tocsin.oncall.overrides import Override
from tocsin.oncall.rotation import Shift
from tocsin.sop.check_contacts import can_work
from tocsin.sop.model import ContactMethod, Sop, Team
from tocsin.sop.words import Target

INBOX = "inbox"  # the built-in contact method: needs no credentials


TARGETS = frozenset(Target)
TEAM_TARGETS = TARGETS - {Target.EVERYONE_ON_CALL}  # whom these mean depends on the teams affected


class OnCall(Struct, frozen=True):
    """Who answers for one team up to, not including, `until`, and who takes over then. None: nobody."""

    team: str
    primary: str | None
    secondary: str | None
    until: datetime
    next_primary: str | None
    next_secondary: str | None


class Roster(Struct, frozen=True):
    """Who the ladder's targets are at one instant, and how each can be reached.

    `overrides` are those that may hold then, the later ones last.
    """

    sop: Sop
    at: datetime
    methods: frozenset[str]  # contact methods whose credentials are set; the inbox is usable in any case
    overrides: tuple[Override, ...] = ()

    def people(self, target: str, teams: tuple[str, ...]) -> tuple[str, ...]:
        """The ids of the people whom `target` means for an incident of `teams`; each once, in the order of `teams`.

        The teams matter to TEAM_TARGETS only. A team without an engineering manager, and an incident without any
        team that exists, has the organisation's. A word with several meanings is a `Target` first, the organisation's
        target second, a person last. Somebody who can't be reached is included: `contact_methods` tells.
        """
        affected = [team for team in teams if team in self.sop.teams]
        meant = dict.fromkeys(self._meant_by(target, affected))
        return tuple(person for person in meant if person in self.sop.people)

    def contact_methods(self, person: str) -> tuple[ContactMethod, ...]:
        """The person's usable contact methods, in the order to try them; empty for somebody who doesn't exist."""
        return usable_methods(self.sop, person, self.methods)

    def _meant_by(self, target: str, teams: list[str]) -> Iterable[str | None]:
        match target:
            case Target.PRIMARY:
                return [shift.primary for shift in self._shifts(teams)]
            case Target.SECONDARY:
                return [shift.secondary for shift in self._shifts(teams)]
            case Target.TEAM_LEAD:
                return [it.lead for it in self._teams(teams)]
            case Target.ENGINEERING_MANAGER:
                organisations = self.sop.targets.get(target)
                return [it.engineering_manager or organisations for it in self._teams(teams)] or [organisations]
            case Target.EVERYONE_ON_CALL:
                everyone = self._shifts(sorted(self.sop.teams))
                return [person for shift in everyone for person in (shift.primary, shift.secondary)]
            case _:
                return [self.sop.targets.get(target, target)]

    def _teams(self, teams: list[str]) -> list[Team]:
        return [self.sop.teams[team] for team in teams]

    def _shifts(self, teams: list[str]) -> list[Shift]:
        return [on_call_at(self.sop, team, self.overrides, self.at) for team in teams]


def usable_methods(sop: Sop, person: str, methods: frozenset[str]) -> tuple[ContactMethod, ...]:
    """As `Roster.contact_methods`, where no instant matters."""
    if person not in sop.people:
        return ()
    usable = methods | {INBOX}
    known = sop.people[person]
    return tuple(method for method in known.contact if method.via in usable and can_work(known, method))


def who_is_on_call(sop: Sop, at: datetime, overrides: Sequence[Override] = ()) -> tuple[OnCall, ...]:
    """Who is on call in every team at `at`, sorted by the team's id; at the instant of a handoff, who takes over.

    `until` is the next handoff, or where an override changes something before. Somebody who isn't among the SOP's
    people answers for nothing: the place is shown as empty.
    """
    return tuple(_on_call(sop, team, at, overrides) for team in sorted(sop.teams))


def _on_call(sop: Sop, team: str, at: datetime, overrides: Sequence[Override]) -> OnCall:
    current = on_call_at(sop, team, overrides, at)
    following = on_call_at(sop, team, overrides, current.ends_at)
    return OnCall(
        team=team,
        primary=current.primary,
        secondary=current.secondary,
        until=current.ends_at,
        next_primary=following.primary,
        next_secondary=following.secondary,
    )
