"""What does somebody want who sends a dialog? Its fields to a command, a refusal to the field at fault; no I/O.

What is asked for, and what is wrong with it, is the same as on a page: here stands what is Slack's alone.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tocsin.domain import commands as c
from tocsin.domain.forms import decode_form, fields_of
from tocsin.domain.wishes import WISHES, Body, DeclareBody, declaration
from tocsin.errors import InvalidInput
from tocsin.integrations.slack.actions import Action
from tocsin.sop.classify import QUESTIONS
from tocsin.sop.model import Sop

Fields = Mapping[str, str]
B = TypeVar("B", bound=Body)

# What a dialog on an incident asks for.
_WISHES = {
    Action.ASSESS: "assess",
    Action.ROLE: "roles",
    Action.UPDATE: "updates",
    Action.NOTE: "notes",
    Action.PAGE: "pages",
    Action.MITIGATE: "mitigate",
    Action.RESOLVE: "resolve",
}
_QUESTIONS = tuple(question.name for question in QUESTIONS)
# Which field a refusal is about that doesn't begin with its name, by its code; of others it is the dialog's first.
_FIELD_OF = {
    "next_update_too_late": "next_within",
    "not_communications_lead": "audience",
    "same_severity": "severity",
    "severity_missing": _QUESTIONS[0],
    "unknown_person": "person",
    "role_already_held": "person",
    "nobody_to_page": "target",
    "unreachable": "target",
}
# The fields of each dialog, the first one first: whatever is about none of them is said there.
_FIELDS = {
    Action.DECLARE: ("title", "service", "trigger", "severity", "reason", *_QUESTIONS),
    Action.ASSESS: ("severity", "reason", *_QUESTIONS),
    Action.ROLE: ("person", "role"),
    Action.UPDATE: ("text", "audience", "next_within"),
    Action.NOTE: ("text",),
    Action.PAGE: ("target", "reason"),
    Action.MITIGATE: ("note",),
    Action.RESOLVE: ("note",),
}


def field_at_fault(dialog: Action, error: InvalidInput) -> str:
    """The field of the dialog under which the refusal is shown: the one whose name it begins with, or its first."""
    place = str(error).partition(":")[0].rpartition(".")[2].replace(" ", "_")
    place = "next_within" if place == "next_update" else _FIELD_OF.get(error.code, place)
    return place if place in _FIELDS.get(dialog, ()) else first_field(dialog)


def first_field(dialog: Action) -> str:
    """Where something is said that is about no field."""
    return _FIELDS.get(dialog, ("text",))[0]


def declared(fields: Fields, sop: Sop) -> c.Declare:
    """The declaration; without a severity or answers it waits for an assessment. Raises InvalidInput."""
    return declaration(sop, _read(fields_of(fields), DeclareBody))


def change(dialog: Action, fields: Fields, sop: Sop, people: Mapping[str, str]) -> c.Change:
    """The command that a dialog on an incident asks for; `people` are ids by Slack member. Raises InvalidInput."""
    given = fields_of(fields)
    if dialog is Action.ROLE:
        given["person"] = known_member(fields.get("person", ""), people)
    return wanted(dialog, given, sop)


def wanted(dialog: Action, fields: Mapping[str, Any], sop: Sop) -> c.Change:
    """The command that such a dialog would ask for with these fields; raises InvalidInput."""
    if dialog not in _WISHES:
        raise InvalidInput("this dialog is none of Tocsin's: open it again")
    wish = WISHES[_WISHES[dialog]]
    return wish.command_of(sop, _read(fields, wish.body))


def _read(fields: Mapping[str, Any], body: type[B]) -> B:
    """The fields as a body; what isn't said is empty, and who acts is no field's to say."""
    names = {it.encode_name for it in msgspec.structs.fields(body)} - {"by"}
    return decode_form({name: fields.get(name, "") for name in names}, body)


def known_member(member: str, people: Mapping[str, str]) -> str:
    """The person whose Slack member id it is; raises InvalidInput."""
    if member not in people:
        raise InvalidInput("person: the SOP doesn't know them: add their Slack member id as `slack_user`")
    return people[member]
