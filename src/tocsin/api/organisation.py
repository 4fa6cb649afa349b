"""Who is on call, what is paged, what does the SOP say? The handlers of `/api/v1` beside incidents."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.api import requests as r
from tocsin.api.bodies import answer, decode_body
from tocsin.api.bounds.reading import read_body
from tocsin.api.parameters import instant_of, number_of
from tocsin.api.views import OnCallView, PageView, alert_view, on_call_view, page_view
from tocsin.domain.effects import SendPage
from tocsin.engine.node import Node
from tocsin.oncall.roster import who_is_on_call
from tocsin.sop.classify import classify
from tocsin.sop.words import Severity
from tocsin.store.changes import KEPT_FOR
from tocsin.store.overrides import plain
from tocsin.store.queries import Queries
from tocsin.store.rows import OutboxRow

_MOST_PAGES = 1000
_LONGEST_SHIFT = timedelta(weeks=2 * 53)  # and the one after it


class Classified(Struct, frozen=True):
    """A severity, the reason for it, and the number of the rule that gave it."""

    severity: Severity
    reason: str
    rule: int | None


class SopVersion(Struct, frozen=True):
    """The SOP that runs: its version and the whole of it."""

    version: str
    sop: msgspec.Raw


async def get_oncall(node: Node, request: Request) -> Response:
    """Who is on call in every team, now or at another time."""
    at = instant_of(request, "at", node.clock.now())
    return answer(await on_call(node, at))


async def on_call(node: Node, at: datetime) -> list[OnCallView]:
    """Who is on call in every team at `at`, by team."""
    return await node.read(lambda queries: on_call_in(node, queries, at))


def on_call_in(node: Node, queries: Queries, at: datetime) -> list[OnCallView]:
    """The same, where somebody reads already."""
    known = plain(queries.desk.overrides(at, at + _LONGEST_SHIFT))
    return [on_call_view(it, node.sop) for it in who_is_on_call(node.sop, at, known)]


async def get_inbox(node: Node, request: Request) -> Response:
    """The pages and notifications to people, the newest first; `person` keeps those to one."""
    limit = number_of(request, "limit", default=100, most=_MOST_PAGES)
    return answer(await pages_to(node, request.query_params.get("person"), limit))


async def pages_to(node: Node, person: str | None, limit: int) -> list[PageView]:
    """The pages and notifications to a person, or to everybody, the newest first."""
    return _views_of(node, await node.read(lambda queries: queries.outbox.pages(limit, person)))


async def unanswered_pages_to(node: Node, person: str) -> list[PageView]:
    """The pages to a person that nobody has answered, the newest first; some of them where there are very many."""
    return _views_of(node, await node.read(lambda queries: queries.outbox.unanswered_pages(person)))


def _views_of(node: Node, found: list[OutboxRow]) -> list[PageView]:
    """The pages, without those that only a newer Tocsin can read."""
    rows = [(row, row.effect) for row in found]
    return [page_view(row, effect, node.sop) for row, effect in rows if isinstance(effect, SendPage)]


async def get_alerts(node: Node, request: Request) -> Response:
    """The alerts seen last, whichever incident they belong to."""
    limit = number_of(request, "limit", default=100, most=5000)
    found = await node.read(lambda queries: queries.alerts(limit=limit))
    return answer([alert_view(alert) for alert in found])


async def get_changes(node: Node, request: Request) -> Response:
    """What people changed in the last 90 days, of a service or of all, the newest first."""
    limit = number_of(request, "limit", default=100, most=1000)
    service, since = request.query_params.get("service"), node.clock.now() - KEPT_FOR
    return answer(await node.read(lambda queries: queries.desk.changes(since=since, limit=limit, service=service)))


async def classify_answers(node: Node, request: Request) -> Response:
    """The severity that the SOP's rules give for these answers, and why."""
    verdict = classify(node.sop, decode_body(await read_body(request), r.ClassifyBody).answers)
    return answer(Classified(verdict.severity, verdict.reason, verdict.rule))


async def get_sop(node: Node, request: Request) -> Response:
    """The SOP that runs."""
    sops = node.desk.sops
    return answer(SopVersion(sops.version, msgspec.Raw(sops.content.encode())))
