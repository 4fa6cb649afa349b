"""Is the body what it should be, and if not, where is the fault? One typed decode, and its faults in our words.

Whatever the bytes are, the only thing that comes out beside a value is InvalidInput.
"""

import re
from typing import TypeVar

import msgspec
from msgspec.json import Decoder

from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 32
_TOO_DEEP = f"body: must be nested at most {MAX_DEPTH} deep"

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
_NEITHER_BRACKET_NOR_QUOTE = bytes(set(range(256)) - set(b'[]{}"'))
_CURLY = bytes.maketrans(b"[]", b"{}")


def decode(decoder: Decoder[T], body: bytes) -> T:
    """The body's value; InvalidInput for one that is too long, too deep, not JSON or not of the decoder's form."""
    if len(body) > MAX_BODY:
        raise InvalidInput(f"body: must be at most {MAX_BODY:,} bytes, got {len(body):,}; send fewer alerts at once")
    try:
        value = decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidInput(clean_line(_in_our_words(str(error)), 300)) from None
    except UnicodeDecodeError:
        raise InvalidInput("body: must be UTF-8 throughout") from None
    except RecursionError:
        raise InvalidInput(_TOO_DEEP) from None
    if _is_deeper(body, MAX_DEPTH):
        raise InvalidInput(_TOO_DEEP)
    return value


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


def _is_deeper(body: bytes, limit: int) -> bool:
    """Whether brackets of valid JSON nest more than `limit` deep, told in a few passes at the speed of memory.

    msgspec skips unknown fields without a limit but its own stack's. Counting byte by byte would cost more than the
    decode; dropping what is in strings, and then the innermost pairs `limit` times, costs a fraction.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    # Backslashes first, in this order: what then still stands before a quote is what ends or begins a string.
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = unescaped.translate(None, _NEITHER_BRACKET_NOR_QUOTE).split(b'"')[::2]
    brackets = b"".join(outside).translate(_CURLY)
    for _ in range(limit):
        brackets = brackets.replace(b"{}", b"")
    return bool(brackets)
