"""What does a body say? JSON into a typed value and back; what is wrong is said with its place."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response

from tocsin.domain.incident import ActionItemPriority, Audience
from tocsin.errors import InvalidInput
from tocsin.sop.classify import QUESTIONS
from tocsin.sop.durations import Duration
from tocsin.sop.words import Role, Severity, Trigger

T = TypeVar("T")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?$", re.DOTALL)
_ENUMS = {"role": Role, "severity": Severity, "trigger": Trigger, "audience": Audience, "priority": ActionItemPriority}
_CHOICES = {name: list(choices) for name, choices in _ENUMS.items()} | {
    question.name: [answer for answer, _ in question.answers] for question in QUESTIONS
}
_KINDS = {"str": "text", "int": "a number", "bool": "true or false", "array": "a list", "object": "an object"}


def decode_body(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`; raises InvalidInput naming the place, what was got and what would be right."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind, dec_hook=_read)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error))) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("body: must be UTF-8 throughout") from error
    except RecursionError as error:
        raise InvalidInput("body: is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"body: must be JSON in UTF-8: {error}") from error


def decode_form(fields: Mapping[str, Any], kind: type[T]) -> T:
    """The fields of a form as a `kind`; an empty one counts as left out where it may be. Raises InvalidInput."""
    optional = {it.encode_name for it in msgspec.structs.fields(kind) if not it.required}  # type: ignore[arg-type]
    given = {name: value for name, value in fields.items() if value != "" or name not in optional}
    try:
        return msgspec.convert(given, kind, strict=False, dec_hook=_read)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error))) from error


def explain(message: str) -> str:
    """msgspec's message as where, what, got, wanted: `title: expected text, got a number`."""
    match = _PLACE.match(message)
    what, place = (match["what"], match["place"]) if match else (message, None)
    for kind, words in _KINDS.items():
        what = what.replace(f"`{kind}`", words)
    what = what.replace("`", "'")
    choices = _CHOICES.get((place or "").rpartition(".")[2])
    if choices and what.startswith("Invalid enum value"):
        what = f"must be one of {', '.join(choices)}, got {what.removeprefix('Invalid enum value ')}"
    return f"{place or 'body'}: {what[:1].lower()}{what[1:]}"


def _read(kind: type, value: Any) -> Any:
    # What it raises comes out as a ValidationError that names the place.
    return Duration.parse(str(value)) if kind is Duration else value


def _write(value: object) -> str:
    if isinstance(value, Duration):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def answer(value: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(msgspec.json.encode(value, enc_hook=_write), status, media_type="application/json")
