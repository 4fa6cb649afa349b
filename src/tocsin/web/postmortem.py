"""Where is a postmortem written? The editor: sections as Markdown, shown as they will look, kept as they are typed."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.api import requests as r
from tocsin.api.drafts import DraftView, draft_now, save_draft
from tocsin.api.postmortems import drafted
from tocsin.api.problems import status_of
from tocsin.domain import commands as c
from tocsin.domain.decisions.postmortem import JUDGEMENT_SECTIONS, WRITTEN_SECTIONS
from tocsin.domain.forms import decode_form
from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.errors import InvalidInput, Refused
from tocsin.insight.marks import without_marks
from tocsin.sop.render.postmortem import guidance
from tocsin.web.forms import actor_of, read_form
from tocsin.web.markdown import html_of
from tocsin.web.notices import refusal
from tocsin.web.site import Notice, Site

_BLANK_ITEMS = 2
_CLOSE = "close"  # what the second button of the form says
_FIELDS = ("text", "owner", "priority", "due_on", "status")


async def get_editor(site: Site, request: Request) -> Response:
    """The editor, with the draft as it was kept last."""
    return await _editor(site, request, await draft_now(site.node, request.path_params["id"]))


async def post_draft(site: Site, request: Request) -> Response:
    """Keep what is typed; whoever comes second is told, and nothing is overwritten."""
    form = await read_form(request)
    id_, body = request.path_params["id"], _draft_body(form)
    try:
        kept = await save_draft(site.node, id_, body, actor_of(request, form))
    except (Refused, InvalidInput) as error:
        known = DraftView(id_, body.version, body.sections, body.action_items, None, None)
        return _answer(site, request, known, refusal(error), status_of(error))
    return _answer(site, request, kept)


def _answer(site: Site, request: Request, it: DraftView, notice: Notice | None = None, status: int = 200) -> Response:
    return site.render(request, "postmortem_saved.html", status=status, it=it, preview=_preview(it), told=notice)


async def post_postmortem(site: Site, request: Request) -> Response:
    """Put it on record, and close the incident where that is asked for; what is missing for that is told here."""
    form = await read_form(request)
    id_, body, actor = request.path_params["id"], _draft_body(form), actor_of(request, form)
    try:
        if "version" in form:  # what somebody else has kept meanwhile is not overwritten
            await save_draft(site.node, id_, body, actor)
        items = tuple(_item(it, number) for number, it in enumerate(body.action_items, start=1))
        await site.node.save_postmortem(id_, c.SavePostmortem(sections=body.sections, action_items=items), actor)
        if form.get("then") == _CLOSE:
            await site.node.change(id_, c.CompletePostmortem(), actor)
            return RedirectResponse(f"/incidents/{quote(id_)}", 303)
    except (Refused, InvalidInput) as error:
        known = DraftView(id_, (await draft_now(site.node, id_)).version, body.sections, body.action_items, None, None)
        return await _editor(site, request, known, refusal(error), status_of(error))
    return RedirectResponse(f"/incidents/{quote(id_)}/postmortem", 303)


def _draft_body(form: dict[str, str]) -> r.DraftBody:
    """What the form says so far. Action items without any text are left out."""
    sections = {it.key: form.get(f"section.{it.key}", "") for it in WRITTEN_SECTIONS}
    items: list[r.DraftItem] = []
    number = 1
    while f"item.{number}.text" in form:
        fields: dict[str, str] = {name: form.get(f"item.{number}.{name}", "") for name in _FIELDS}
        if fields["text"].strip():
            items.append(r.DraftItem(**fields))
        number += 1
    version = form.get("version", "0")
    said: dict[str, Any] = {"version": version, "sections": sections, "action_items": items}
    return decode_form(said, r.DraftBody)


def _item(it: r.DraftItem, number: int) -> ActionItem:
    try:
        priority = ActionItemPriority(it.priority or "P2")
    except ValueError:
        raise InvalidInput(f"action item {number}: its priority must be P0, P1 or P2") from None
    return ActionItem(it.text, it.owner, priority, it.due_on, it.status or "open")


def _preview(it: DraftView) -> list[tuple[str, Any]]:
    return [
        (section.title, html_of(it.sections[section.key]))
        for section in WRITTEN_SECTIONS
        if it.sections.get(section.key)
    ]


async def _editor(
    site: Site, request: Request, it: DraftView, notice: Notice | None = None, status: int = 200
) -> Response:
    known = await site.node.read(
        lambda queries: (queries.incident(it.incident), drafted(site.node, queries, it.incident))
    )
    incident, document = known
    blank = [r.DraftItem(priority=ActionItemPriority.P2, status="open")] * _BLANK_ITEMS
    return site.render(
        request,
        "postmortem.html",
        status=status,
        notice=notice,
        it=it,
        incident=incident,
        needed=JUDGEMENT_SECTIONS,
        sections=[(section, guidance(section).strip("_")) for section in WRITTEN_SECTIONS],
        items=[*it.action_items, *blank],
        priorities=list(ActionItemPriority),
        preview=_preview(it),
        document=html_of(without_marks(document.document)),
        told=None,
    )
