"""How does somebody answer a page by its link? One line, and one button: to open it changes nothing, as what scans mail
opens every link.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from tocsin.engine import answers
from tocsin.engine.node import Node
from tocsin.web.forms import address_of
from tocsin.web.guard import open_page
from tocsin.web.site import Site

# The address is a right: it goes nowhere from here, and is found by no search engine.
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def routes(node: Node) -> list[BaseRoute]:
    """The page of a link."""
    return [
        open_page(node, "/a/{token}", get_answer),
        open_page(node, "/a/{token}", post_answer, methods=("POST",)),
    ]


async def get_answer(site: Site, request: Request) -> Response:
    """How the page stands, and the button while it can be answered."""
    found = await _find(site, request)
    response = site.render(request, "answer.html", it=found, incident=found.incident)
    response.headers.update(_HEADERS)
    return response


async def post_answer(site: Site, request: Request) -> Response:
    """Acknowledge; and then, or where somebody has answered before, show how it stands."""
    node, found = site.node, await _find(site, request)
    if found.standing is answers.Standing.OPEN:
        address = address_of(request)
        await node.write(lambda tx, now: answers.acknowledge(node.desk, tx, now, found, address))
    return RedirectResponse(request.url.path, 303, {"Cache-Control": "no-store", **_HEADERS})


async def _find(site: Site, request: Request) -> answers.Answer:
    node, token, now = site.node, request.path_params["token"], site.node.clock.now()
    return await node.read(lambda queries: answers.find(queries, node.links, node.sop, token, now))
