"""How does a person open an incident? In three fields: what, where, how bad; the classifier helps with the last."""

from urllib.parse import quote

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api.problems import status_of
from tocsin.domain.forms import UNSURE, decode_form, verdict_so_far
from tocsin.domain.narrate import name_of
from tocsin.domain.wishes import DeclareBody, declaration
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, Refused
from tocsin.sop.words import Severity, Trigger, Urgency
from tocsin.web.forms import actor_of, fields_of, key_in, read_form
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site, is_fragment


class Outlook(Struct, frozen=True):
    """What a declaration would do: the severity, why, and who is paged at once. None: nobody has said enough yet."""

    severity: Severity | None
    reason: str
    paged: tuple[str, ...]


async def get_declare(site: Site, request: Request) -> Response:
    """The form."""
    return await _form(site, request, {})


async def post_outlook(site: Site, request: Request) -> Response:
    """What the form as it is filled in so far would do."""
    form = await read_form(request)
    return site.render(request, "declare_outlook.html", outlook=await _outlook(site.node, form))


async def post_declare(site: Site, request: Request) -> Response:
    """Open the incident, and go to its page. By script, so that what was written is there until it is declared."""
    form = await read_form(request)
    try:
        command = declaration(site.node.sop, decode_form(fields_of(form), DeclareBody))
        incident = await site.node.open(command, actor_of(request, form), key=key_in(form))
    except (Refused, InvalidInput) as error:
        return await _form(site, request, form, refusal(error), status_of(error))
    there = f"/incidents/{quote(incident.id)}"
    return Response(headers={"HX-Redirect": there}) if is_fragment(request) else RedirectResponse(there, 303)


async def _form(
    site: Site, request: Request, form: dict[str, str], notice: Notice | None = None, status: int = 200
) -> Response:
    sop = site.node.sop
    return site.render(
        request,
        "declare.html",
        status=status,
        notice=notice,
        form={"severity": UNSURE, "service": sop.alerts.default_service, "title": "", **form},
        sop=sop,
        triggers=list(Trigger),
        unsure=UNSURE,
        outlook=await _outlook(site.node, form),
    )


async def _outlook(node: Node, form: dict[str, str]) -> Outlook:
    sop = node.sop
    verdict = verdict_so_far(sop, form)
    severity = verdict.severity if verdict else None
    service = sop.services.get(form.get("service", "") or sop.alerts.default_service)
    roster = await node.read(lambda queries: node.desk.roster(queries, node.clock.now()))
    steps = sop.ladder(severity).steps
    now = [target for step in steps if not step.after and step.urgency is Urgency.PAGE for target in step.targets]
    teams = (service.team,) if service else ()
    people = dict.fromkeys(person for target in now for person in roster.people(target, teams))
    return Outlook(severity, verdict.reason if verdict else "", tuple(name_of(person, sop) for person in people))
