"""Is the body what it should be, and if not, where is the fault? One typed decode, and its faults in our words.

Whatever the bytes are, the only thing that comes out beside a value is InvalidInput. How many they are, and how deep
they nest, is bounded where they come in.
"""

import re
from typing import TypeVar

import msgspec
from msgspec.json import Decoder

from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput

T = TypeVar("T")

# What msgspec says, and what we say instead; {0} is what the pattern caught.
_FAULTS = (
    (re.compile(r"Object missing required field `(\w+)`"), "must have the field {0}"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), "must be a time such as 2026-01-05T10:00:00Z"),
    (re.compile(r"Expected `datetime` with"), "must be a time with its offset, such as 2026-01-05T10:00:00Z"),
    (re.compile(r"Invalid enum value (.*)"), "must be firing or resolved, got {0}"),
    (re.compile(r"Expected `(.+)`, got `(.+)`"), "must be {0}, got {1}"),
)
_TYPES = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "a time",
    "float": "a number",
    "int": "a number",
    "object": "an object",
    "str": "text",
}


def decode(decoder: Decoder[T], body: bytes) -> T:
    """The body's value; InvalidInput for one that is not JSON, or not of the decoder's form."""
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidInput(clean_line(_in_our_words(str(error)), 300)) from None
    except UnicodeDecodeError:
        raise InvalidInput("body: must be UTF-8 throughout") from None
    except RecursionError:
        raise InvalidInput("body: must not be nested so deeply") from None


def in_words(value: object) -> str:
    """A value that came in, as it may stand in a message: short, on one line, text as it is, the rest as JSON."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return clean_line(text, 60)


def _in_our_words(message: str) -> str:
    """`Expected `str`, got `int` - at `$[3].generatorURL`` as `alerts[3].generatorURL: must be text, got a number`."""
    fault, at, path = message.rpartition(" - at `$")
    if not at:
        fault, path = message, ""
    path = path.removesuffix("`").removesuffix("[...]").removeprefix(".")
    place = f"alerts{path}" if path.startswith("[") else path or "body"
    for pattern, words in _FAULTS:
        if found := pattern.match(fault):
            return f"{place}: {words.format(*map(_type_in_words, found.groups()))}"
    return f"{place}: must be readable as JSON: {fault.removeprefix('JSON is malformed: ')}"


def _type_in_words(names: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in names.split(" | "))
