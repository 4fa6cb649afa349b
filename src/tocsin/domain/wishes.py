"""What can people ask of an incident? Each wish with its fields, and the command that is made of it; no I/O.

The same by every door: the API reads the fields from JSON, pages and Slack from forms (`forms.py`).
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.errors import InvalidInput
from tocsin.sop.classify import breach_in, classify
from tocsin.sop.durations import Duration
from tocsin.sop.model import Answers, Sop
from tocsin.sop.words import Role, Severity, Trigger


class SeverityMissing(InvalidInput):
    """An assessment that neither names a severity nor answers what gives one."""

    code = "severity_missing"


class Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the bodies that act: `by` is a person of the SOP; without it the token's name acts."""

    by: str | None = None


class DeclareBody(Body, frozen=True):
    """Declare an incident. With `answers` and no `severity` the SOP's rules classify it."""

    title: str
    service: str | None = None
    trigger: Trigger = Trigger.SERVICE_DEGRADED
    severity: Severity | None = None
    reason: str = ""
    answers: Answers | None = None
    teams: tuple[str, ...] = ()


class AssessBody(Body, frozen=True):
    """Assess, or change the severity: by naming it with a reason, or by answers that the SOP's rules classify.

    A `trigger` other than the recorded one takes its place, at the same severity as well.
    """

    severity: Severity | None = None
    reason: str = ""
    answers: Answers | None = None
    trigger: Trigger | None = None


class ReleaseBody(Body, frozen=True):
    """Let a restored incident page again; the reason may be left out."""

    reason: str = ""


class RoleBody(Body, frozen=True):
    """Give a role to a person."""

    role: Role
    person: str


class TeamBody(Body, frozen=True):
    """Add an affected team."""

    team: str


class NoteBody(Body, frozen=True):
    """Write something down."""

    text: str


class UpdateBody(Body, frozen=True):
    """Post a status update; `next_within` promises the next one sooner than the SOP asks (`10m`)."""

    text: str
    audience: Audience = Audience.INTERNAL
    next_within: Duration | None = None


class PageBody(Body, frozen=True):
    """Page a person or a target of the SOP now."""

    target: str
    reason: str


class OptionalNoteBody(Body, frozen=True):
    """Mitigate or resolve, with a note if there is something to say."""

    note: str = ""


class ReasonBody(Body, frozen=True):
    """Reopen or cancel, with the reason."""

    reason: str


class PlainBody(Body, frozen=True):
    """Nothing to say beside who acts."""


def declaration(sop: Sop, body: DeclareBody) -> c.Declare:
    """The command that a declaration makes; raises InvalidInput for a severity and answers at once."""
    severity, reason = _severity(sop, body)
    return c.Declare(
        title=body.title,
        service=body.service or sop.alerts.default_service,
        trigger=breach_in(body.answers) or body.trigger,
        severity=severity,
        reason=reason,
        teams=body.teams,
    )


def assessment(sop: Sop, body: AssessBody) -> c.Assess:
    """The command that an assessment makes; raises InvalidInput without a severity, or for one and answers as well."""
    severity, reason = _severity(sop, body)
    if severity is None:
        raise SeverityMissing("severity: must be SEV1, SEV2, SEV3 or SEV4, or give answers to classify it")
    return c.Assess(severity=severity, reason=reason, trigger=breach_in(body.answers) or body.trigger)


def _severity(sop: Sop, body: DeclareBody | AssessBody) -> tuple[Severity | None, str]:
    """The severity that was named, or the one that the answers give, with its reason."""
    if body.severity is not None and body.answers is not None:
        raise InvalidInput("severity: give a severity with a reason, or answers, not both")
    if body.answers is None:
        return body.severity, body.reason
    verdict = classify(sop, body.answers)
    return verdict.severity, body.reason.strip() or verdict.reason


class Wish(Struct, frozen=True):
    """A change that can be asked for: its fields, and the command that they make by an SOP."""

    body: type[Body]
    command_of: Callable[[Sop, Any], c.Change]


WISHES: dict[str, Wish] = {
    "acknowledge": Wish(PlainBody, lambda _, body: c.Acknowledge()),
    "assess": Wish(AssessBody, assessment),
    "roles": Wish(RoleBody, lambda _, body: c.AssignRole(role=body.role, person=body.person)),
    "teams": Wish(TeamBody, lambda _, body: c.AddTeam(team=body.team)),
    "notes": Wish(NoteBody, lambda _, body: c.AddNote(text=body.text)),
    "updates": Wish(
        UpdateBody, lambda _, body: c.PostUpdate(text=body.text, audience=body.audience, next_within=body.next_within)
    ),
    "pages": Wish(PageBody, lambda _, body: c.PageByHand(target=body.target, reason=body.reason)),
    "mitigate": Wish(OptionalNoteBody, lambda _, body: c.Mitigate(note=body.note)),
    "resolve": Wish(OptionalNoteBody, lambda _, body: c.Resolve(note=body.note)),
    "reopen": Wish(ReasonBody, lambda _, body: c.Reopen(reason=body.reason)),
    "cancel": Wish(ReasonBody, lambda _, body: c.Cancel(reason=body.reason)),
    "release": Wish(ReleaseBody, lambda _, body: c.Release(reason=body.reason)),
    "postmortem/request": Wish(PlainBody, lambda _, body: c.RequestPostmortem()),
    "postmortem/complete": Wish(PlainBody, lambda _, body: c.CompletePostmortem()),
}
