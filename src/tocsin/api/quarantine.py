"""What has a bug of ours kept out? The handlers of `/api/v1/quarantine`: look at it, try it again, forget it."""

import logging

from msgspec import Struct
from msgspec.structs import asdict
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.incidents import actor_of
from tocsin.api.parameters import id_of, number_of
from tocsin.domain import wishes as w
from tocsin.engine import reception
from tocsin.engine.desk import Actor
from tocsin.engine.node import Node
from tocsin.engine.record import deed_of
from tocsin.store.rows import Quarantined

logger = logging.getLogger(__name__)


class QuarantinedView(Quarantined, frozen=True, kw_only=True):
    """One of them; `body` is as it came, bytes that are no UTF-8 written as `\\xff`."""

    body: str


class Left(Struct, frozen=True):
    """What has left quarantine, and whether its alerts are in now, or forgotten."""

    id: int
    is_taken: bool


async def list_quarantine(node: Node, request: Request) -> Response:
    """What is kept, the last heard of first."""
    limit = number_of(request, "limit", default=100, most=1000)
    return answer(await node.read(lambda queries: queries.quarantined(limit=limit)))


async def get_quarantined(node: Node, request: Request) -> Response:
    """One of them, with its body."""
    id_ = id_of(request, "quarantine")
    kept, body = await node.read(lambda queries: queries.quarantined_one(id_))
    return answer(QuarantinedView(**asdict(kept), body=body.decode("utf-8", "backslashreplace")))


async def retry(node: Node, request: Request) -> Response:
    """Take it once more; it leaves quarantine when that succeeds."""
    id_, actor = await _asked(node, request)
    await reception.retry(node, id_, deed_of(actor, "quarantine.retry", str(id_)))
    logger.info("quarantine: %d was taken, %s asked for it", id_, actor.name)
    return answer(Left(id_, is_taken=True))


async def drop(node: Node, request: Request) -> Response:
    """Forget it."""
    id_, actor = await _asked(node, request)
    await node.drop_quarantined(id_, deed_of(actor, "quarantine.drop", str(id_)))
    logger.warning("quarantine: %d was dropped by %s", id_, actor.name)
    return answer(Left(id_, is_taken=False))


async def _asked(node: Node, request: Request) -> tuple[int, Actor]:
    body = decode_body(await read_body(request), w.PlainBody)
    actor = actor_of(node, request, body.by)
    return id_of(request, "quarantine"), actor
