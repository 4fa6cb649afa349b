"""Where was that written? Search in titles, notes, updates and postmortems."""

from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.search import HitView, search
from tocsin.errors import InvalidInput
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site

_SHOWN = 50


async def get_search(site: Site, request: Request) -> Response:
    """What was found; the form alone where nothing is asked."""
    query = request.query_params.get("q", "")
    found: list[HitView] = []
    notice: Notice | None = None
    try:
        found = await search(site.node, query, _SHOWN) if query else []
    except InvalidInput as error:
        notice = refusal(error)
    return site.render(request, "search.html", query=query, found=found, notice=notice)
