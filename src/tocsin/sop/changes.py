"""What has changed between two versions of the SOP? Key by key, as the file has them. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.sop.model import Sop
from tocsin.sop.version import encode


class Change(Struct, frozen=True):
    """A key of the file, and its values before and after; None where it wasn't, or isn't there."""

    key: str
    before: str | None
    after: str | None


def changes(before: Sop, after: Sop) -> list[Change]:
    """The keys whose values differ, in the order of their names."""
    was, now = (dict(_leaves("", msgspec.json.decode(encode(sop)))) for sop in (before, after))
    return [
        Change(key, was.get(key), now.get(key))
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    ]


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every value that has no parts, by its key: `severities.SEV1.escalation[2].after`."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(f"{key}.{name}" if key else name, part)
    elif isinstance(value, list) and value and any(isinstance(part, dict | list) for part in value):
        for number, part in enumerate(value, start=1):
            yield from _leaves(f"{key}[{number}]", part)
    elif isinstance(value, list):
        yield key, ", ".join(_said(part) for part in value) or "none"
    elif value is not None:
        yield key, _said(value)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
