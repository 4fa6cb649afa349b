"""How are requests of programs answered? Routes from the table of operations, errors as problem details."""

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin.accounts.permissions import Permission
from tocsin.api import alertmanager, doors, events_in, slack, watch
from tocsin.api.banner import Banner
from tocsin.api.bodies import answer
from tocsin.api.bounds.room import Room
from tocsin.api.express import Express
from tocsin.api.guard import Public, door, guarded
from tocsin.api.problems import on_bug, on_expected, on_http, on_store
from tocsin.api.v1 import OPERATIONS
from tocsin.engine.node import Node
from tocsin.errors import StoreError, TocsinError

_BUSIEST = "/api/v2/alerts"

# What is answered when something goes wrong.
FAULTS: dict[Any, Any] = {
    StoreError: on_store,
    TocsinError: on_expected,
    HTTPException: on_http,
    Exception: on_bug,
}


def middleware(node: Node, routes: Sequence[BaseRoute]) -> list[Middleware]:
    """What holds around every request."""
    express = [it for it in routes if isinstance(it, Route) and it.path == _BUSIEST]
    return [
        Middleware(Banner, line=lambda: node.watch.alarms.line),
        Middleware(Room),
        Middleware(Express, routes=express),
    ]


def routes(node: Node) -> list[BaseRoute]:
    """The routes of the API, and of the doors for other products."""
    probe, intake = Public.PROBE, Permission.INTAKE
    return [
        *(guarded(node, operation) for operation in OPERATIONS),
        door(node, _BUSIEST, doors.post_alerts, methods=["POST"], takes=intake),
        *(
            door(node, path, handler, methods=[method], takes=takes)
            for method, path, handler, takes in alertmanager.ROUTES
        ),
        *(
            door(node, path, events_in.as_pagerduty(handler), methods=["POST"], takes=intake)
            for path, handler in (("/v2/enqueue", events_in.enqueue), ("/v2/change/enqueue", events_in.enqueue_change))
        ),
        door(node, "/intake/{source}/{key}", doors.post_webhook, methods=["POST"], takes=intake),
        door(node, "/api/openapi.json", _openapi, methods=["GET"], takes=Public.DESCRIPTION),
        door(node, "/heartbeat/{name}/{key}", doors.heartbeat, methods=["GET", "POST"], takes=intake),
        *slack.routes(node),
        door(node, "/healthz", watch.get_health, methods=["GET"], takes=probe),
        door(node, "/readyz", watch.get_readiness, methods=["GET"], takes=probe),
        door(node, "/metrics", watch.get_metrics, methods=["GET"], takes=probe),
    ]


async def _openapi(node: Node, request: Request) -> Response:
    from tocsin.api.openapi import describe  # noqa: PLC0415  # schemas take 20 ms that a start needn't wait for

    return answer(describe())
