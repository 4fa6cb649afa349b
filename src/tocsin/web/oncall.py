"""Who is on call in the coming weeks? The calendar, gaps in it, and shifts taken over by a click."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api import overrides as api
from tocsin.api import requests as r
from tocsin.api.organisation import on_call
from tocsin.api.parameters import id_of
from tocsin.api.problems import status_of
from tocsin.domain.forms import decode_form
from tocsin.domain.narrate import name_of
from tocsin.engine import overrides
from tocsin.engine.once import Asked
from tocsin.errors import InvalidInput, Refused
from tocsin.oncall.coverage import Coverage, Lack, coverage
from tocsin.oncall.local_time import WEEKDAYS, instant_of, local_clock
from tocsin.oncall.overrides import Layer
from tocsin.oncall.rotation import Shift, shift_at
from tocsin.sop.model import Sop
from tocsin.store.overrides import plain
from tocsin.web.forms import actor_of, key_in, read_form
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site

_WEEKS = 4
_HOURS = 7 * 24
_MOST_SHOWN = 100


class Stretch(Struct, frozen=True):
    """A piece of a shift within one week: its length in hours, and how it is taken over."""

    hours: int
    who: str  # empty: nobody
    is_override: bool
    has_second: bool
    take: str  # the address that opens the form for it
    when: str  # the whole shift, by the calendar's clock
    ends_at: datetime


class Row(Struct, frozen=True):
    """One layer of one team in one week."""

    team: str
    layer: Layer
    stretches: list[Stretch]


class Week(Struct, frozen=True):
    """Seven days and who is on call in them."""

    days: list[date]
    rows: list[Row]


async def get_oncall(site: Site, request: Request) -> Response:
    """The calendar."""
    return await _calendar(site, request, dict(request.query_params))


async def post_override(site: Site, request: Request) -> Response:
    """Take over a shift."""
    form = await read_form(request)
    try:
        body = _asked(site.node.sop, form)
        wanted = api.override_of(body, site.node.clock.now())
        by, asked, sops = actor_of(request, form), Asked(body, key_in(form)), site.node.desk.sops
        await site.node.write(lambda tx, now: overrides.make_once(sops, tx, now, wanted, by=by, asked=asked))
    except (Refused, InvalidInput) as error:
        return await _calendar(site, request, form, refusal(error), status_of(error))
    return RedirectResponse("/oncall#overrides", 303)


async def post_cancel(site: Site, request: Request) -> Response:
    """Give a shift back."""
    form = await read_form(request)
    by, id_ = actor_of(request, form), id_of(request, "override")
    try:
        await site.node.write(lambda tx, now: overrides.cancel(tx, now, id_, by=by))
    except Refused as error:
        return await _calendar(site, request, {}, refusal(error), status_of(error))
    return RedirectResponse("/oncall#overrides", 303)


def _asked(sop: Sop, form: dict[str, str]) -> r.OverrideBody:
    """The override that the form asks for; its times are those of the organisation's clock."""
    zone = sop.business_hours.time_zone
    fields: dict[str, Any] = {name: form.get(name, "") for name in ("team", "person", "layer", "instead_of")}
    starts_at, ends_at = (_instant(form, name, zone) for name in ("from", "until"))
    return decode_form({**fields, "starts_at": starts_at, "ends_at": ends_at}, r.OverrideBody)


def _instant(form: dict[str, str], name: str, zone: str) -> datetime:
    text = form.get(name, "")
    try:
        local = datetime.fromisoformat(text)
        return instant_of(local.date(), local.time(), time_zone=zone)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{name}: must be a date and a time, got {text!r}") from error


