"""How is a postmortem read and written over the API? As a Markdown document, or as its sections."""

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api import requests as r
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of, show
from tocsin.domain import commands as c
from tocsin.domain.incident import Postmortem
from tocsin.domain.text import clean_line
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput
from tocsin.insight.postmortem import AlertFact, draft, parse
from tocsin.store.queries import Queries
from tocsin.store.rows import StoredAlert


class PostmortemView(Struct, frozen=True):
    """The whole document as Markdown, and what people wrote of it."""

    document: str
    written: Postmortem


async def get_postmortem(node: Node, request: Request) -> Response:
    """The postmortem, drafted from the record at this moment."""
    return answer(await node.read(lambda queries: drafted(node, queries, request.path_params["id"])))


def drafted(node: Node, queries: Queries, id_: str) -> PostmortemView:
    """The postmortem of an incident, drafted from the record; raises NotFound."""
    incident = queries.incident(id_)
    alerts = [_fact(alert) for alert in queries.alerts(incident=incident.id)]
    sop = node.desk.sops.of(incident.sop_version, queries)
    document = draft(incident, queries.timeline(incident.id), sop, alerts, node.clock.now())
    return PostmortemView(document, incident.postmortem)


def _fact(alert: StoredAlert) -> AlertFact:
    return AlertFact(
        name=clean_line(alert.labels.get("alertname", "")),
        status=alert.status,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        labels={clean_line(name): clean_line(value) for name, value in alert.labels.items()},  # a document for people
        received=alert.received,
    )


async def save_document(node: Node, request: Request) -> Response:
    """Keep what people wrote in the document; the parts known from the record are not taken from it."""
    body = decode_body(await read_body(request), r.DocumentBody)
    actor = actor_of(node, request, body.by)
    written = parse(body.document)
    incident = await node.read(lambda queries: queries.incident(request.path_params["id"]))
    if incident.id not in body.document.partition("\n## ")[0]:
        raise InvalidInput(f"document: its title must name {incident.id}; this is another incident's postmortem")
    command = c.SavePostmortem(sections=written.sections, action_items=written.action_items)
    return answer(await show(node, await node.save_postmortem(incident.id, command, actor)))
