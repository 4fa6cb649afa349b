"""How are incidents read and worked on over the API? The handlers of `/api/v1/incidents`."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.principal import Principal
from tocsin.api import requests as r
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incident_views import IncidentLine, IncidentView, incident_line, incident_view
from tocsin.api.parameters import number_of
from tocsin.api.problems import Forbidden
from tocsin.api.views import EventView, alert_view, event_view
from tocsin.domain import commands as c
from tocsin.domain import wishes as w
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.engine.once import key_of
from tocsin.errors import InvalidInput
from tocsin.store.queries import Queries

_MAX_PAGE = 500
_SHOWN_ALERTS = 20
STATES = ("open", "ended", "all", "held")


def actor_of(node: Node, request: Request, by: str | None) -> Actor:
    """Who acts: whoever was let in. The owner of the admin token's file may name any person of the SOP.

    Raises InvalidInput for whom the SOP doesn't know, Forbidden where they name somebody else than themselves.
    """
    via = request.headers.get("x-tocsin-surface", "api")
    via = via if via in ("api", "cli") else "api"
    principal: Principal = request.state.principal
    if by is not None and by not in node.sop.people:
        raise InvalidInput(f"by: {by!r} is not one of {', '.join(sorted(node.sop.people))}")
    if by not in (None, principal.person) and not principal.names_anyone:
        raise Forbidden(f"by: {principal.name!r} acts as {principal.actor!r} and nobody else; leave `by` out")
    address = request.client.host if request.client else ""
    return Actor(by or principal.actor, via, key=principal.key, address=address)


async def show(node: Node, incident: Incident) -> IncidentView:
    """The incident's cockpit."""
    return await node.read(lambda queries: cockpit_of(node, queries, incident))


def cockpit_of(node: Node, queries: Queries, incident: Incident) -> IncidentView:
    """What the cockpit shows of the incident, as the API and the pages tell it."""
    sop = node.desk.sops.of(incident.sop_version, queries)
    alerts = queries.alerts(incident=incident.id, limit=_SHOWN_ALERTS)
    counts = queries.alert_counts(incident.id)
    return incident_view(incident, sop, node.clock.now(), alerts=alerts, counts=counts)


async def list_incidents(node: Node, request: Request) -> Response:
    """The open incidents, the gravest first, or those that are held; or the ended ones, or all, the newest first."""
    state = state_asked(request)
    limit = number_of(request, "limit", default=100, most=_MAX_PAGE)
    offset = number_of(request, "offset", default=0, most=10_000_000)
    return answer(await node.read(lambda queries: lines_of(node, queries, state, limit=limit, offset=offset)))


def state_asked(request: Request) -> str:
    """Which incidents a list is to show; raises InvalidInput."""
    state = request.query_params.get("state", "open")
    if state not in STATES:
        raise InvalidInput(f"state: must be {', '.join(STATES[:-1])} or {STATES[-1]}, got {state!r}")
    return state


def lines_of(node: Node, queries: Queries, state: str, *, limit: int, offset: int) -> list[IncidentLine]:
    """The lines of a list of incidents in that state, as the API and the pages show it."""
    is_open = {"open": True, "ended": False}.get(state)
    is_held = state == "held"
    found = queries.held(limit, offset) if is_held else queries.incidents(is_open=is_open, limit=limit, offset=offset)
    now, sops = node.clock.now(), node.desk.sops
    return [incident_line(it, sops.of(it.sop_version, queries), now) for it in found]


async def get_incident(node: Node, request: Request) -> Response:
    """One incident."""
    id_ = request.path_params["id"]
    return answer(await node.read(lambda queries: cockpit_of(node, queries, queries.incident(id_))))


async def get_timeline(node: Node, request: Request) -> Response:
    """Everything that happened, in order."""
    id_ = request.path_params["id"]

    def events(queries: Queries) -> list[EventView]:
        incident = queries.incident(id_)
        sop = node.desk.sops.of(incident.sop_version, queries)
        return [event_view(recorded, sop) for recorded in queries.timeline(incident.id)]

    return answer(await node.read(events))


async def get_alerts(node: Node, request: Request) -> Response:
    """The alerts of one incident, the last seen first."""
    id_ = request.path_params["id"]
    found = await node.read(lambda queries: queries.alerts(incident=queries.incident(id_).id))
    return answer([alert_view(alert) for alert in found])


async def declare(node: Node, request: Request) -> Response:
    """Open an incident."""
    body = decode_body(await read_body(request), w.DeclareBody)
    actor = actor_of(node, request, body.by)
    incident = await node.open(w.declaration(node.sop, body), actor, key=key_in(request))
    return answer(await show(node, incident), 201)


def key_in(request: Request) -> str:
    """The key under which the request is done once, should it come again; empty where it has none."""
    return key_of(request.headers.get("idempotency-key", ""))


async def _change(node: Node, request: Request, command: c.Change, by: str | None) -> Response:
    actor = actor_of(node, request, by)
    incident = await node.change(request.path_params["id"], command, actor, key=key_in(request))
    return answer(await show(node, incident))


def _changing(name: str) -> Callable[[Node, Request], Any]:
    """The handler that reads the body of a change and carries out the command made of it."""
    wish = w.WISHES[name]

    async def handler(node: Node, request: Request) -> Response:
        body = decode_body(await read_body(request), wish.body)
        return await _change(node, request, wish.command_of(node.sop, body), body.by)

    return handler


acknowledge = _changing("acknowledge")
assess = _changing("assess")
assign_role = _changing("roles")
add_team = _changing("teams")
add_note = _changing("notes")
post_update = _changing("updates")
page = _changing("pages")
mitigate = _changing("mitigate")
resolve = _changing("resolve")
reopen = _changing("reopen")
cancel = _changing("cancel")
release = _changing("release")
request_postmortem = _changing("postmortem/request")
complete_postmortem = _changing("postmortem/complete")


async def save_postmortem(node: Node, request: Request) -> Response:
    """Put on record what people wrote."""
    body = decode_body(await read_body(request), r.PostmortemBody)
    command = c.SavePostmortem(sections=body.sections, action_items=body.action_items)
    actor = actor_of(node, request, body.by)
    return answer(await show(node, await node.save_postmortem(request.path_params["id"], command, actor)))
