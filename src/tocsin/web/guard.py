"""Who may see a page, and act on it? Whoever is signed in and has its permission, by a form of our own."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.accounts.forgery import comes_from_elsewhere, is_token_of
from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import may
from tocsin.api.auth import refuse_without
from tocsin.api.guard import Guarded, Public
from tocsin.api.problems import Forbidden
from tocsin.engine.gate import Guest
from tocsin.engine.node import Node
from tocsin.errors import TocsinError
from tocsin.web import cookies
from tocsin.web.cookies import Cookie
from tocsin.web.forms import STRANGERS_FORM, read_form
from tocsin.web.site import Site, csrf_token

PageHandler = Callable[[Site, Request], Awaitable[Response]]

_SAFE = frozenset({"GET", "HEAD"})
_FIELD = "csrf"
_HEADER = "x-csrf-token"


def page(
    node: Node, path: str, handler: PageHandler, *, permission: Permission, methods: tuple[str, ...] = ("GET",)
) -> Route:
    """The route of a page: nobody gets in without the permission, and no other site's form does anything.

    The handler finds who asks in `request.state.principal`.
    """

    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        guest = await _guest(site, request)
        if guest is None:
            return _to_sign_in(request)
        _note(site, request, guest)
        await _refuse_forged(site, request)
        refuse_without(guest.principal, permission)
        return await handler(site, request)

    return Guarded(path, endpoint, methods=methods, takes=permission)


def open_page(node: Node, path: str, handler: PageHandler, *, methods: tuple[str, ...] = ("GET",)) -> Route:
    """The route of a page for those who aren't signed in; its forms are bound to the visitor's browser."""

    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        known = cookies.read(node.settings, request, Cookie.VISITOR)
        request.state.secret = known or cookies.new_visitor()
        request.state.most_form = STRANGERS_FORM
        await _refuse_forged(site, request)
        response = await handler(site, request)
        if not known:
            cookies.keep(node.settings, response, Cookie.VISITOR, value=request.state.secret)
        return response

    return Guarded(path, endpoint, methods=methods, takes=Public.PAGE)


def scripts_page(node: Node, path: str, handler: PageHandler) -> Route:
    """The route of what our own script sends when nobody may be signed in any more: it brings a right of its own.

    There is no form and so no token of one; where it comes from, the browser says, and the right is in a cookie that
    browsers send with nothing that comes from another site (`SameSite`).
    """

    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        request.state.most_form = STRANGERS_FORM
        _refuse_elsewhere(site, request)
        return await handler(site, request)

    return Guarded(path, endpoint, methods=("POST",), takes=Public.SCRIPT)


async def is_still_allowed(site: Site, request: Request, permission: Permission) -> bool:
    """Whether an open stream may go on: asked again every few seconds."""
    guest = await _guest(site, request)
    return guest is not None and may(guest.principal, permission)


async def recognise(request: Request) -> None:
    """Note who asks, where a page tells of an error that came before anybody was let in; a stranger stays one."""
    site: Site = request.app.state.site
    if getattr(request.state, "secret", ""):
        return
    try:
        guest = await _guest(site, request)
    except TocsinError:
        return  # the database may be what has failed
    if guest is not None:
        _note(site, request, guest)


def _note(site: Site, request: Request, guest: Guest) -> None:
    request.state.principal, request.state.session = guest.principal, guest.hash
    request.state.secret = cookies.read(site.node.settings, request, Cookie.SESSION)


async def _guest(site: Site, request: Request) -> Guest | None:
    return await site.node.gate.session(cookies.read(site.node.settings, request, Cookie.SESSION))


def _to_sign_in(request: Request) -> Response:
    """Where they sign in, to come back to the page that they asked for; a script is told to go there."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    there = f"/signin?next={quote(wanted)}" if request.method in _SAFE else "/signin"
    if request.headers.get("hx-request") == "true":
        back = request.headers.get("hx-current-url", "/")
        return Response(status_code=401, headers={"HX-Redirect": f"/signin?next={quote(_path_of(back))}"})
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse(there, 303, {"Cache-Control": "no-store"})


def _path_of(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]


async def _refuse_forged(site: Site, request: Request) -> None:
    """Raise Forbidden for what another site may have sent in somebody's name."""
    if request.method in _SAFE:
        return
    _refuse_elsewhere(site, request)
    token = request.headers.get(_HEADER) or (await read_form(request)).get(_FIELD, "")
    if not is_token_of(request.state.secret, token):
        raise Forbidden("csrf: the form is not of your present session; open the page again and repeat it")


def _refuse_elsewhere(site: Site, request: Request) -> None:
    headers = request.headers
    if comes_from_elsewhere(
        host=headers.get("host", ""),
        origin=headers.get("origin"),
        site=headers.get("sec-fetch-site"),
        public_url=site.node.settings.public_url,
    ):
        raise Forbidden("origin: a form of another site can't act here; open the page again and repeat it")


def csrf(request: Request) -> Markup:
    """The hidden input that every form carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(_FIELD, csrf_token(request))
