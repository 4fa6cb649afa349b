"""What do a TOML file's values mean as the SOP's types? Every fault of a file at once: where, what, got, wanted, do.

Places are written as people count: `severities.SEV1.escalation[2]` is that ladder's second step. No I/O.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time
from difflib import get_close_matches
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Self, Union, get_args, get_origin

from msgspec import Meta, Struct, field
from msgspec.structs import FieldInfo, fields

from tocsin.sop.durations import Duration
from tocsin.sop.model import SecretName

LONGEST = Duration(weeks=520)  # with YEARS: nothing that is reckoned from the file leaves the calendar
YEARS = range(1970, 2200)
_INT64 = range(-(2**63), 2**63)  # TOML's own bound
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CONTROL = {"Cc", "Cs", "Zl", "Zp"}  # control characters, lone surrogates, line and paragraph separators
_LONGEST_SHOWN = 60
_WANTED = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    date: "a date such as 2026-01-05",
    time: "a time such as 10:00:00",
    Duration: "a duration such as 15m",
    tuple: "an array",
}


class Place(Struct, frozen=True):
    """Where in the file a value stands ("": the whole file), and the file's faults so far, shared by all its places."""

    path: str = ""
    faults: list[str] = field(default_factory=list)

    def key(self, key: object) -> Self:
        """The place of a table's `key`, quoted where TOML needs it."""
        is_bare = isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_-]+", key)
        name = str(key) if is_bare else _shown(key)
        return type(self)(path=f"{self.path}.{name}" if self.path else name, faults=self.faults)

    def item(self, number: int) -> Self:
        """The place of an array's item, `number` counted from 1."""
        return type(self)(path=f"{self.path}[{number}]", faults=self.faults)

    def fault(self, text: str) -> None:
        """Note that this place `text`, a sentence's end such as `must be a table`."""
        self.faults.append(f"{self.path or 'the file'}: {text}")


