"""Who is on call in the coming weeks, and when is nobody? Rotations and overrides together, team by team.

Pure; instants are aware UTC, intervals half-open.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.oncall.overrides import Layer, Override, overrides_of, stretches
from tocsin.oncall.rotation import Shift, shift_at, shifts_between
from tocsin.sop.model import Rotation, Sop


class Lack(StrEnum):
    """What a gap lacks."""

    NOBODY = "nobody"
    NO_SECOND = "no_second"  # one person has both places, so nobody backs them up


class Gap(Struct, frozen=True):
    """A place of a team's shift without a person of its own, from `starts_at` up to, not including, `ends_at`."""

    layer: Layer
    lack: Lack
    starts_at: datetime
    ends_at: datetime


class Coverage(Struct, frozen=True):
    """A team's shifts over a span, in order and without a break between them, and the gaps in them.

    The first shift may start before the span and the last one end after it; gaps don't reach beyond it.
    """

    team: str
    shifts: tuple[Shift, ...]
    gaps: tuple[Gap, ...]


def coverage(sop: Sop, overrides: Sequence[Override], start: datetime, end: datetime) -> tuple[Coverage, ...]:
    """Who is on call in every team in [start, end), sorted by the team's id; whoever has left is nobody.

    That a team has no secondaries at all is no gap: that is how the SOP has it. Empty shifts if `end` is not after
    `start`.
    """
    return tuple(_coverage(sop, team, overrides, start, end) for team in sorted(sop.teams))


def _coverage(sop: Sop, team: str, overrides: Sequence[Override], start: datetime, end: datetime) -> Coverage:
    rotation = sop.teams[team].rotation
    own = overrides_of(sop, team, overrides)
    turns = shifts_between(rotation, start, end)
    pieces = (existing(sop, piece) for turn in turns for piece in stretches(turn, own))
    shifts = tuple(it for it in pieces if it.starts_at < end and start < it.ends_at)
    return Coverage(team, shifts, _joined(_gaps(rotation, shifts, start, end)))


def on_call_at(sop: Sop, team: str, overrides: Sequence[Override], at: datetime) -> Shift:
    """The team's shift that `at` lies in, up to the next handoff or override; whoever has left is nobody."""
    own = overrides_of(sop, team, overrides)
    pieces = stretches(shift_at(sop.teams[team].rotation, at), own)
    return existing(sop, next(it for it in pieces if at < it.ends_at))


def existing(sop: Sop, shift: Shift) -> Shift:
    """The shift with nobody in the place of somebody who isn't among the SOP's people."""
    primary, secondary = (it if it in sop.people else None for it in (shift.primary, shift.secondary))
    return replace(shift, primary=primary, secondary=secondary)


def _gaps(rotation: Rotation, shifts: Sequence[Shift], start: datetime, end: datetime) -> Iterator[Gap]:
    for it in shifts:
        span = (max(start, it.starts_at), min(end, it.ends_at))
        if it.primary is None:
            yield Gap(Layer.PRIMARY, Lack.NOBODY, *span)
        if it.secondary is None and rotation.secondary:
            yield Gap(Layer.SECONDARY, Lack.NOBODY, *span)
        if it.primary is not None and it.primary == it.secondary:
            yield Gap(Layer.SECONDARY, Lack.NO_SECOND, *span)


def _joined(gaps: Iterator[Gap]) -> tuple[Gap, ...]:
    """The gaps in the order in which they start; one that goes on over a handoff is one."""
    open_ones: dict[tuple[Layer, Lack], Gap] = {}
    found: list[Gap] = []
    for gap in gaps:
        kind = (gap.layer, gap.lack)
        before = open_ones.get(kind)
        if before is not None and before.ends_at == gap.starts_at:
            found.remove(before)
            gap = replace(before, ends_at=gap.ends_at)  # the gap goes on
        open_ones[kind] = gap
        found.append(gap)
    return tuple(sorted(found, key=lambda gap: (gap.starts_at, gap.layer)))
