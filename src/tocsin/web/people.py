"""Who is there, and does their pager work? People, their contact methods, test pages; and services."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api.people import people_now, person_now, services_of
from tocsin.api.problems import status_of
from tocsin.engine import page_tests
from tocsin.errors import Refused
from tocsin.web.forms import actor_of, read_form
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site


async def get_people(site: Site, request: Request) -> Response:
    """The people."""
    return site.render(request, "people.html", people=await people_now(site.node), teams=site.node.sop.teams)


async def get_person(site: Site, request: Request) -> Response:
    """One person."""
    return await _person(site, request)


async def post_test(site: Site, request: Request) -> Response:
    """Send the person a test page."""
    form = await read_form(request)
    by, id_ = actor_of(request, form), request.path_params["id"]
    try:
        await site.node.write(lambda tx, now: page_tests.send(site.node.desk, tx, now, id_, by=by))
    except Refused as error:
        return await _person(site, request, refusal(error), status_of(error))
    return RedirectResponse(f"/people/{quote(id_)}", 303)


async def _person(site: Site, request: Request, notice: Notice | None = None, status: int = 200) -> Response:
    it = await person_now(site.node, request.path_params["id"])
    return site.render(request, "person.html", status=status, it=it, notice=notice, teams=site.node.sop.teams)


async def get_services(site: Site, request: Request) -> Response:
    """The services."""
    return site.render(request, "services.html", services=services_of(site.node))
