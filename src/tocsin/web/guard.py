"""Who may see a page, and act on it? For now whoever has the admin token, as the password of basic authentication.

The user name is the person of the SOP who acts. Accounts replace this module; its `page` stays.
"""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tocsin.accounts.permissions import PERMISSIONS_OF, GlobalRole, Permission
from tocsin.accounts.principal import Principal, may
from tocsin.api.auth import ADMIN, bearer_of, require
from tocsin.api.problems import Forbidden, Unauthorized
from tocsin.engine.node import Node
from tocsin.web.site import Site

PageHandler = Callable[[Site, Request], Awaitable[Response]]


def page(
    node: Node, path: str, handler: PageHandler, *, permission: Permission, methods: tuple[str, ...] = ("GET",)
) -> Route:
    """The route of a page: nobody gets in without the permission, and no other site's form does anything."""

    async def endpoint(request: Request) -> Response:
        try:
            request.state.principal = await _principal(node, request)
        except Unauthorized as error:
            return PlainTextResponse(f"{error}\n", 401, {"WWW-Authenticate": 'Basic realm="tocsin"'})
        if not may(request.state.principal, permission):
            raise Forbidden(f"{request.url.path}: this takes the permission {permission}")
        if request.method != "GET" and _comes_from_elsewhere(request):
            raise Forbidden("origin: a form of another site can't act here; open the page again and repeat it")
        site: Site = request.app.state.site
        return await handler(site, request)

    return Route(path, endpoint, methods=list(methods))


async def is_still_allowed(site: Site, request: Request, permission: Permission) -> bool:
    """Whether an open stream may go on: asked again every few seconds."""
    try:
        return may(await _principal(site.node, request), permission)
    except Unauthorized:
        return False


async def _principal(node: Node, request: Request) -> Principal:
    token = await require(node, bearer_of(request), ADMIN)
    person = _user_of(request)
    return Principal(
        account=None,
        name=token.name,
        person=person if person in node.sop.people else None,
        role=GlobalRole.ADMIN,
        permissions=PERMISSIONS_OF[GlobalRole.ADMIN],
    )


def _user_of(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return b64decode(value).decode().partition(":")[0] if scheme.lower() == "basic" else ""


def _comes_from_elsewhere(request: Request) -> bool:
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def csrf(request: Request) -> str:
    """The hidden input of a form. Empty while there are no sessions: the origin is all that is looked at."""
    return ""


def csrf_token(request: Request) -> str:
    """The token for the header of requests that a script makes."""
    return ""
