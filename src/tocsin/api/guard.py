"""How does a route say what it takes? Each is made here, with its permission on it; one without fails a test."""

from collections.abc import Awaitable, Callable, Collection
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.accounts.permissions import Permission
from tocsin.api.auth import bearer_of, require
from tocsin.api.operations import Handler, Operation
from tocsin.engine.node import Node

Endpoint = Callable[[Request], Awaitable[Response]]


class Public(Enum):
    """For routes that take no permission, with the reason."""

    PROBE = "machines that look after this one ask it"
    SIGNED = "whoever calls signs what they send"
    DESCRIPTION = "it tells what there is, and nothing of what happened"
    PAGE = "whoever isn't signed in yet must see it"
    SCRIPT = "a browser that is known renews what it has told, and nothing else"


class Guarded(Route):
    """A route that says what it takes."""

    def __init__(self, path: str, endpoint: Endpoint, *, methods: Collection[str], takes: Permission | Public) -> None:
        super().__init__(path, endpoint, methods=list(methods))
        self.takes = takes


def guarded(node: Node, operation: Operation) -> Route:
    """The route of an operation: nobody gets in without its permission."""

    async def endpoint(request: Request) -> Response:
        request.state.principal = await require(node, request, bearer_of(request), operation.permission)
        return await operation.handler(node, request)

    return Guarded(operation.path, endpoint, methods=[operation.method], takes=operation.permission)


def door(node: Node, path: str, handler: Handler, *, methods: Collection[str], takes: Permission | Public) -> Route:
    """The route of a handler that asks for the key itself, or is for everybody."""

    async def endpoint(request: Request) -> Response:
        return await handler(node, request)

    return Guarded(path, endpoint, methods=methods, takes=takes)
