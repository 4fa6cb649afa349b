"""How do people get in and out? Sign-in, sign-out, and the links that work once: welcome, and a new password."""

from collections.abc import Awaitable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.forgery import own_path
from tocsin.accounts.permissions import Permission
from tocsin.engine.accounts import Person
from tocsin.engine.node import Node
from tocsin.engine.record import deed_of
from tocsin.engine.sign_in import Browser
from tocsin.errors import InvalidInput, NotFound, NotSignedIn, Overloaded, TocsinError, TooManyAttempts
from tocsin.store.rows import Account
from tocsin.web import cookies
from tocsin.web.cookies import Cookie
from tocsin.web.forms import actor_of, address_of, read_form
from tocsin.web.guard import open_page, page
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site

_UNSAFE = "Signing in takes https: set TOCSIN_PUBLIC_URL to this server's https address. On this machine, http will do."


def routes(node: Node) -> list[BaseRoute]:
    """Signing in and out."""
    return [
        open_page(node, "/signin", get_sign_in),
        open_page(node, "/signin", post_sign_in, methods=("POST",)),
        page(node, "/signout", post_sign_out, permission=Permission.READ, methods=("POST",)),
        open_page(node, "/welcome/{secret}", get_welcome),
        open_page(node, "/welcome/{secret}", post_welcome, methods=("POST",)),
        open_page(node, "/password/{secret}", get_password),
        open_page(node, "/password/{secret}", post_password, methods=("POST",)),
    ]


def browser_of(site: Site, request: Request) -> Browser:
    """What signs in, with the session that it has."""
    return Browser(
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        secret=cookies.read(site.node.settings, request, Cookie.SESSION),
    )


def signed_in(site: Site, secret: str, onward: str) -> Response:
    """The answer to somebody who is signed in now: on to where they wanted, with a new session and nothing older."""
    response = RedirectResponse(onward, 303, {"Cache-Control": "no-store"})
    cookies.keep(site.node.settings, response, Cookie.SESSION, value=secret)
    cookies.drop(site.node.settings, response, Cookie.VISITOR)
    return response


# Sign-in


async def get_sign_in(site: Site, request: Request) -> Response:
    """The form; whoever is signed in goes on."""
    onward = own_path(request.query_params.get("next"))
    if await site.node.gate.session(cookies.read(site.node.settings, request, Cookie.SESSION)):
        return RedirectResponse(onward, 303)
    return form_of_sign_in(site, request, onward)


async def post_sign_in(site: Site, request: Request) -> Response:
    """A password is tried."""
    form = await read_form(request)
    onward, email = own_path(form.get("next")), form.get("email", "")
    if not cookies.may_sign_in_here(site.node.settings, request):
        return form_of_sign_in(site, request, onward, status=403)
    trying = site.node.sign_in.by_password(email, form.get("password", ""), browser_of(site, request))
    return await let_in(site, request, onward, trying, email=email)


async def let_in(site: Site, request: Request, onward: str, trying: Awaitable[str], *, email: str = "") -> Response:
    """On to where they wanted, with the session whose secret comes of `trying`; else the form, and why not."""
    try:
        secret = await trying
    except NotSignedIn as error:
        return form_of_sign_in(site, request, onward, email=email, status=401, fault=error)
    except TooManyAttempts as error:
        response = form_of_sign_in(site, request, onward, email=email, status=429, fault=error)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except Overloaded as error:
        return form_of_sign_in(site, request, onward, email=email, status=503, fault=error)
    except NotFound:
        raise
    except InvalidInput as error:
        return form_of_sign_in(site, request, onward, email=email, status=422, fault=error)
    return signed_in(site, secret, onward)


def form_of_sign_in(
    site: Site, request: Request, onward: str, *, email: str = "", status: int = 200, fault: TocsinError | None = None
) -> Response:
    """The sign-in page, and what went wrong before it."""
    is_safe = cookies.may_sign_in_here(site.node.settings, request)
    why_not = None if is_safe else Notice("failed", _UNSAFE)
    return site.render(
        request,
        "accounts/sign_in.html",
        status=status,
        onward=onward,
        email=email,
        is_safe=is_safe,
        provider=site.node.single_sign_on,
        party=site.node.passkeys.party,
        notice=why_not or (refusal(fault) if fault else None),
    )


async def post_sign_out(site: Site, request: Request) -> Response:
    """The session is over."""
    deed = deed_of(actor_of(request), "sign_out", "")
    await site.node.sign_in.end(request.state.session, deed)
    rung = cookies.read(site.node.settings, request, Cookie.BROWSER)
    await site.node.browsers.signed_out(rung, request.state.principal.account, actor_of(request))
    response = RedirectResponse("/signin", 303)
    cookies.drop(site.node.settings, response, Cookie.SESSION)
    cookies.drop(site.node.settings, response, Cookie.BROWSER)
    return response


# Links that work once


async def get_welcome(site: Site, request: Request) -> Response:
    """The form that makes the first admin; opening it changes nothing."""
    return site.render(request, "accounts/welcome.html", email="", full_name="")


async def post_welcome(site: Site, request: Request) -> Response:
    """The first admin is made, and signed in."""
    form = await read_form(request)
    wanted = Person(form.get("email", ""), form.get("name", ""))
    try:
        refuse_unlike(form)
        account = await site.node.accounts.make_first_admin(
            request.path_params["secret"], wanted, form.get("password", ""), address=address_of(request)
        )
    except InvalidInput as error:
        known = {"email": wanted.email, "full_name": wanted.name}
        return site.render(request, "accounts/welcome.html", status=_status(error), notice=refusal(error), **known)
    return await _begun(site, request, account)


async def get_password(site: Site, request: Request) -> Response:
    """The form for a new password; opening it changes nothing."""
    return site.render(request, "accounts/password.html")


async def post_password(site: Site, request: Request) -> Response:
    """The password is set, and its owner signed in."""
    form = await read_form(request)
    try:
        refuse_unlike(form)
        account = await site.node.accounts.use_reset_link(
            request.path_params["secret"], form.get("password", ""), address_of(request)
        )
    except InvalidInput as error:
        return site.render(request, "accounts/password.html", status=_status(error), notice=refusal(error))
    return await _begun(site, request, account)


async def _begun(site: Site, request: Request, account: Account) -> Response:
    if not cookies.may_sign_in_here(site.node.settings, request):
        return RedirectResponse(f"/signin?next={quote('/')}", 303)
    return signed_in(site, await site.node.sign_in.begin(account, browser_of(site, request), "link"), "/")


def refuse_unlike(form: dict[str, str]) -> None:
    """Raise InvalidInput where a new password isn't the same twice."""
    if form.get("password", "") != form.get("again", ""):
        raise InvalidInput("password: the two are not the same: type it once more")


def _status(error: InvalidInput) -> int:
    return 401 if isinstance(error, NotSignedIn) else 422
