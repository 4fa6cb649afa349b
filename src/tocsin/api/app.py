"""How are requests of programs answered? Routes from the table of operations, errors as problem details."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin.api import doors, watch
from tocsin.api.auth import bearer_of, require
from tocsin.api.banner import Banner
from tocsin.api.bodies import answer
from tocsin.api.bounds.room import Room
from tocsin.api.operations import Handler, Operation
from tocsin.api.problems import on_bug, on_expected, on_http, on_store
from tocsin.api.v1 import OPERATIONS
from tocsin.engine.node import Node
from tocsin.errors import StoreError, TocsinError

# What is answered when something goes wrong.
FAULTS: dict[Any, Any] = {
    StoreError: on_store,
    TocsinError: on_expected,
    HTTPException: on_http,
    Exception: on_bug,
}


def middleware(node: Node) -> list[Middleware]:
    """What holds around every request."""
    return [Middleware(Banner, line=lambda: node.watch.alarms.line), Middleware(Room)]


def routes(node: Node) -> list[BaseRoute]:
    """The routes of the API, and of the doors for other products."""
    return [
        *(_guarded(node, operation) for operation in OPERATIONS),
        Route("/api/v2/alerts", _on(node, doors.post_alerts), methods=["POST"]),
        Route("/intake/{source}/{key}", _on(node, doors.post_webhook), methods=["POST"]),
        Route("/api/openapi.json", _on(node, _openapi), methods=["GET"]),
        Route("/heartbeat/{name}/{key}", _on(node, doors.heartbeat), methods=["GET", "POST"]),
        Route("/healthz", _on(node, watch.get_health), methods=["GET"]),
        Route("/readyz", _on(node, watch.get_readiness), methods=["GET"]),
        Route("/metrics", _on(node, watch.get_metrics), methods=["GET"]),
    ]


def _on(node: Node, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await handler(node, request)

    return endpoint


def _guarded(node: Node, operation: Operation) -> Route:
    """The route of an operation: nobody gets in without a token of one of its scopes."""

    async def endpoint(request: Request) -> Response:
        request.state.token = await require(node, bearer_of(request), *operation.scopes)
        return await operation.handler(node, request)

    return Route(operation.path, endpoint, methods=[operation.method])


async def _openapi(node: Node, request: Request) -> Response:
    from tocsin.api.openapi import describe  # noqa: PLC0415  # schemas take 20 ms that a start needn't wait for

    return answer(describe())
