"""How does a person open an incident? In three fields: what, where, how bad; the classifier helps with the last."""

from urllib.parse import quote

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api import requests as r
from tocsin.api.bodies import decode_form
from tocsin.api.incidents import declaration
from tocsin.api.problems import status_of
from tocsin.domain.narrate import name_of
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput, Refused
from tocsin.sop.classify import classify
from tocsin.sop.model import Answers, Sop
from tocsin.sop.words import Severity, Trigger, Urgency
from tocsin.web.forms import UNSURE, actor_of, answers_in, fields_of, key_in, read_form
from tocsin.web.site import Notice, Site


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
    """Open the incident, and go to its page."""
    form = await read_form(request)
    fields = fields_of(form)
    if fields.get("severity") and not fields.get("reason"):
        fields["reason"] = "stated at declaration"
    try:
        command = declaration(site.node, decode_form(fields, r.DeclareBody))
        incident = await site.node.open(command, actor_of(request, form), key=key_in(form))
    except (Refused, InvalidInput) as error:
        text = str(error)
        return await _form(site, request, form, Notice("failed", f"{text[:1].upper()}{text[1:]}."), status_of(error))
    return RedirectResponse(f"/incidents/{quote(incident.id)}", 303)


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
    severity, reason = _severity(sop, form)
    service = sop.services.get(form.get("service", "") or sop.alerts.default_service)
    roster = await node.read(lambda queries: node.desk.roster(queries, node.clock.now()))
    steps = sop.ladder(severity).steps
    now = [target for step in steps if not step.after and step.urgency is Urgency.PAGE for target in step.targets]
    teams = (service.team,) if service else ()
    people = dict.fromkeys(person for target in now for person in roster.people(target, teams))
    return Outlook(severity, reason, tuple(name_of(person, sop) for person in people))


def _severity(sop: Sop, form: dict[str, str]) -> tuple[Severity | None, str]:
    chosen = form.get("severity", UNSURE)
    if chosen in Severity.__members__:
        return Severity(chosen), sop.severities[Severity(chosen)].impact
    answers = answers_in(form)
    if not answers:
        return None, ""
    verdict = classify(sop, decode_form(answers, Answers))
    return verdict.severity, verdict.reason
