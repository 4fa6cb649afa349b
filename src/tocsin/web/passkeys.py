"""How do passkeys look from a browser? What its script asks for, and the forms in which it brings the answers back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.forgery import own_path
from tocsin.accounts.permissions import Permission
from tocsin.api.bodies import answer
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound
from tocsin.web import cookies
from tocsin.web.account import mine, show
from tocsin.web.forms import actor_of, address_of, read_form
from tocsin.web.guard import PageHandler, open_page, page
from tocsin.web.notices import refusal
from tocsin.web.sign_in import browser_of, form_of_sign_in, let_in
from tocsin.web.site import Notice, Site


def routes(node: Node) -> list[BaseRoute]:
    """Signing in by a passkey, and one's own ones."""
    actions: dict[str, PageHandler] = {
        "/account/passkeys/options": post_options,
        "/account/passkeys": post_passkey,
        "/account/passkeys/rename": post_rename,
        "/account/passkeys/remove": post_remove,
    }
    return [
        open_page(node, "/signin/passkey", get_options),
        open_page(node, "/signin/passkey", post_sign_in, methods=("POST",)),
        *(page(node, path, it, permission=Permission.READ, methods=("POST",)) for path, it in actions.items()),
    ]


async def get_options(site: Site, request: Request) -> Response:
    """What the script of the sign-in page asks the browser: a new challenge each time."""
    return _asked(site.node.passkeys.options_to_sign_in(request.state.secret))


async def post_sign_in(site: Site, request: Request) -> Response:
    """A passkey is tried."""
    form = await read_form(request)
    onward = own_path(form.get("next"))
    if not cookies.may_sign_in_here(site.node.settings, request):
        return form_of_sign_in(site, request, onward, status=403)
    trying = site.node.passkeys.sign_in(form.get("credential", ""), request.state.secret, browser_of(site, request))
    return await let_in(site, request, onward, trying)


async def post_options(site: Site, request: Request) -> Response:
    """What the script of the account's page asks the browser, once it is certain who sits there."""
    form = await read_form(request)
    return _asked(
        await site.node.passkeys.options_to_add(
            mine(request), request.state.session, form.get("present", ""), address_of(request)
        )
    )


async def post_passkey(site: Site, request: Request) -> Response:
    """A new passkey of one's own."""
    form = await read_form(request)
    try:
        made = await site.node.passkeys.add(
            form.get("credential", ""),
            form.get("label", ""),
            actor_of(request),
            account=mine(request),
            session=request.state.session,
        )
    except NotFound:
        raise
    except InvalidInput as error:
        return await show(site, request, refusal(error), status=422)
    return await show(site, request, Notice("done", f"{made.label} signs you in from now on."))


async def post_rename(site: Site, request: Request) -> Response:
    """One of one's own is called otherwise."""
    form = await read_form(request)
    try:
        await site.node.passkeys.rename(
            mine(request), form.get("passkey", ""), form.get("label", ""), actor_of(request)
        )
    except NotFound:
        raise
    except InvalidInput as error:
        return await show(site, request, refusal(error), status=422)
    return RedirectResponse("/account", 303)


async def post_remove(site: Site, request: Request) -> Response:
    """One of one's own lets nobody in any more."""
    id_ = (await read_form(request)).get("passkey", "")
    label = await site.node.passkeys.remove(mine(request), id_, actor_of(request), keep=request.state.session)
    told = f"{label} lets nobody in any more, and where it was used you are signed out."
    return await show(site, request, Notice("done", told))


def _asked(options: dict[str, Any]) -> Response:
    response = answer(options)
    response.headers["Cache-Control"] = "no-store"
    return response
