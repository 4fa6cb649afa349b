"""What does a form say? Its fields as a typed value, and what is wrong with one in words that begin with its name.

Pages and Slack have forms with the same fields. A severity is named in one, or left to the classifier's answers.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tocsin.domain.incident import ActionItemPriority, Audience
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.sop.classify import QUESTIONS, Verdict, breach_in, classify
from tocsin.sop.durations import Duration
from tocsin.sop.model import Answers, Sop
from tocsin.sop.words import Role, Severity, Trigger

T = TypeVar("T")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?$", re.DOTALL)
_ENUMS = {"role": Role, "severity": Severity, "trigger": Trigger, "audience": Audience, "priority": ActionItemPriority}
_CHOICES = {name: list(choices) for name, choices in _ENUMS.items()} | {
    question.name: [answer for answer, _ in question.answers] for question in QUESTIONS
}
_KINDS = {"str": "text", "int": "a number", "bool": "true or false", "array": "a list", "object": "an object"}
_NO_INSTANT = ("Invalid RFC3339 encoded datetime", "Expected 'datetime' with a timezone")
_MOST_SHOWN = 60
_INSTANT = "a time with its zone, such as 2026-11-24T03:00:00Z or 2026-11-24T03:00:00+01:00"
UNSURE = "unsure"  # in place of a severity: as the answers say
_ANSWERS = frozenset(question.name for question in QUESTIONS)


def decode_form(fields: Mapping[str, Any], kind: type[T]) -> T:
    """The fields of a form as a `kind`; an empty one counts as left out where it may be. Raises InvalidInput."""
    optional = {it.encode_name for it in msgspec.structs.fields(kind) if not it.required}  # type: ignore[arg-type]
    given = {name: value for name, value in fields.items() if value != "" or name not in optional}
    try:
        return msgspec.convert(given, kind, strict=False, dec_hook=read_value)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error), given)) from error


def fields_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The form's fields, with the answers together where the severity is left to them.

    A breach that they give away counts beside a severity that is named as well: it is not everybody's.
    """
    fields: dict[str, Any] = {name: value for name, value in form.items() if name not in _ANSWERS}
    answers = answers_in(form)
    if fields.get("severity", UNSURE) in ("", UNSURE):
        fields.pop("severity", None)
        if answers:
            fields["answers"] = answers
    elif answers and (breach := breach_in(decode_form(answers, Answers))):
        fields["trigger"] = breach
    return fields


def answers_in(form: Mapping[str, str]) -> dict[str, str]:
    """The answers to the classifier's questions; empty while one that must be answered isn't."""
    answers = {question.name: form[question.name] for question in QUESTIONS if form.get(question.name)}
    missing = any(question.default is None and question.name not in answers for question in QUESTIONS)
    return {} if missing else answers


def verdict_so_far(sop: Sop, form: Mapping[str, str]) -> Verdict | None:
    """What the form says of the severity so far, with the reason; None while it says nothing. Raises InvalidInput."""
    chosen = form.get("severity", "")
    if chosen in Severity.__members__:
        return Verdict(severity=Severity(chosen), reason=sop.severities[Severity(chosen)].impact, rule=None)
    answers = answers_in(form)
    return classify(sop, decode_form(answers, Answers)) if answers else None


def explain(message: str, said: Any = None) -> str:
    """msgspec's message as where, what, got, wanted: `title: expected text, got a number`; `said` is what it is of."""
    match = _PLACE.match(message)
    what, place = (match["what"], match["place"]) if match else (message, None)
    for kind, words in _KINDS.items():
        what = what.replace(f"`{kind}`", words)
    what = what.replace("`", "'")
    if what.startswith(_NO_INSTANT):
        got = said.get(place) if isinstance(said, dict) else None
        what = f"must be {_INSTANT}" + (f", got {clean_line(got, _MOST_SHOWN)!r}" if isinstance(got, str) else "")
    choices = _CHOICES.get((place or "").rpartition(".")[2])
    if choices and what.startswith("Invalid enum value"):
        what = f"must be one of {', '.join(choices)}, got {what.removeprefix('Invalid enum value ')}"
    return f"{place or 'body'}: {what[:1].lower()}{what[1:]}"


def read_value(kind: type, value: Any) -> Any:
    """A value of a type that msgspec doesn't know, for `dec_hook`."""
    # What it raises comes out as a ValidationError that names the place.
    return Duration.parse(str(value)) if kind is Duration else value
