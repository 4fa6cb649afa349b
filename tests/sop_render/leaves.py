"""How is one figure of an SOP changed, whichever it is? Every leaf of the value by its path, and copies with others."""

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tocsin.sop.durations import Duration
from tocsin.sop.model import Sop

Path = tuple[str | int, ...]


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every text, figure, time and choice with its path; what is left out (None) is no leaf."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif value is not None:
        yield path, value


def with_leaf(sop: Sop, path: Path, leaf: object) -> Sop:
    """The same SOP with one leaf changed."""
    changed = _changed(sop, path, leaf)
    assert isinstance(changed, Sop)
    return changed


def with_every(sop: Sop, change: Callable[[Path, Any], object]) -> Sop:
    """The same SOP with every leaf replaced by what `change` makes of it."""
    for path, leaf in list(leaves(sop)):
        sop = with_leaf(sop, path, change(path, leaf))
    return sop


def another(leaf: Any) -> object:
    """A value of the leaf's kind that isn't the leaf."""
    match leaf:
        case bool():
            return not leaf
        case Duration():
            return Duration.of(leaf + timedelta(minutes=7))
        case StrEnum():
            kinds = list(type(leaf))
            return kinds[(kinds.index(leaf) + 1) % len(kinds)]
        case int():
            return leaf + 1
        case date():
            return leaf + timedelta(days=1)
        case time():
            return leaf.replace(minute=leaf.minute + 1)
        case str():
            return leaf + "x"
    raise TypeError(leaf)


def dotted(path: Path) -> str:
    """The path as text, `severities.SEV1.escalation.2.after`."""
    return ".".join(str(part) for part in path)


def _changed(value: Any, path: Path, leaf: object) -> object:
    if not path:
        return leaf
    part, rest = path[0], path[1:]
    match value:
        case Struct():
            return replace(value, **{str(part): _changed(getattr(value, str(part)), rest, leaf)})
        case dict():
            return {**value, part: _changed(value[part], rest, leaf)}
        case tuple():
            index = int(part)
            return (*value[:index], _changed(value[index], rest, leaf), *value[index + 1 :])
    raise TypeError(value)
