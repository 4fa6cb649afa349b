"""Where was that written? The handler of `/api/v1/search`."""

from datetime import datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api.bodies import answer
from tocsin.api.parameters import number_of
from tocsin.domain.search import MAX_WORDS, Found, excerpt, words_of
from tocsin.engine.node import Node
from tocsin.errors import InvalidInput
from tocsin.sop.words import Severity

_MOST = 200


class HitView(Struct, frozen=True):
    """A text in which the words stand: `kind` is title, note, update or postmortem, `excerpt` a part of it."""

    incident: str
    title: str
    status: str
    severity: Severity | None
    kind: Found
    at: datetime
    by: str
    excerpt: str


async def get_found(node: Node, request: Request) -> Response:
    """Where all of the words stand, the newest first."""
    limit = number_of(request, "limit", default=50, most=_MOST)
    return answer(await search(node, request.query_params.get("q", ""), limit))


async def search(node: Node, query: str, limit: int) -> list[HitView]:
    """Where all words of the query stand, or begin a word: the newest first. Raises InvalidInput."""
    words = words_of(query)
    if not 1 <= len(words) <= MAX_WORDS:
        raise InvalidInput(f"q: must hold 1 to {MAX_WORDS} words, got {len(words)}")
    hits = await node.read(lambda queries: queries.desk.search(words, limit))
    return [
        HitView(
            incident=it.incident,
            title=it.title,
            status=it.status,
            severity=Severity(it.severity) if it.severity else None,
            kind=it.kind,
            at=it.at,
            by=it.actor,
            excerpt=excerpt(it.text, words),
        )
        for it in hits
    ]