def decode(value: object, kind: Any, place: Place) -> Any:
    """`value`, as tomllib gives it, as a value of type `kind`; its faults are added to the place's.

    What comes back means something only if no fault was added.
    """
    if kind == SecretName:
        return _secret(value, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _constrained(value, arguments, place)
    if origin in (Union, UnionType):
        (present,) = (option for option in arguments if option is not type(None))
        return None if value is None else decode(value, present, place)
    if origin is tuple:
        return _array(value, arguments[0], place)
    if origin is dict:
        return _dictionary(value, arguments, place)
    if issubclass(kind, Struct):
        return _table(value, kind, place)
    return _scalar(value, kind, place)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence's end that proposes the known word nearest to `word`; empty when none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.8)
    return f", did you mean `{near[0]}`?" if near else ""


def _table(value: object, kind: type[Struct], place: Place) -> Any:
    if not isinstance(value, dict):
        return _refuse(value, _wanted(kind), place)
    faults_before = len(place.faults)
    known = {member.name: member for member in fields(kind)}
    for key in value:
        if key not in known:
            hint = did_you_mean(str(key), known) or f", its keys are {', '.join(known)}"
            place.key(key).fault(f"is not a key of this table{hint}")
    members = {
        name: _member(value, member, place) for name, member in known.items() if member.required or name in value
    }
    return kind(**members) if len(place.faults) == faults_before else None


def _member(table: dict[Any, object], member: FieldInfo, place: Place) -> Any:
    if member.name in table:
        return decode(table[member.name], member.type, place.key(member.name))
    place.key(member.name).fault(f"is missing, must be {_wanted(member.type)}")
    return None


def _dictionary(value: object, arguments: tuple[Any, ...], place: Place) -> Any:
    if not isinstance(value, dict):
        return _refuse(value, "a table", place)
    key_kind, kind = arguments
    decoded = {}
    for key, item in value.items():
        at = place.key(key)
        name = _id(key, at) if key_kind is str else decode(key, key_kind, at)
        if name is not None:  # a severity that there isn't has nothing in it worth a second fault
            decoded[name] = decode(item, kind, at)
    return decoded


def _array(value: object, kind: Any, place: Place) -> Any:
    if not isinstance(value, list):
        return _refuse(value, "an array", place)
    return tuple(decode(item, kind, place.item(number)) for number, item in enumerate(value, start=1))


def _constrained(value: object, arguments: tuple[Any, ...], place: Place) -> Any:
    kind, meta = arguments
    faults_before = len(place.faults)
    decoded = decode(value, kind, place)
    if len(place.faults) == faults_before and not _satisfies(decoded, meta):
        hint = did_you_mean(decoded, _words(meta)) if isinstance(decoded, str) else ""
        return _refuse(value, _wanted_by(meta), place, hint=hint)
    return decoded


def _satisfies(value: Any, meta: Meta) -> bool:
    return (
        (meta.pattern is None or re.search(meta.pattern, value) is not None)
        and (meta.ge is None or value >= meta.ge)
        and (meta.le is None or value <= meta.le)
    )


def _secret(value: object, place: Place) -> Any:
    _, meta = get_args(SecretName)
    if isinstance(value, str) and not _has_control(value) and _satisfies(value, meta):
        return value
    place.fault(f"must be {_wanted(SecretName)}")  # without the value: it may be the secret
    return None


def _scalar(value: object, kind: type, place: Place) -> Any:
    if isinstance(value, str) and _has_control(value):
        place.fault("must be one line without control characters")
        return None
    if issubclass(kind, Enum):
        return _word(value, kind, place)
    if kind is Duration:
        return _duration(value, place)
    if type(value) is not kind:  # exactly: to isinstance a bool is an int, and a datetime a date
        return _refuse(value, _wanted(kind), place)
    if isinstance(value, date) and value.year not in YEARS:
        return _refuse(value, f"a date in the years {YEARS[0]} to {YEARS[-1]}", place)
    if isinstance(value, int) and value not in _INT64:
        return _refuse(value, "a whole number of at most 64 bits", place)
    return value


def _word(value: object, kind: type[Enum], place: Place) -> Any:
    words = [str(member.value) for member in kind]
    if isinstance(value, str) and value in words:
        return kind(value)
    hint = did_you_mean(value, words) if isinstance(value, str) else ""
    return _refuse(value, _wanted(kind), place, hint=hint)


def _duration(value: object, place: Place) -> Any:
    try:
        duration = Duration.parse(value) if isinstance(value, str) else None
    except ValueError:
        duration = None
    if duration is None:
        return _refuse(value, _wanted(Duration), place)
    if duration > LONGEST:
        return _refuse(value, f"at most {LONGEST}", place)
    return duration


def _id(key: object, place: Place) -> str:
    if not isinstance(key, str) or not _ID.fullmatch(key):
        place.fault("must be an id: 1 to 64 lower case letters, digits, - and _, of which the first is no - or _")
    return str(key)


def _refuse(value: object, wanted: str, place: Place, *, hint: str = "") -> Any:
    """None, the fault being noted."""
    place.fault(f"must be {wanted}, got {_shown(value)}{hint}")


def _wanted(kind: Any) -> str:
    """What a value of type `kind` looks like in the file, as a sentence says it after "must be"."""
    if kind == SecretName:
        return "the name of a secret, env:NAME or file:/path, never the secret itself"
    plain = get_origin(kind) or kind
    if plain is Annotated:
        inner, meta = get_args(kind)
        return _wanted_by(meta) if inner is str else f"{_wanted(inner)}, {_wanted_by(meta)}"
    if issubclass(plain, Enum):
        return f"one of {', '.join(str(member.value) for member in plain)}"
    return _WANTED.get(plain, "a table")


def _wanted_by(meta: Meta) -> str:
    if meta.pattern is not None:
        such = f", such as {meta.examples[0]}" if meta.examples else ""
        return f"one of {', '.join(_words(meta))}" if _words(meta) else f"a text that matches {meta.pattern}{such}"
    bounds = (("at least", meta.ge), ("at most", meta.le))
    return " and ".join(f"{words} {bound}" for words, bound in bounds if bound is not None)


def _words(meta: Meta) -> list[str]:
    """The words that a pattern such as `^(us|eu)$` lists; empty for any other pattern."""
    listed = re.fullmatch(r"\^\(([a-z_|]+)\)\$", meta.pattern or "")
    return listed[1].split("|") if listed else []


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "an array"
        case bool():
            return str(value).lower()
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case str():
            text = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
            return json.dumps(text, ensure_ascii=not text.isprintable())
        case float() | int() if abs(value) < 1e18:
            return str(value)
    return f"a value of another kind ({type(value).__name__})"


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in _CONTROL for character in text)
