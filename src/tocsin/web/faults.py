"""What does a person see when something goes wrong? A page in plain words; programs get the API's problem details."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.app import FAULTS
from tocsin.api.problems import status_of
from tocsin.errors import Overloaded, TocsinError
from tocsin.web.guard import recognise
from tocsin.web.site import Notice, Site, is_fragment

_HEADINGS = {
    403: "You may not do this",
    404: "There is nothing here",
    405: "Not in this way",
    409: "Not possible now",
    413: "Too much at once",
    422: "Not acceptable as it is",
    429: "Too often",
    500: "A fault of Tocsin's own",
    503: "Not now: try again",
}
Handler = Callable[[Request, Exception], Awaitable[Response]]


def handlers() -> dict[Any, Handler]:
    """What answers each kind of error: the API's own words, in a page where a person asks."""
    return {kind: _for_eyes(handler) for kind, handler in FAULTS.items()}


def _for_eyes(handler: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        told = await handler(request, error)
        if not _is_read_by_a_person(request):
            return told
        await recognise(request)
        page = _page(request, told.status_code, error)
        if "retry-after" in told.headers:
            page.headers["retry-after"] = told.headers["retry-after"]
        return page

    return answer


def _is_read_by_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/api/", "/intake/"))


def _page(request: Request, status: int, error: Exception) -> Response:
    site: Site = request.app.state.site
    detail = _detail(request, status, error)
    if is_fragment(request):
        return site.render(request, "told.html", status=status, notice=Notice("failed", detail))
    heading = _HEADINGS.get(status, "That didn't work")
    return site.render(request, "fault.html", status=status, code=status, heading=heading, detail=detail)


def _detail(request: Request, status: int, error: Exception) -> str:
    if isinstance(error, Overloaded) or (isinstance(error, TocsinError) and status_of(error) < 500):
        return f"{error}."
    if status == 404:
        return f"No page lies at {request.url.path}. The address may be mistyped, or the page was moved."
    if status == 503:
        return "The database can't be used now. What was recorded is safe; try again in a few seconds."
    return "Something went wrong here that shouldn't. It stands in the server's log; what was recorded is safe."
