"""How do people act on a page? A form of the cockpit becomes the command that the API would make of its fields."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.accounts.permissions import Permission
from tocsin.api.problems import status_of
from tocsin.domain import commands as c
from tocsin.domain.forms import decode_form
from tocsin.domain.wishes import WISHES
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, NotFound, Refused
from tocsin.web.cockpit import show_cockpit
from tocsin.web.forms import actor_of, fields_of, key_in, read_form
from tocsin.web.guard import PageHandler, page
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site, is_fragment

# What is said once it is done.
_DONE = {
    "acknowledge": "You have acknowledged: the escalation stops.",
    "assess": "The severity is set.",
    "roles": "The role is given.",
    "teams": "The team is added, and its primary on-call paged.",
    "notes": "The note stands in the timeline.",
    "updates": "The update is out.",
    "pages": "The page is on its way.",
    "mitigate": "Mitigated: the updates need no cadence any more.",
    "resolve": "Resolved.",
    "reopen": "Reopened: the ladder counts anew.",
    "cancel": "Cancelled: nobody is paged any more.",
    "release": "Released: what is due counts from now.",
    "postmortem/request": "A postmortem is asked for.",
    "postmortem/complete": "The postmortem is done, and the incident closed.",
}


def routes(node: Node) -> list[BaseRoute]:
    """The actions of an incident's page."""
    return [
        page(
            node,
            f"/incidents/{{id}}/{name}",
            _acting(name),
            permission=Permission.ADMIN_MAINTAIN if name == "release" else Permission.RESPOND,
            methods=("POST",),
        )
        for name in _DONE
    ]


def _acting(name: str) -> PageHandler:
    async def handler(site: Site, request: Request) -> Response:
        form = await read_form(request)
        id_ = request.path_params["id"]
        try:
            command = _command(site.node, name, fields_of(form))
            await site.node.change(id_, command, actor_of(request, form), key=key_in(form))
        except NotFound:
            raise
        except (Refused, InvalidInput) as error:
            return await show_cockpit(site, request, refusal(error), status_of(error))
        if is_fragment(request):
            return await show_cockpit(site, request, Notice("done", _DONE[name]))
        return RedirectResponse(f"/incidents/{quote(id_)}", 303)

    return handler


def _command(node: Node, name: str, fields: dict[str, Any]) -> c.Change:
    wish = WISHES[name]
    return wish.command_of(node.sop, decode_form(fields, wish.body))