async def _calendar(
    site: Site, request: Request, form: dict[str, str], notice: Notice | None = None, status: int = 200
) -> Response:
    node, sop = site.node, site.node.sop
    now, zone = node.clock.now(), sop.business_hours.time_zone
    today = local_clock(now, zone).date()
    monday = _monday(form.get("week", ""), today)
    start, end = (_midnight(monday + timedelta(weeks=weeks), zone) for weeks in (0, _WEEKS))
    kept = await node.read(lambda queries: queries.desk.overrides(start, end))
    them = plain(kept)
    covered = coverage(sop, them, start, end)
    current = await node.read(lambda queries: queries.desk.overrides(now, now + timedelta(days=366)))
    return site.render(
        request,
        "oncall.html",
        status=status,
        notice=notice,
        zone=zone,
        today=today,
        weeks=[_week(sop, covered, monday + timedelta(weeks=week), zone) for week in range(_WEEKS)],
        gaps=[(it.team, gap) for it in covered for gap in it.gaps],
        on_call=await on_call(node, now),
        overrides=[api.override_view(it, sop, now) for it in current[:_MOST_SHOWN]],
        people=sorted(sop.people.items(), key=lambda it: it[1].name),
        teams=sop.teams,
        layers=list(Layer),
        Lack=Lack,
        name_of=lambda person: name_of(person, sop),
        form=_filled(form, now, zone),
        earlier=monday - timedelta(weeks=_WEEKS),
        later=monday + timedelta(weeks=_WEEKS),
    )


def _filled(form: dict[str, str], now: datetime, zone: str) -> dict[str, str]:
    local = local_clock(now, zone).replace(second=0, microsecond=0)
    until = local + timedelta(hours=8)
    blank = {"team": "", "layer": "primary", "person": "", "instead_of": "", "from": _field(local)}
    return {**blank, "until": _field(until), **form}


def _field(local: datetime) -> str:
    """As a `datetime-local` field takes it."""
    return local.isoformat(timespec="minutes")


def _monday(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
        return day - timedelta(days=day.weekday()) if 1970 <= day.year < 2200 else today
    except ValueError as error:
        raise InvalidInput(f"week: must be a date such as 2026-11-23, got {text!r}") from error


def _midnight(day: date, zone: str) -> datetime:
    return instant_of(day, datetime.min.time(), time_zone=zone)


def _week(sop: Sop, covered: tuple[Coverage, ...], monday: date, zone: str) -> Week:
    days = [monday + timedelta(days=day) for day in range(len(WEEKDAYS))]
    span = _midnight(monday, zone), _midnight(monday + timedelta(weeks=1), zone)
    rows = [
        Row(it.team, layer, _stretches(sop, it, layer, span, zone))
        for it in covered
        for layer in Layer
        if layer is Layer.PRIMARY or sop.teams[it.team].rotation.secondary
    ]
    return Week(days, rows)


def _stretches(sop: Sop, it: Coverage, layer: Layer, span: tuple[datetime, datetime], zone: str) -> list[Stretch]:
    """What of the team's shifts lies in the week, in whole hours of the local clock that fill it."""
    found, filled = [], 0
    for shift in it.shifts:
        starts_at, ends_at = max(shift.starts_at, span[0]), min(shift.ends_at, span[1])
        until = _hour(ends_at, span[0], zone) if ends_at < span[1] else _HOURS
        if starts_at < ends_at and until > filled:
            found.append(_stretch(sop, it.team, layer, shift, until - filled, zone))
            filled = until
    return found


def _hour(at: datetime, start: datetime, zone: str) -> int:
    """How many hours of the local clock after the week's start, rounded."""
    return round((local_clock(at, zone) - local_clock(start, zone)) / timedelta(hours=1))


def _stretch(sop: Sop, team: str, layer: Layer, shift: Shift, hours: int, zone: str) -> Stretch:
    turn = shift_at(sop.teams[team].rotation, shift.starts_at)
    by_rotation, person = (getattr(it, layer.value) for it in (turn, shift))
    begins, ends = (local_clock(at, zone) for at in (shift.starts_at, shift.ends_at))
    asked = {"team": team, "layer": layer.value, "from": _field(begins), "until": _field(ends)}
    return Stretch(
        hours=hours,
        who=name_of(person, sop) if person else "",
        is_override=person is not None and person != by_rotation,
        has_second=shift.primary is None or shift.primary != shift.secondary,
        take=f"/oncall?{urlencode(asked)}#take",
        when=f"{begins:%a %-d %b %H:%M} – {ends:%a %-d %b %H:%M}",
        ends_at=shift.ends_at,
    )
