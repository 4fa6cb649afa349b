"""Where do the links in pages and channels lead? To the incident as plain text, behind the same token as the API.

A browser asks for it as a password (any user name). The cockpit with buttons is the command line's, `tocsin show`.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tocsin.api.auth import ADMIN, bearer_of, require
from tocsin.api.problems import Unauthorized
from tocsin.domain.checklist import checklist
from tocsin.domain.incident import Incident
from tocsin.domain.narrate import narrate
from tocsin.domain.react import summary
from tocsin.engine.node import Node
from tocsin.sop.model import Sop
from tocsin.store.queries import Queries


async def get_incident(node: Node, request: Request) -> Response:
    """The incident: its summary, the checklist, the timeline."""
    try:
        await require(node, bearer_of(request), ADMIN)
    except Unauthorized as error:
        return PlainTextResponse(f"{error}\n", 401, {"WWW-Authenticate": 'Basic realm="tocsin"'})
    text = await node.read(lambda queries: _text(node, queries, request.path_params["id"]))
    alarm = node.watch.alarms.line
    return PlainTextResponse(f"TOCSIN ITSELF IS IN TROUBLE: {alarm}\n\n{text}" if alarm else text)


def _text(node: Node, queries: Queries, id_: str) -> str:
    incident = queries.incident(id_)
    sop = node.desk.sops.of(incident.sop_version, queries)
    return "\n".join([summary(incident, sop), "", *_steps(incident, sop), "", *_events(queries, incident, sop)])


def _steps(incident: Incident, sop: Sop) -> list[str]:
    return [f"[{'x' if item.is_done else ' '}] {item.step}" for item in checklist(sop, incident) if item.is_needed]


def _events(queries: Queries, incident: Incident, sop: Sop) -> list[str]:
    timeline = queries.timeline(incident.id)
    return [f"{it.at:%Y-%m-%d %H:%M:%S} UTC  {it.actor:<10}  {narrate(it.event, sop)}" for it in timeline]
