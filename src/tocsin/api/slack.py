"""How does Slack call? Three doors for what its app tells, signed; answered once what is asked for is durable."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tocsin.api.bodies import answer
from tocsin.api.bounds.reading import read_body
from tocsin.api.bounds.shape import refuse_harmful
from tocsin.api.guard import Public, door
from tocsin.api.operations import Handler
from tocsin.api.problems import Forbidden, Unauthorized
from tocsin.engine.node import Node
from tocsin.engine.slack.way_in import Foreign
from tocsin.errors import InvalidInput, NotFound
from tocsin.integrations.slack.inbound import payloads
from tocsin.integrations.slack.inbound.signature import fault_in

MAX_BODY = 512 * 1024  # bytes: a dialog with all that it may hold is 250 KB
_MAX_FIELDS = 64

Read = Callable[[bytes], payloads.Heard | None]


def routes(node: Node) -> list[BaseRoute]:
    """The doors; their addresses stand in the app's manifest."""
    reads: dict[str, Read] = {"commands": _command, "interactions": _interaction, "events": payloads.event}
    return [
        door(node, f"/slack/{name}", _door(read), methods=["POST"], takes=Public.SIGNED) for name, read in reads.items()
    ]


def _door(read: Read) -> Handler:
    async def handler(node: Node, request: Request) -> Response:
        body = await _believed(node, request)
        heard = read(body)
        try:
            payload = await node.slack.way_in.hear(heard) if heard and node.slack else None
        except Foreign as error:
            raise Forbidden(str(error)) from error
        return Response(status_code=200) if payload is None else answer(payload)

    return handler


async def _believed(node: Node, request: Request) -> bytes:
    """The body, if it is Slack's; raises NotFound, Unauthorized and what a body's bounds raise.

    A wrong signature isn't counted against its sender's address: behind a proxy that may be everybody's, Slack's too.
    """
    secret = node.slack.setup.signing_secret if node.slack else ""
    if not secret:
        raise NotFound("slack: is not set up to call; see team, app and signing_secret in docs/integrations/slack.md")
    body = await read_body(request, MAX_BODY)
    fault = fault_in(
        secret,
        timestamp=request.headers.get("x-slack-request-timestamp", ""),
        signature=request.headers.get("x-slack-signature", ""),
        body=body,
        now=node.clock.real_now().timestamp(),
    )
    if fault is not None:
        raise Unauthorized(fault)
    return body


def _command(body: bytes) -> payloads.Heard | None:
    return payloads.slash_command(_fields(body))


def _interaction(body: bytes) -> payloads.Heard | None:
    payload = _fields(body).get("payload", "").encode()
    refuse_harmful(payload)
    return payloads.interaction(payload)


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError as error:
        raise InvalidInput(f"body: must be URL-encoded UTF-8 of at most {_MAX_FIELDS} fields") from error
