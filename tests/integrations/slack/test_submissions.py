"""What does a dialog ask for, and under which field does its fault stand? The same commands as by every other door."""

import pytest

from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.errors import InvalidInput, Refused
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound.submissions import change, declared, field_at_fault
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role, Severity, Trigger

SOP = default_sop()
PEOPLE = {"U0ALICE": "alice"}
ANSWERS = {"severity": "unsure", "scope": "all", "data": "intact", "security": "none", "workaround": "no"}


@pytest.mark.parametrize(
    ("dialog", "fields", "command"),
    [
        (Action.ROLE, {"role": "technical_lead", "person": "U0ALICE"}, c.AssignRole(Role.TECHNICAL_LEAD, "alice")),
        (Action.NOTE, {"text": "it began at noon"}, c.AddNote("it began at noon")),
        (Action.PAGE, {"target": "cto", "reason": "all is down"}, c.PageByHand("cto", "all is down")),
        (Action.MITIGATE, {"note": ""}, c.Mitigate("")),
        (Action.RESOLVE, {}, c.Resolve("")),
        (
            Action.UPDATE,
            {"text": "rolling back", "audience": "external", "next_within": "10m"},
            c.PostUpdate("rolling back", Audience.EXTERNAL, Duration.parse("10m")),
        ),
        (Action.ASSESS, {"severity": "SEV2", "reason": "many fail"}, c.Assess(Severity.SEV2, "many fail")),
        (Action.ASSESS, {**ANSWERS, "reason": "as I see it"}, c.Assess(Severity.SEV1, "as I see it")),
        (
            Action.ASSESS,
            {**ANSWERS, "severity": "SEV3", "reason": "few", "security": "suspected"},
            c.Assess(Severity.SEV3, "few", Trigger.SECURITY_BREACH),
        ),
    ],
)
def test_fields_are_the_commands_own(dialog: Action, fields: dict[str, str], command: c.Change) -> None:
    assert change(dialog, fields, SOP, PEOPLE) == command


def test_answers_give_a_declaration_its_severity_and_the_reason() -> None:
    command = declared({**ANSWERS, "title": "Checkout is down", "reason": ""}, SOP)
    assert (command.severity, command.service) == (Severity.SEV1, SOP.alerts.default_service)
    assert command.reason in {rule.reason for rule in SOP.classification.rules}


def test_nobody_says_in_a_dialog_who_acts() -> None:
    fields = {"text": "x", "by": "bob", "unknown": "y"}
    assert change(Action.NOTE, fields, SOP, PEOPLE) == c.AddNote("x")


@pytest.mark.parametrize(
    ("dialog", "fields", "field", "text"),
    [
        (Action.UPDATE, {"next_within": "soon"}, "next_within", "next_within: must be a duration such as 15m"),
        (Action.UPDATE, {"audience": "all"}, "audience", "audience: must be one of internal, external, got 'all'"),
        (Action.ROLE, {"role": "king", "person": "U0ALICE"}, "role", "role: must be one of incident_commander"),
        (Action.ROLE, {"role": "technical_lead", "person": "U0EVE"}, "person", "person: the SOP doesn't know them"),
        (Action.ASSESS, {"severity": "SEV9"}, "severity", "severity: must be one of SEV1, SEV2, SEV3, SEV4"),
        (Action.ASSESS, {"severity": "unsure"}, "scope", "severity: must be SEV1, SEV2, SEV3 or SEV4, or give"),
        (Action.ASSESS, {**ANSWERS, "scope": "half"}, "scope", "answers.scope: must be one of all, many, few, none"),
        (Action.ACKNOWLEDGE, {}, "text", "this dialog is none of Tocsin's: open it again"),
        (Action.OPEN, {}, "text", "this dialog is none of Tocsin's: open it again"),
    ],
)
def test_fault_stands_under_its_field(dialog: Action, fields: dict[str, str], field: str, text: str) -> None:
    with pytest.raises(InvalidInput) as told:
        change(dialog, fields, SOP, PEOPLE)
    assert str(told.value).startswith(text)
    assert field_at_fault(dialog, told.value) == field


@pytest.mark.parametrize(
    ("dialog", "refusal", "field"),
    [
        (Action.UPDATE, Refused("invalid_update", "text: must say something, got nothing"), "text"),
        (Action.UPDATE, Refused("next_update_too_late", "the next update must come within 15m"), "next_within"),
        (Action.UPDATE, Refused("invalid_update", "next update: must be longer than nothing"), "next_within"),
        (Action.UPDATE, Refused("not_communications_lead", "emma speaks to customers"), "audience"),
        (Action.ASSESS, Refused("reason_missing", "reason: must say something, got nothing"), "reason"),
        (Action.ASSESS, Refused("same_severity", "it is SEV1 already"), "severity"),
        (Action.PAGE, Refused("unreachable", "nobody has a contact method"), "target"),
        (Action.DECLARE, Refused("invalid_declaration", "service: there is no 'x'"), "service"),
        (Action.NOTE, Refused("changed_meanwhile", "bob has resolved it"), "text"),
        (Action.MITIGATE, Refused("cannot_mitigate", "it is resolved"), "note"),
    ],
)
def test_refusal_of_the_command_stands_under_the_field_that_it_is_about(
    dialog: Action, refusal: Refused, field: str
) -> None:
    assert field_at_fault(dialog, refusal) == field
