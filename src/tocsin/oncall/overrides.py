"""Who is on call instead? Overrides of a rotation, one after another, the later ones winning.

Pure; instants are aware UTC, spans half-open: at the instant at which an override ends, the rotation holds again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from tocsin.oncall.rotation import Shift
from tocsin.sop.model import Sop


class Layer(StrEnum):
    """Which place of a team's shift it is."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class Override(Struct, frozen=True):
    """From `starts_at` up to, not including, `ends_at`, `person` has the place of a team's shift.

    With `instead_of` only where that person would have it: by the rotation, or by an earlier override.
    """

    team: str
    layer: Layer
    person: str
    starts_at: datetime
    ends_at: datetime
    instead_of: str | None = None


def overrides_of(sop: Sop, team: str, overrides: Iterable[Override]) -> tuple[Override, ...]:
    """Those of a team that hold at all, in their order. That of somebody who has left holds no more than their shifts.

    So the page goes to whom the rotation names, and not to nobody.
    """
    return tuple(it for it in overrides if it.team == team and it.person in sop.people and it.starts_at < it.ends_at)


def stretches(shift: Shift, overrides: Sequence[Override]) -> tuple[Shift, ...]:
    """The shift, cut wherever one of its team's overrides changes who is on call.

    In order, each starting where the one before ends; two that follow one another differ. Of overrides for one place at
    one instant the last in `overrides` decides.
    """
    inside = [it for it in overrides if it.starts_at < shift.ends_at and shift.starts_at < it.ends_at]
    if not inside:
        return (shift,)
    turns = {at for it in inside for at in (it.starts_at, it.ends_at) if shift.starts_at < at < shift.ends_at}
    found: list[Shift] = []
    for starts_at, ends_at in pairwise(sorted({shift.starts_at, *turns, shift.ends_at})):
        piece = replace(_held(shift, inside, starts_at), starts_at=starts_at, ends_at=ends_at)
        if found and (found[-1].primary, found[-1].secondary) == (piece.primary, piece.secondary):
            piece = replace(piece, starts_at=found.pop().starts_at)
        found.append(piece)
    return tuple(found)


def _held(shift: Shift, overrides: Sequence[Override], at: datetime) -> Shift:
    """The shift with whoever has its places at one instant."""
    places: dict[Layer, str | None] = {Layer.PRIMARY: shift.primary, Layer.SECONDARY: shift.secondary}
    for it in overrides:
        if it.starts_at <= at < it.ends_at and it.instead_of in (None, places[it.layer]):
            places[it.layer] = it.person
    return replace(shift, primary=places[Layer.PRIMARY], secondary=places[Layer.SECONDARY])
