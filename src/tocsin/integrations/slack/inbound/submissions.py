"""What does somebody want who sends a dialog? Its fields to the command, a refusal to the field at fault; no I/O."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.errors import InvalidInput
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound.dialogs import BY_ANSWERS
from tocsin.sop.classify import QUESTIONS, Verdict, breach_in, classify
from tocsin.sop.durations import Duration
from tocsin.sop.model import Answers, Sop
from tocsin.sop.words import Role, Severity, Trigger

Fields = Mapping[str, str]
T = TypeVar("T")

# Which field a refusal is about, by its code; what stands here for no dialog is said on its first field.
_FIELD_OF = {
    "invalid_update": "text",
    "next_update_too_late": "next_within",
    "not_communications_lead": "audience",
    "invalid_note": "text",
    "reason_missing": "reason",
    "same_severity": "severity",
    "unknown_person": "person",
    "role_already_held": "person",
    "nobody_to_page": "target",
    "unreachable": "target",
    "invalid_declaration": "title",
}
FIRST_FIELD = {
    Action.DECLARE: "title",
    Action.ASSESS: "severity",
    Action.ROLE: "person",
    Action.UPDATE: "text",
    Action.NOTE: "text",
    Action.PAGE: "target",
    Action.MITIGATE: "note",
    Action.RESOLVE: "note",
}


class FieldFault(InvalidInput):
    """A field that can't be understood."""

    code = "invalid_field"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def field_at_fault(dialog: Action, error: InvalidInput) -> str:
    """The field of the dialog under which the refusal is shown."""
    if isinstance(error, FieldFault):
        return error.field
    text = str(error)
    if error.code == "invalid_declaration" and text.startswith("service"):
        return "service"
    if error.code == "invalid_update" and text.startswith("next update"):
        return "next_within"
    return _FIELD_OF.get(error.code, FIRST_FIELD.get(dialog, "text"))


def declaration(fields: Fields, sop: Sop) -> c.Declare:
    """The declaration; without a severity or answers it waits for an assessment."""
    severity, reason, answers = _severity(fields, sop)
    return c.Declare(
        title=fields.get("title", ""),
        service=fields.get("service") or sop.alerts.default_service,
        trigger=breach_in(answers) or _one_of(Trigger, fields.get("trigger") or Trigger.SERVICE_DEGRADED, "trigger"),
        severity=severity,
        reason=reason,
    )


def assessment(fields: Fields, sop: Sop) -> c.Assess:
    """The assessment; raises FieldFault where neither a severity is named nor the first question answered."""
    severity, reason, answers = _severity(fields, sop)
    if severity is None:
        raise FieldFault("scope", "answer this question, or name a severity above")
    return c.Assess(severity=severity, reason=reason, trigger=breach_in(answers))


def role(fields: Fields, people: Mapping[str, str]) -> c.AssignRole:
    """The role; `people` are ids by Slack member."""
    member = fields.get("person", "")
    if member not in people:
        raise FieldFault("person", "the SOP doesn't know them: add their Slack member id as `slack_user`")
    return c.AssignRole(role=_one_of(Role, fields.get("role", ""), "role"), person=people[member])


def status_update(fields: Fields) -> c.PostUpdate:
    """The status update; what is promised for the next one is a duration, 10m."""
    promised = fields.get("next_within", "").strip()
    try:
        within = Duration.parse(promised) if promised else None
    except ValueError as error:
        raise FieldFault("next_within", f"must be a duration such as 10m or 1h, got {promised[:40]!r}") from error
    audience = _one_of(Audience, fields.get("audience") or Audience.INTERNAL, "audience")
    return c.PostUpdate(text=fields.get("text", ""), audience=audience, next_within=within)


# The dialogs on an incident whose fields are the command's own.
PLAIN: dict[Action, Callable[[Fields], c.Change]] = {
    Action.UPDATE: status_update,
    Action.NOTE: lambda fields: c.AddNote(text=fields.get("text", "")),
    Action.PAGE: lambda fields: c.PageByHand(target=fields.get("target", "").strip(), reason=fields.get("reason", "")),
    Action.MITIGATE: lambda fields: c.Mitigate(note=fields.get("note", "")),
    Action.RESOLVE: lambda fields: c.Resolve(note=fields.get("note", "")),
}


def change(dialog: Action, fields: Fields, sop: Sop, people: Mapping[str, str]) -> c.Change:
    """The command that a dialog on an incident asks for; raises InvalidInput."""
    match dialog:
        case Action.ASSESS:
            return assessment(fields, sop)
        case Action.ROLE:
            return role(fields, people)
        case _ if dialog in PLAIN:
            return PLAIN[dialog](fields)
    raise InvalidInput("this dialog is none of Tocsin's: open it again")


def verdict_on(fields: Fields, sop: Sop) -> Verdict | None:
    """What the fields say of the severity so far, with the reason; None while they say nothing."""
    chosen = fields.get("severity", BY_ANSWERS)
    if chosen in Severity.__members__:
        return Verdict(severity=Severity(chosen), reason=sop.severities[Severity(chosen)].impact, rule=None)
    answers = _answers(fields)
    return classify(sop, answers) if answers else None


def _severity(fields: Fields, sop: Sop) -> tuple[Severity | None, str, Answers | None]:
    answers = _answers(fields)
    chosen, reason = fields.get("severity") or BY_ANSWERS, fields.get("reason", "").strip()
    if chosen != BY_ANSWERS:
        severity = _one_of(Severity, chosen, "severity")
        if not reason:
            raise FieldFault("reason", f"say why it is {severity}")
        return severity, reason, answers
    if answers is None:
        return None, "", None
    verdict = classify(sop, answers)
    return verdict.severity, reason or verdict.reason, answers


def _answers(fields: Fields) -> Answers | None:
    """The answers to the questions; None while one that must be answered isn't."""
    given = {question.name: fields[question.name] for question in QUESTIONS if fields.get(question.name)}
    if any(question.default is None and question.name not in given for question in QUESTIONS):
        return None
    try:
        return msgspec.convert(given, Answers)
    except msgspec.ValidationError as error:
        raise FieldFault("scope", "these answers are none of the questions': open the dialog again") from error


def _one_of(kind: Callable[[str], T], value: str, field: str) -> T:
    try:
        return kind(value)
    except ValueError:
        raise FieldFault(field, f"{value[:40]!r} is not one of those that can be chosen") from None
