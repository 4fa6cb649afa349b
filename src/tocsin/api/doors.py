"""How do other products deliver alerts? The doors that speak Alertmanager's protocols, and the one for heartbeats.

200 means: durable.
"""

from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.permissions import Permission
from tocsin.api.auth import bearer_of, require, require_key
from tocsin.api.bodies import answer
from tocsin.api.bounds.reading import MAX_ALERTS_BODY, read_body
from tocsin.engine.node import Node
from tocsin.engine.reception import receive
from tocsin.errors import NotFound
from tocsin.integrations.forms import ALERTMANAGER_V2, ALERTMANAGER_WEBHOOK


async def post_alerts(node: Node, request: Request) -> Response:
    """Alertmanager's `POST /api/v2/alerts`: what Prometheus sends. 200 means: durable, and on its way to a person."""
    await require(node, request, bearer_of(request), Permission.INTAKE)
    await receive(node, ALERTMANAGER_V2, await read_body(request, MAX_ALERTS_BODY))
    return answer({})


async def heartbeat(node: Node, request: Request) -> Response:
    """A job says that it has run. 200 means: heard, durably."""
    await require_key(node, request, request.path_params["key"])
    await node.watch.heartbeats.call(request.path_params["name"])
    return answer({})


async def post_webhook(node: Node, request: Request) -> Response:
    """Alertmanager's webhook (version 4), with the key of the door in the path."""
    if request.path_params["source"] != "alertmanager":
        raise NotFound(f"source: {request.path_params['source']!r} is not one of alertmanager")
    await require_key(node, request, request.path_params["key"])
    await receive(node, ALERTMANAGER_WEBHOOK, await read_body(request, MAX_ALERTS_BODY))
    return answer({})
