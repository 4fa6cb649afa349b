"""Is a body harmless to parse? Its encoding, nesting and number of values, told before anything is built from them.

A few passes at the speed of memory: looking at byte after byte would cost more than the parsing does. A body that isn't
JSON may pass, as far as it can be read: what parses it refuses it at the same place at which the counts here go wrong.
"""

from array import array
from itertools import accumulate

from tocsin.errors import InvalidInput

MAX_DEPTH = 32
MAX_VALUES = 250_000

_NEITHER_STRUCTURE_NOR_QUOTE = bytes(set(range(256)) - set(b'[]{},"'))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level in, one level out


def refuse_harmful(body: bytes) -> None:
    """Raise InvalidInput for a body that is not UTF-8, nests too deeply or holds too many values."""
    if not body.isascii():
        _refuse_other_than_utf8(body)
    structure = _outside_of_strings(body)
    values = structure.count(b",") + structure.count(b"[") + structure.count(b"{")
    if values > MAX_VALUES:
        raise _too_many_values()
    if values > MAX_DEPTH and _depth(structure) > MAX_DEPTH:
        raise InvalidInput(f"body: must be nested at most {MAX_DEPTH} deep")


def _too_many_values() -> InvalidInput:
    return InvalidInput(f"body: must hold at most {MAX_VALUES:,} values; send less at once")


def _refuse_other_than_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"body: must be UTF-8 throughout, but byte {error.start} is not") from None


def _outside_of_strings(body: bytes) -> bytes:
    """The brackets and commas that stand outside of strings."""
    # Backslashes first, in this order: what then still stands before a quote is what ends or begins a string.
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > 4 * MAX_VALUES:  # a value has two strings at most, its name and itself
        raise _too_many_values()
    # Two quotes that meet can go: whether what follows is inside of a string stays the same.
    marks = unescaped.translate(None, _NEITHER_STRUCTURE_NOR_QUOTE).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2])


def _depth(structure: bytes) -> int:
    brackets = structure.translate(_STEPS, b",")
    return max(accumulate(array("b", brackets)), default=0)
