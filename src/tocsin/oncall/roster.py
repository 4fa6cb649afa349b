"""Who are the ladder's targets at one instant, and how is each reached? Pure; instants are aware UTC.

An unknown target, an unknown team, or a person who no longer exists gives nobody, never an exception: an incident keeps
the SOP version it was declared under, and a page must go on to the next step, not fail.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tocsin.oncall.rotation import Shift, shift_at
from tocsin.sop.model import ContactMethod, Sop, Team

INBOX = "inbox"  # the built-in contact method: needs no credentials
SLACK = "slack"  # a direct message: needs the person's Slack id as well


class Target(StrEnum):
    """The targets every ladder may name; besides them there are the organisation's own and the ids of people."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TEAM_LEAD = "team_lead"
    ENGINEERING_MANAGER = "engineering_manager"
    EVERYONE_ON_CALL = "everyone_on_call"  # of every team, whichever are affected


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
    """Who the ladder's targets are at one instant, and how each can be reached."""

    sop: Sop
    at: datetime
    methods: frozenset[str]  # contact methods whose credentials are set; the inbox is usable in any case

    def people(self, target: str, teams: tuple[str, ...]) -> tuple[str, ...]:
        """The ids of the people whom `target` means for an incident of `teams`; each once, in the order of `teams`.

        The teams matter to TEAM_TARGETS only. A team without an engineering manager, and an incident without any
        team that exists, has the organisation's. A word with several meanings is a `Target` first, the organisation's
        target second, a person last. Somebody who can't be reached is included: `contact_methods` tells.
        """
        affected = [self.sop.teams[team] for team in teams if team in self.sop.teams]
        meant = dict.fromkeys(self._meant_by(target, affected))
        return tuple(person for person in meant if person in self.sop.people)

    def contact_methods(self, person: str) -> tuple[ContactMethod, ...]:
        """The person's usable contact methods, in the order to try them; empty for somebody who doesn't exist."""
        if person not in self.sop.people:
            return ()
        usable = self.methods | {INBOX}
        known = self.sop.people[person]
        return tuple(
            method for method in known.contact if method.via in usable and (method.via != SLACK or known.slack_user)
        )

    def _meant_by(self, target: str, teams: list[Team]) -> Iterable[str | None]:
        match target:
            case Target.PRIMARY:
                return [shift.primary for shift in self._shifts(teams)]
            case Target.SECONDARY:
                return [shift.secondary for shift in self._shifts(teams)]
            case Target.TEAM_LEAD:
                return [team.lead for team in teams]
            case Target.ENGINEERING_MANAGER:
                organisations = self.sop.targets.get(target)
                return [team.engineering_manager or organisations for team in teams] or [organisations]
            case Target.EVERYONE_ON_CALL:
                everyone = self._shifts(self.sop.teams[team] for team in sorted(self.sop.teams))
                return [person for shift in everyone for person in (shift.primary, shift.secondary)]
            case _:
                return [self.sop.targets.get(target, target)]

    def _shifts(self, teams: Iterable[Team]) -> list[Shift]:
        return [shift_at(team.rotation, self.at) for team in teams]


def is_known_target(sop: Sop, target: str) -> bool:
    """Whether a page or a notification may name `target`. The queues of an assign step are not people, so not known."""
    return target in TARGETS or target in sop.targets or target in sop.people


def who_is_on_call(sop: Sop, at: datetime) -> tuple[OnCall, ...]:
    """Who is on call in every team at `at`, sorted by the team's id; at the instant of a handoff, who takes over.

    Somebody who isn't among the SOP's people answers for nothing: the place is shown as empty.
    """
    return tuple(_on_call(sop, team, at) for team in sorted(sop.teams))


def _on_call(sop: Sop, team: str, at: datetime) -> OnCall:
    rotation = sop.teams[team].rotation
    current = shift_at(rotation, at)
    following = shift_at(rotation, current.ends_at)
    return OnCall(
        team=team,
        primary=_existing(sop, current.primary),
        secondary=_existing(sop, current.secondary),
        until=current.ends_at,
        next_primary=_existing(sop, following.primary),
        next_secondary=_existing(sop, following.secondary),
    )


def _existing(sop: Sop, person: str | None) -> str | None:
    return person if person in sop.people else None
