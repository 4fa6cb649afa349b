"""What can people do with their own account? See and end its sessions, set the password, make tokens of their own."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.passkeys import MOST, is_fresh
from tocsin.accounts.permissions import Permission, Scope
from tocsin.accounts.sessions import ends_at, is_alive
from tocsin.api.accounts import revoke
from tocsin.engine.accounts import Wanted
from tocsin.engine.node import Node
from tocsin.engine.record import deed_of
from tocsin.errors import InvalidInput, NotFound
from tocsin.sop.durations import Duration
from tocsin.store.queries import Queries
from tocsin.web.browsers import this_browser
from tocsin.web.forms import actor_of, address_of, read_form
from tocsin.web.guard import PageHandler, page
from tocsin.web.notices import refusal
from tocsin.web.sign_in import refuse_unlike
from tocsin.web.site import Notice, Site

_OWN_SCOPES = (Scope.READ, Scope.RESPOND)
_LASTS = {"30": "30 days", "90": "90 days", "365": "a year"}


def routes(node: Node) -> list[BaseRoute]:
    """The page of one's own account, and its actions."""
    actions: dict[str, PageHandler] = {
        "/account/password": post_password,
        "/account/sessions/end": post_end_session,
        "/account/sessions/end-others": post_end_others,
        "/account/tokens": post_token,
        "/account/tokens/revoke": post_revoke,
    }
    read = Permission.READ
    return [
        page(node, "/account", get_account, permission=read),
        *(page(node, path, handler, permission=read, methods=("POST",)) for path, handler in actions.items()),
    ]


async def get_account(site: Site, request: Request) -> Response:
    """One's own account."""
    return await show(site, request)


async def show(
    site: Site, request: Request, notice: Notice | None = None, *, status: int = 200, token: str = ""
) -> Response:
    """The page of one's own account, with what has just happened; `token` is shown this once."""
    id_, now = mine(request), site.node.clock.real_now()

    def ask(queries: Queries) -> dict[str, object]:
        known = queries.accounts
        sessions = [it for it in known.sessions_of(id_) if is_alive(it.began_at, it.seen_at, now)]
        return {
            "account": known.account(id_),
            "sessions": sessions,
            "tokens": known.tokens(owner=id_),
            "browsers": queries.desk.browsers_of_account(id_),
            "passkeys": queries.passkeys.of(id_),
            "is_fresh": any(it.hash == request.state.session and is_fresh(it.began_at, now) for it in sessions),
        }

    found, browser = await site.node.read(ask), await this_browser(site, request)
    return site.render(
        request,
        "accounts/account.html",
        status=status,
        notice=notice,
        token=token,
        here=request.state.session,
        browser=browser,
        ends_at=ends_at,
        scopes=_OWN_SCOPES,
        lasts=_LASTS,
        most=MOST,
        party=site.node.passkeys.party,
        why_no_passkeys=site.node.passkeys.why_not,
        **found,
    )


def mine(request: Request) -> int:
    """The number of one's own account; raises NotFound for a machine."""
    account: int | None = request.state.principal.account
    if account is None:
        raise NotFound("account: a machine has none")
    return account


async def post_password(site: Site, request: Request) -> Response:
    """A new password; wherever else one is signed in, one isn't any more."""
    form, id_ = await read_form(request), mine(request)
    account = await site.node.read(lambda queries: queries.accounts.account(id_))
    try:
        refuse_unlike(form)
        if account.has_password:
            await site.node.sign_in.confirm(account, form.get("present", ""), address_of(request))
        await site.node.accounts.set_password(
            id_, form.get("password", ""), actor_of(request), keep=request.state.session
        )
    except InvalidInput as error:
        return await show(site, request, refusal(error), status=422)
    told = "The password is set. Every other session has ended."
    if account.passkeys:
        told += " Your passkeys go on letting you in: remove those that are not yours."
    return await show(site, request, Notice("done", told))


async def post_end_session(site: Site, request: Request) -> Response:
    """One of one's own sessions is over."""
    hash_, id_ = (await read_form(request)).get("session", ""), mine(request)
    sessions = await site.node.read(lambda queries: queries.accounts.sessions_of(id_))
    if hash_ not in {it.hash for it in sessions}:
        raise NotFound("session: there is none of yours of that name")
    await site.node.sign_in.end(hash_, deed_of(actor_of(request), "session.end", hash_[:8]))
    return RedirectResponse("/account", 303)


async def post_end_others(site: Site, request: Request) -> Response:
    """Every session but this one is over."""
    deed = deed_of(actor_of(request), "session.end_others", "")
    await site.node.sign_in.end_others(mine(request), request.state.session, deed)
    return await show(site, request, Notice("done", "You are signed out everywhere else."))


async def post_token(site: Site, request: Request) -> Response:
    """A token of one's own: it may do no more than its owner, and acts as them."""
    form, id_ = await read_form(request), mine(request)
    try:
        secret = await site.node.accounts.add_token(_wanted(form, id_), actor_of(request))
    except InvalidInput as error:
        return await show(site, request, refusal(error), status=422)
    return await show(site, request, token=secret)


def _wanted(form: dict[str, str], owner: int) -> Wanted:
    scope, days = form.get("scope", ""), form.get("days", "90")
    if scope not in _OWN_SCOPES or days not in _LASTS:
        raise InvalidInput(f"token: must be one of {', '.join(_OWN_SCOPES)}, for {', '.join(_LASTS)} days")
    return Wanted(form.get("name", ""), (Scope(scope),), Duration(days=int(days)), owner=owner)


async def post_revoke(site: Site, request: Request) -> Response:
    """A token of one's own opens nothing any more."""
    name = (await read_form(request)).get("name", "")
    await revoke(site.node, name, actor_of(request), owner=mine(request))
    return RedirectResponse("/account", 303)
