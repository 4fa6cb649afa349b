"""Is a vendor set up as it must be? What a checkup asks, and what it finds; `tocsin doctor` shows it. No I/O.

A vendor's folder has a function that returns what can be said at once (findings), and what must be asked first
(probes). Nobody is paged, and nothing is changed by a probe.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.integrations.wire import Inquiry, Reply


class State(StrEnum):
    """How something that was looked at stands."""

    WELL = "well"
    BROKEN = "broken"  # it will not work until somebody does what the remedy says
    UNUSED = "unused"  # not set up, which is no fault; or it can't be seen without paging somebody


class Finding(Struct, frozen=True):
    """How `what` stands, for whoever sets Tocsin up; `remedy` says what to do, and is empty when it is well."""

    what: str
    state: State
    told: str = ""
    remedy: str = ""


class Probe(Struct, frozen=True):
    """A request whose reply tells how `what` stands: `judge` returns findings, and what to ask next.

    Whoever sends it makes a finding of its own of a vendor that doesn't answer.
    """

    what: str
    request: Inquiry
    judge: "Callable[[Reply], Checkup]"


Checkup = tuple[Finding | Probe, ...]


def ago(length: timedelta) -> str:
    """How long ago something was, as people say it."""
    minutes = max(0, length // timedelta(minutes=1))
    if minutes < 2:
        return "a moment ago"
    hours, days = minutes // 60, minutes // 1440
    return f"{days} days ago" if days > 1 else f"{hours} hours ago" if hours > 1 else f"{minutes} min ago"


def well(what: str, told: str = "") -> Finding:
    """It works."""
    return Finding(what, State.WELL, told)


def broken(what: str, told: str, remedy: str) -> Finding:
    """It will not work until somebody does what `remedy` says."""
    return Finding(what, State.BROKEN, told, remedy)


def unused(what: str, told: str, remedy: str = "") -> Finding:
    """It isn't set up; `remedy` says how it would be, to those who want it."""
    return Finding(what, State.UNUSED, told, remedy)
