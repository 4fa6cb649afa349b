"""How do admins look after accounts on a page? The same that `tocsin accounts` does."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tocsin.accounts.permissions import GlobalRole, Permission
from tocsin.api.accounts import password_link
from tocsin.api.parameters import id_of
from tocsin.engine.accounts import Person
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound
from tocsin.store.queries import Queries
from tocsin.web.forms import actor_of, read_form
from tocsin.web.guard import page
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site


def routes(node: Node) -> list[BaseRoute]:
    """The page of accounts, and its actions."""
    takes = Permission.ADMIN_ACCOUNTS
    return [
        page(node, "/admin/accounts", get_accounts, permission=takes),
        page(node, "/admin/accounts", post_account, permission=takes, methods=("POST",)),
        page(node, "/admin/accounts/{id}/{action}", post_action, permission=takes, methods=("POST",)),
    ]


async def get_accounts(site: Site, request: Request) -> Response:
    """Who may sign in."""
    return await _show(site, request)


async def _show(
    site: Site, request: Request, notice: Notice | None = None, *, status: int = 200, link: str = ""
) -> Response:
    def ask(queries: Queries) -> dict[str, object]:
        machines = [it for it in queries.accounts.tokens() if it.owner is None]
        counts = queries.desk.browser_counts()
        return {"accounts": queries.accounts.all_accounts(), "machines": machines, "browsers": counts}

    found = await site.node.read(ask)
    people = {id_: person.name for id_, person in sorted(site.node.sop.people.items())}
    return site.render(
        request,
        "accounts/accounts.html",
        status=status,
        notice=notice,
        link=link,
        roles=list(GlobalRole),
        people=people,
        **found,
    )


async def post_account(site: Site, request: Request) -> Response:
    """Make an account; the link that sets its password is shown once."""
    form = await read_form(request)
    try:
        wanted = Person(form.get("email", ""), form.get("name", ""), _role(form), form.get("person") or None)
        account, secret = await site.node.accounts.add(wanted, actor_of(request))
    except InvalidInput as error:
        return await _show(site, request, refusal(error), status=422)
    notice = Notice("done", f"{account.email} has an account now. Hand them this link: it works once, for 24 hours.")
    return await _show(site, request, notice, link=password_link(site.node, secret))


async def post_action(site: Site, request: Request) -> Response:
    """Change an account."""
    form, id_, action = await read_form(request), id_of(request, "account"), request.path_params["action"]
    try:
        done, link = await _act(site, request, id_, _role(form) if action == "role" else None)
    except NotFound:
        raise
    except InvalidInput as error:
        return await _show(site, request, refusal(error), status=409)
    account = await site.node.read(lambda queries: queries.accounts.account(id_))
    return await _show(site, request, Notice("done", f"{account.email}: {done}."), link=link)


async def _act(site: Site, request: Request, id_: int, role: GlobalRole | None) -> tuple[str, str]:
    """What was done, in words, and the link that was made, if any."""
    accounts, actor = site.node.accounts, actor_of(request)
    match request.path_params["action"]:
        case "role" if role is not None:
            return f"the role is {(await accounts.set_role(id_, role, actor)).role} now", ""
        case "disable":
            await accounts.set_disabled(id_, True, actor)
            return "nobody signs in with it any more", ""
        case "enable":
            await accounts.set_disabled(id_, False, actor)
            return "they may sign in again", ""
        case "reset-link":
            secret = await accounts.reset_link(id_, actor)
            return "this link sets the password once, within 24 hours", password_link(site.node, secret)
        case "remove-passkeys":
            await site.node.passkeys.remove_all(id_, actor)
            return "its passkeys let nobody in any more", ""
        case "forget-browsers":
            count = await site.node.browsers.remove_all(id_, actor)
            return f"{count} browser{'' if count == 1 else 's'} will not be rung any more", ""
    raise NotFound(f"account: nothing is called {request.path_params['action']!r} here")


def _role(form: dict[str, str]) -> GlobalRole:
    try:
        return GlobalRole(form.get("role", ""))
    except ValueError as error:
        raise InvalidInput(f"role: must be one of {', '.join(GlobalRole)}") from error
