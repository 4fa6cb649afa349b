"""How do other products speak to Tocsin? The doors for Alertmanager's alerts, PagerDuty's webhooks and heartbeats.

200 means: durable.
"""

from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.permissions import Permission
from tocsin.api.auth import bearer_of, require, require_key
from tocsin.api.bodies import answer
from tocsin.api.bounds.reading import MAX_ALERTS_BODY, read_body
from tocsin.api.operations import Handler
from tocsin.api.problems import Forbidden, Unauthorized
from tocsin.engine.node import Node
from tocsin.engine.reception import receive
from tocsin.errors import NotFound
from tocsin.integrations.forms import ALERTMANAGER_V2, ALERTMANAGER_WEBHOOK
from tocsin.integrations.pagerduty.inbound import MAX_WEBHOOK, SIGNATURE


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
    """The webhook of a product, with the key of the door in the path. 2xx means: durable."""
    source = request.path_params["source"]
    take = _WEBHOOKS.get(source)
    if take is None:
        raise NotFound(f"source: {source!r} is not one of {', '.join(_WEBHOOKS)}")
    await require_key(node, request, request.path_params["key"])
    return await take(node, request)


async def _from_alertmanager(node: Node, request: Request) -> Response:
    """Alertmanager's webhook, version 4."""
    await receive(node, ALERTMANAGER_WEBHOOK, await read_body(request, MAX_ALERTS_BODY))
    return answer({})


async def _from_pagerduty(node: Node, request: Request) -> Response:
    """PagerDuty's webhook, version 3: what was done to our pages there. Nothing is read that isn't signed."""
    if not node.pagerduty.secrets:
        raise Forbidden("no secret of PagerDuty's webhooks is set: set what [pagerduty] webhook_secrets names")
    body = await read_body(request, MAX_WEBHOOK)
    if not node.pagerduty.is_signed(body, request.headers.get(SIGNATURE, "")):
        node.gate.note_stranger(request.client.host if request.client else "")
        raise Unauthorized(
            f"{SIGNATURE}: must be made of this body with a secret that [pagerduty] webhook_secrets names"
        )
    await node.pagerduty.take(body)
    return answer({}, 202)


_WEBHOOKS: dict[str, Handler] = {"alertmanager": _from_alertmanager, "pagerduty": _from_pagerduty}
