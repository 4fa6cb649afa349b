"""How does somebody take over a shift over the API? The handlers of `/api/v1/overrides`, and the calendar."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api import requests as r
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of, key_in
from tocsin.api.parameters import end_of, id_of, instant_of, number_of
from tocsin.domain import wishes as w
from tocsin.domain.narrate import name_of
from tocsin.engine import overrides
from tocsin.engine.node import Node
from tocsin.engine.once import Asked
from tocsin.errors import InvalidInput
from tocsin.oncall.coverage import Coverage, Lack, coverage
from tocsin.oncall.overrides import Layer, Override
from tocsin.sop.model import Sop
from tocsin.store.overrides import plain
from tocsin.store.rows import KeptOverride

_MOST = 500
_WEEKS = timedelta(weeks=4)
_LONGEST = timedelta(days=366)


class OverrideState(StrEnum):
    """How an override stands now."""

    COMING = "coming"
    HOLDS = "holds"
    OVER = "over"
    CANCELLED = "cancelled"


class OverrideView(Struct, frozen=True):
    """An override: in the span, `person` has the place; with `instead_of` only where that person would have it."""

    id: int
    state: OverrideState
    team: str
    layer: Layer
    person: str
    person_name: str
    instead_of: str | None
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    made_by: str
    cancelled_at: datetime | None
    cancelled_by: str | None


class ShiftView(Struct, frozen=True):
    """Who is on call from `starts_at` up to, not including, `ends_at`; None is nobody."""

    starts_at: datetime
    ends_at: datetime
    primary: str | None
    secondary: str | None


class GapView(Struct, frozen=True):
    """When a place has nobody of its own: `nobody` at all, or `no_second` beside the primary."""

    layer: Layer
    lack: Lack
    starts_at: datetime
    ends_at: datetime


class CalendarView(Struct, frozen=True):
    """A team's shifts, overrides included, and the gaps in them."""

    team: str
    shifts: list[ShiftView]
    gaps: list[GapView]


def override_view(it: KeptOverride, sop: Sop, now: datetime) -> OverrideView:
    """The override, as things stand at `now`."""
    what = it.override
    return OverrideView(
        id=it.id,
        state=_state(it, now),
        team=what.team,
        layer=what.layer,
        person=what.person,
        person_name=name_of(what.person, sop),
        instead_of=what.instead_of,
        starts_at=what.starts_at,
        ends_at=what.ends_at,
        made_at=it.made_at,
        made_by=it.made_by,
        cancelled_at=it.cancelled_at,
        cancelled_by=it.cancelled_by,
    )


def _state(it: KeptOverride, now: datetime) -> OverrideState:
    if it.cancelled_at is not None:
        return OverrideState.CANCELLED
    if now < it.override.starts_at:
        return OverrideState.COMING
    return OverrideState.HOLDS if now < it.override.ends_at else OverrideState.OVER


async def list_overrides(node: Node, request: Request) -> Response:
    """The overrides that are not over, in the order in which they were made; or all, the newest first."""
    state = request.query_params.get("state", "current")
    if state not in ("current", "all"):
        raise InvalidInput(f"state: must be current or all, got {state!r}")
    limit = number_of(request, "limit", default=100, most=_MOST)
    now = node.clock.now()
    if state == "all":
        found = await node.read(lambda queries: queries.desk.newest_overrides(limit))
    else:
        found = (await node.read(lambda queries: queries.desk.overrides(now, now + 2 * _LONGEST)))[:limit]
    return answer([override_view(it, node.sop, now) for it in found])


async def make_override(node: Node, request: Request) -> Response:
    """Take over a shift, or have somebody take it over."""
    body = decode_body(await read_body(request), r.OverrideBody)
    by = actor_of(node, request, body.by)
    wanted = override_of(body, node.clock.now())
    asked, sops = Asked(body, key_in(request)), node.desk.sops
    kept = await node.write(lambda tx, now: overrides.make_once(sops, tx, now, wanted, by=by, asked=asked))
    return answer(override_view(kept, node.sop, node.clock.now()), 201)


def override_of(body: r.OverrideBody, now: datetime) -> Override:
    """The override that is asked for. What is past is left as it was: it starts at `now` at the earliest."""
    starts_at = max(body.starts_at or now, now)
    ends_at = end_of(starts_at, body.ends_at, body.lasts)
    return Override(body.team, body.layer, body.person, starts_at, ends_at, body.instead_of)


async def cancel_override(node: Node, request: Request) -> Response:
    """End an override at once, or before it begins."""
    body = decode_body(await read_body(request), w.PlainBody)
    by, id_ = actor_of(node, request, body.by), id_of(request, "override")
    kept = await node.write(lambda tx, now: overrides.cancel(tx, now, id_, by=by))
    return answer(override_view(kept, node.sop, node.clock.now()))


async def get_calendar(node: Node, request: Request) -> Response:
    """Who is on call in every team over a span, and when nobody is."""
    start = instant_of(request, "from", node.clock.now())
    end = instant_of(request, "until", start + _WEEKS)
    if end - start > _LONGEST:
        raise InvalidInput(f"until: must lie within {_LONGEST.days} days of the start")
    return answer(await calendar(node, start, end))


async def calendar(node: Node, start: datetime, end: datetime) -> list[CalendarView]:
    """The calendar of [start, end), by team."""
    known = plain(await node.read(lambda queries: queries.desk.overrides(start, end)))
    return [_calendar_of(it) for it in coverage(node.sop, known, start, end)]


def _calendar_of(it: Coverage) -> CalendarView:
    return CalendarView(
        team=it.team,
        shifts=[ShiftView(shift.starts_at, shift.ends_at, shift.primary, shift.secondary) for shift in it.shifts],
        gaps=[GapView(gap.layer, gap.lack, gap.starts_at, gap.ends_at) for gap in it.gaps],
    )
