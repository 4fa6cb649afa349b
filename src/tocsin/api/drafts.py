"""How is a postmortem kept while somebody writes on it? The handlers of its draft: nothing of it is on record yet."""

from datetime import datetime

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api import requests as r
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of
from tocsin.domain.decisions.postmortem import MAX_ACTION_ITEMS, MAX_SECTION, WRITTEN_SECTIONS
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput
from tocsin.store.queries import Queries


class DraftView(Struct, frozen=True):
    """What is being written: as it was saved last; as it is on record where nobody has since (`saved_at` is None).

    Whoever saves the next one sends `version`.
    """

    incident: str
    version: int
    sections: dict[str, str]
    action_items: tuple[r.DraftItem, ...]
    saved_at: datetime | None
    saved_by: str | None


class _Content(Struct, frozen=True):
    sections: dict[str, str] = {}
    action_items: tuple[r.DraftItem, ...] = ()


_content_decoder = msgspec.json.Decoder(_Content)


async def get_draft(node: Node, request: Request) -> Response:
    """The draft of the postmortem."""
    return answer(await draft_now(node, request.path_params["id"]))


async def draft_now(node: Node, incident: str) -> DraftView:
    """The draft of an incident's postmortem; raises NotFound."""
    return await node.read(lambda queries: _draft(queries, incident))


def _draft(queries: Queries, id_: str) -> DraftView:
    incident = queries.incident(id_)
    draft = queries.desk.postmortem_draft(incident.id)
    if draft is not None and draft.content is not None:
        content = _content_decoder.decode(draft.content)
        return DraftView(id_, draft.version, content.sections, content.action_items, draft.saved_at, draft.saved_by)
    written = incident.postmortem
    items = tuple(
        r.DraftItem(it.text, it.owner, it.priority.value, it.due_on, it.status) for it in written.action_items
    )
    return DraftView(id_, draft.version if draft else 0, written.sections, items, None, None)


async def put_draft(node: Node, request: Request) -> Response:
    """Keep what is being written, half-finished as it may be; refused where somebody else has saved meanwhile."""
    body = decode_body(await read_body(request), r.DraftBody)
    actor = actor_of(node, request, body.by)
    return answer(await save_draft(node, request.path_params["id"], body, actor))


async def save_draft(node: Node, incident: str, body: r.DraftBody, actor: Actor) -> DraftView:
    """Keep the draft; raises NotFound, InvalidInput and Refused."""
    _refuse_faults(body)
    id_ = (await node.read(lambda queries: queries.incident(incident))).id
    text = msgspec.json.encode(_Content(body.sections, body.action_items)).decode()
    kept = await node.write(lambda tx, now: tx.drafts.save(id_, text, seen=body.version, by=actor.name, now=now))
    return DraftView(id_, kept.version, body.sections, body.action_items, kept.saved_at, kept.saved_by)


def _refuse_faults(body: r.DraftBody) -> None:
    known = {section.key for section in WRITTEN_SECTIONS}
    for name, text in body.sections.items():
        if name not in known:
            raise InvalidInput(f"sections: {name!r} is not one of {', '.join(sorted(known))}")
        if len(text) > MAX_SECTION:
            raise InvalidInput(f"sections.{name}: must be at most {MAX_SECTION} characters, got {len(text)}")
    if len(body.action_items) > MAX_ACTION_ITEMS:
        raise InvalidInput(f"action_items: must be at most {MAX_ACTION_ITEMS}, got {len(body.action_items)}")
