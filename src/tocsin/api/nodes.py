"""Who serves this database? The nodes, as each tells of itself every few seconds."""

from datetime import datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.bodies import answer
from tocsin.engine.node import Node
from tocsin.store.rows import SeenMember


class NodeView(Struct, frozen=True):
    """A node; `silent_for` is how many seconds ago it was last heard of, by the database's clock."""

    id: str
    host: str
    url: str
    version: str
    up_since: datetime
    last_seen_at: datetime
    silent_for: float


async def get_nodes(node: Node, request: Request) -> Response:
    """The nodes, the oldest first; one that has ended in order is not among them."""
    found = await node.read(lambda queries: queries.nodes())
    return answer([_view(seen) for seen in found])


def _view(seen: SeenMember) -> NodeView:
    it = seen.member
    return NodeView(it.id, it.host, it.url, it.version, seen.started_at, seen.seen_at, round(seen.silent_for, 1))
