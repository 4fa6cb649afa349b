"""How does somebody have a browser ring while it is closed? They subscribe it on the inbox, each for themself.

The browser keeps a secret in a cookie that no script sees: by it a form knows which of the browsers it comes from, and
the service worker, which may have to renew the address long after the session has ended, may do that and nothing else.
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.agents import label_of
from tocsin.accounts.permissions import Permission
from tocsin.api.parameters import id_of
from tocsin.engine.node import Node
from tocsin.errors import Refused
from tocsin.integrations.push.services import Subscription
from tocsin.store.rows import PushBrowser
from tocsin.web import cookies
from tocsin.web.cookies import Cookie
from tocsin.web.forms import actor_of, address_of, read_form
from tocsin.web.guard import page, scripts_page
from tocsin.web.site import Site

_KEPT = int(timedelta(days=400).total_seconds())  # no browser keeps a cookie for longer
_POST = ("POST",)


def routes(node: Node) -> list[BaseRoute]:
    """What the inbox's script and the service worker ask, and the buttons beside each browser."""
    read = Permission.READ
    return [
        page(node, "/browsers/key", post_key, permission=read, methods=_POST),
        page(node, "/browsers", post_browser, permission=read, methods=_POST),
        page(node, "/browsers/{id}/remove", post_remove, permission=read, methods=_POST),
        scripts_page(node, "/browsers/renew", post_renew),
    ]


def secret_of(site: Site, request: Request) -> str:
    """What this browser keeps to be known again; empty where it never was subscribed."""
    return cookies.read(site.node.settings, request, Cookie.BROWSER)


async def this_browser(site: Site, request: Request) -> PushBrowser | None:
    """This browser, where it rings for whoever is signed in."""
    return await site.node.browsers.known_by(secret_of(site, request), request.state.principal.account)


def rings_by_push(site: Site, person: str | None) -> bool:
    """Whether the SOP has the person paged by push."""
    found = site.node.sop.people.get(person or "")
    return found is not None and any(method.via == "push" for method in found.contact)


async def post_key(site: Site, request: Request) -> Response:
    """The key that a browser has to be told; it is made when it is first asked for."""
    return PlainTextResponse(await site.node.browsers.public_key(), headers={"Cache-Control": "no-store"})


async def post_browser(site: Site, request: Request) -> Response:
    """Ring this browser from now on."""
    form, account = await read_form(request), _mine(request)
    label = label_of(request.headers.get("user-agent", ""))
    secret = await site.node.browsers.add(account, _subscription(form), label, actor_of(request))
    response = Response(status_code=204)
    cookies.keep(site.node.settings, response, Cookie.BROWSER, value=secret, seconds=_KEPT)
    return response


async def post_remove(site: Site, request: Request) -> Response:
    """Ring one of one's own browsers no more."""
    form, here = await read_form(request), await this_browser(site, request)
    id_ = id_of(request, "browser")
    await site.node.browsers.remove(id_, actor_of(request), account=_mine(request))
    response = RedirectResponse("/inbox" if form.get("show") == "inbox" else "/account", 303)
    if here is not None and here.id == id_:
        cookies.drop(site.node.settings, response, Cookie.BROWSER)
    return response


async def post_renew(site: Site, request: Request) -> Response:
    """The push service has given this browser another address; its service worker tells, whoever is signed in."""
    form = await read_form(request)
    await site.node.browsers.renew(secret_of(site, request), _subscription(form), address_of(request))
    return Response(status_code=204)


def _subscription(form: dict[str, str]) -> Subscription:
    return Subscription(form.get("endpoint", ""), form.get("p256dh", ""), form.get("auth", ""))


def _mine(request: Request) -> int:
    account: int | None = request.state.principal.account
    if account is None:
        raise Refused("not_one_of_the_people", "a machine has no browser to be paged in")
    return account
