"""How is the busiest door found soon? Ahead of the router, which tries a hundred routes and wraps every call twice.

Monitoring sends thousands of requests a second; half of what one costs was finding and wrapping its handler.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.api.problems import on_expected, on_store
from tocsin.errors import StoreError, TocsinError


class Express:
    """Answers at these routes, none of which has a parameter, and leaves everything else to the application."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = {(method, route.path): route for route in routes for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; what is nobody's fault but ours is raised, as from the application."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except StoreError as error:
            response = await on_store(request, error)
        except TocsinError as error:
            response = await on_expected(request, error)
        await response(scope, receive, send)
