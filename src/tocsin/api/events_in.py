"""How does what pages PagerDuty page Tocsin? By its Events API v2, at another address: `POST /v2/enqueue`.

Answers are PagerDuty's own (developer.pagerduty.com, "PagerDuty V2 Events API": 202, 400, 429, 5xx), for clients that
read them. 202 means: durable.
"""

from datetime import UTC, datetime
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import Principal
from tocsin.api.auth import require
from tocsin.api.bodies import answer
from tocsin.api.bounds.reading import read_body
from tocsin.api.operations import Handler
from tocsin.api.problems import RETRY_AFTER, Forbidden, Unauthorized, on_store, status_of
from tocsin.domain import commands as c
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.engine.reception import receive
from tocsin.errors import InvalidInput, Overloaded, Refused, StoreError, TocsinError, TooManyAttempts
from tocsin.integrations.forms import PAGERDUTY_EVENTS
from tocsin.integrations.pagerduty.events_in import (
    MAX_EVENT,
    EventAction,
    Unrecognized,
    alert_of,
    change_of,
    keep,
    read_change,
    read_event,
)
from tocsin.store.transaction import Transaction

_VIA = "pagerduty-events"
_UNKNOWN_KEY = "is not known, or was revoked, or has ended: `tocsin tokens add-routing-key` makes one"


def as_pagerduty(handler: Handler) -> Handler:
    """The handler, whose refusals are told as PagerDuty tells them."""

    async def told(node: Node, request: Request) -> Response:
        try:
            return await handler(node, request)
        except (Unauthorized, Forbidden) as error:
            return _refusal(400, "invalid event", f"routing_key: {error}")
        except Unrecognized as error:
            return _refusal(400, "Unrecognized object", str(error), message="Event object format is unrecognized")
        except InvalidInput as error:
            return _refusal(400, "invalid event", str(error))
        except TooManyAttempts as error:
            return _refusal(429, "throttle exceeded", str(error), str(error.seconds))
        except Overloaded as error:
            return _refusal(429, "throttle exceeded", str(error), RETRY_AFTER)
        except StoreError as error:
            await on_store(request, error)
            return _refusal(503, "internal error", "the database can't be used now", RETRY_AFTER)
        except TocsinError as error:
            return _refusal(status_of(error), "invalid event", str(error))

    return told


async def enqueue(node: Node, request: Request) -> Response:
    """Trigger, acknowledge or resolve an alert."""
    body = await read_body(request, MAX_EVENT)
    event = read_event(body)
    principal = await _sender(node, request, event.routing_key)
    dedup_key = event.dedup_key or uuid4().hex
    if event.event_action is EventAction.ACKNOWLEDGE:
        await _acknowledge(node, dedup_key, principal)
    else:
        received_at = node.clock.now().astimezone(UTC)
        await receive(node, PAGERDUTY_EVENTS, keep(body, event, dedup_key, principal.name, received_at))
    return answer({"status": "success", "message": "Event processed", "dedup_key": dedup_key}, 202)


async def enqueue_change(node: Node, request: Request) -> Response:
    """Remember a change: it is shown beside the incidents of its service, and wakes nobody."""
    body = await read_body(request, MAX_EVENT)
    event = read_change(body)
    principal = await _sender(node, request, event.routing_key)
    sop = node.sop

    def work(tx: Transaction, now: datetime) -> None:
        tx.changes.add(change_of(event, principal.name, sop.alerts, sop.services, now))

    await node.write(work)
    return answer({"status": "success", "message": "Change event processed"}, 202)


async def _sender(node: Node, request: Request, routing_key: str) -> Principal:
    """Whose routing key it is; it must open the doors for alerts and nothing else, as it stands in many a file."""
    principal = await require(node, request, routing_key, Permission.INTAKE, _UNKNOWN_KEY)
    if principal.permissions != {Permission.INTAKE}:
        raise Forbidden(f"{principal.name!r} opens more than the doors for alerts; make a key for this alone")
    return principal


async def _acknowledge(node: Node, dedup_key: str, principal: Principal) -> None:
    """Somebody responds, says the tool that watches. What isn't open, or is acknowledged already, stays as it is."""
    alert = alert_of(principal.name, dedup_key)
    incident = await node.read(lambda queries: queries.open_incident_of(alert))
    if incident is None:
        return
    try:
        await node.change(incident, c.Acknowledge(), Actor(principal.actor, _VIA, key=principal.key))
    except Refused:
        return


def _refusal(status: int, short: str, error: str, retry_after: str = "", *, message: str = "") -> Response:
    message = message or ("Event object is invalid" if status < 429 else "Try again later")
    told = answer({"status": short, "message": message, "errors": [error]}, status)
    if retry_after:
        told.headers["Retry-After"] = retry_after
    return told
