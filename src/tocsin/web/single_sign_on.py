"""How does single sign-on look from a browser? There, to the provider, and back again."""

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.forgery import own_path
from tocsin.engine.node import Node
from tocsin.engine.single_sign_on import RETURN_PATH, SingleSignOn
from tocsin.errors import NotFound, NotSignedIn, Unreachable
from tocsin.integrations.oidc.provider import Flow
from tocsin.web import cookies
from tocsin.web.cookies import Cookie
from tocsin.web.guard import open_page
from tocsin.web.sign_in import browser_of, form_of_sign_in, signed_in
from tocsin.web.site import Site

_WITHIN_SECONDS = 600


def routes(node: Node) -> list[BaseRoute]:
    """There and back."""
    return [open_page(node, "/signin/oidc", get_there), open_page(node, RETURN_PATH, get_back)]


async def get_there(site: Site, request: Request) -> Response:
    """On to the provider; nothing has changed but that this browser remembers what it asked."""
    onward = own_path(request.query_params.get("next"))
    if not cookies.may_sign_in_here(site.node.settings, request):
        return form_of_sign_in(site, request, onward, status=403)
    try:
        url, flow = await _provider(site).begin(onward)
    except (NotSignedIn, Unreachable) as error:
        return form_of_sign_in(site, request, onward, status=503, fault=error)
    response = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
    cookies.keep(site.node.settings, response, Cookie.OIDC, value=_written(flow), seconds=_WITHIN_SECONDS)
    return response


async def get_back(site: Site, request: Request) -> Response:
    """Back from the provider, with its word; whoever it vouches for is signed in."""
    flow = _read(cookies.read(site.node.settings, request, Cookie.OIDC))
    onward = own_path(flow.onward if flow else None)
    try:
        response = signed_in(site, await _secret(site, request, flow), onward)
    except NotSignedIn as error:
        response = form_of_sign_in(site, request, onward, status=401, fault=error)
    except Unreachable as error:
        response = form_of_sign_in(site, request, onward, status=503, fault=error)
    cookies.drop(site.node.settings, response, Cookie.OIDC)
    return response


async def _secret(site: Site, request: Request, flow: Flow | None) -> str:
    """The secret of a new session of whoever the provider vouches for."""
    asked = request.query_params
    if flow is None:
        raise NotSignedIn("this sign-in was not begun in this browser, or ten minutes ago: begin again")
    if asked.get("error"):
        raise NotSignedIn("the identity provider has not let you in: begin again, or ask an admin")
    who = await _provider(site).finish(flow, asked.get("state", ""), asked.get("code", ""), issuer=asked.get("iss"))
    return await site.node.sign_in.begin(await site.node.accounts.of_vouched(who), browser_of(site, request), "oidc")


def _provider(site: Site) -> SingleSignOn:
    if site.node.single_sign_on is None:
        raise NotFound("single sign-on: is not set up on this server")
    return site.node.single_sign_on


def _written(flow: Flow) -> str:
    return ".".join((flow.state, flow.nonce, flow.verifier, quote(flow.onward, safe="")))


def _read(text: str) -> Flow | None:
    state, nonce, verifier, onward, *_ = [*text.split(".", 3), "", "", "", ""]
    return Flow(state, nonce, verifier, unquote(onward)) if state and nonce and verifier else None
