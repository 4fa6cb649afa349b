"""What does a browser find? The pages and the API, as one application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from tocsin.accounts.permissions import Permission
from tocsin.api.app import middleware, routes
from tocsin.engine.node import Node
from tocsin.web import (
    account,
    actions,
    admin,
    answer,
    browsers,
    cockpit,
    cookies,
    declare,
    desk_pages,
    faults,
    forms,
    guard,
    home,
    passkeys,
    sign_in,
    single_sign_on,
    streams,
)
from tocsin.web import incidents as lists
from tocsin.web.guard import page
from tocsin.web.headers import Headers
from tocsin.web.site import Site, csrf_token

_OVERDUE_FIRST_SECONDS = 3.0  # after the start, when pages may be late: those for the eye can wait


def build(node: Node) -> Starlette:
    """The application of a running node; `state.site` is what its pages share."""
    site = Site(node)
    site.templates.globals.update(csrf=guard.csrf, csrf_token=csrf_token, new_key=forms.new_key)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(site.live.run())
        compiling = asyncio.create_task(_compile_later(site))
        yield
        telling.cancel()
        compiling.cancel()

    programs = routes(node)
    app = Starlette(
        routes=[*programs, *pages(node), Route("/static/{digest}/{name:path}", site.static.get)],
        exception_handlers=faults.handlers(),
        middleware=[Middleware(Headers, is_secure=cookies.is_secure(node.settings)), *middleware(node, programs)],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a path that is nearly right is wrong: a redirect would lose what was sent
    app.state.site = site
    return app


async def _compile_later(site: Site) -> None:
    await asyncio.sleep(_OVERDUE_FIRST_SECONDS)
    await asyncio.to_thread(site.compile_templates)


def pages(node: Node) -> list[BaseRoute]:
    """Every page and action, each with the permission that it takes."""
    read = Permission.READ
    return [
        *sign_in.routes(node),
        *answer.routes(node),
        *single_sign_on.routes(node),
        *account.routes(node),
        *passkeys.routes(node),
        *browsers.routes(node),
        *admin.routes(node),
        page(node, "/", home.get_home, permission=read),
        page(node, "/live", streams.get_live, permission=read),
        page(node, "/incidents", lists.get_incidents, permission=read),
        page(node, "/declare", declare.get_declare, permission=Permission.DECLARE),
        page(node, "/declare", declare.post_declare, permission=Permission.DECLARE, methods=("POST",)),
        page(node, "/declare/outlook", declare.post_outlook, permission=Permission.DECLARE, methods=("POST",)),
        page(node, "/incidents/{id}", cockpit.get_cockpit, permission=read),
        page(node, "/incidents/{id}/timeline", cockpit.get_timeline, permission=read),
        *actions.routes(node),
        *desk_pages.routes(node),
        page(node, "/incidents/{id}/live", streams.get_incident_live, permission=read),
    ]
