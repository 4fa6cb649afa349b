"""How do other products deliver alerts? The doors that speak Alertmanager's protocols.

Whether an alert still fires is judged by the wall clock, as its sender's times are: engine time may run ahead of it.
"""

from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.auth import ADMIN, INTAKE, bearer_of, require
from tocsin.api.bodies import answer
from tocsin.api.bounds.reading import MAX_ALERTS_BODY, read_body
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.errors import NotFound
from tocsin.integrations.alertmanager.inbound import parse_v2, parse_webhook

_MONITORING = Actor("monitoring", "alertmanager")


async def post_alerts(node: Node, request: Request) -> Response:
    """Alertmanager's `POST /api/v2/alerts`: what Prometheus sends. 200 means: durable, and on its way to a person."""
    await require(node, bearer_of(request), ADMIN, INTAKE)
    alerts = parse_v2(await read_body(request, MAX_ALERTS_BODY), node.clock.wall_now())
    await node.take_alerts(alerts, _MONITORING)
    return answer({})


async def post_webhook(node: Node, request: Request) -> Response:
    """Alertmanager's webhook (version 4), with the key of the door in the path."""
    if request.path_params["source"] != "alertmanager":
        raise NotFound(f"source: {request.path_params['source']!r} is not one of alertmanager")
    await require(node, request.path_params["key"], INTAKE)
    alerts = parse_webhook(await read_body(request, MAX_ALERTS_BODY), node.clock.wall_now())
    await node.take_alerts(alerts, _MONITORING)
    return answer({})
