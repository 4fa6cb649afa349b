"""Does Tocsin itself do its work? Health, readiness and figures for machines that ask without a token; its alarms."""

import asyncio
from datetime import datetime

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import may
from tocsin.api.auth import bearer_of
from tocsin.api.bodies import answer
from tocsin.engine.node import Node
from tocsin.engine.watch.alarms import Alarm
from tocsin.engine.watch.heartbeats import due_at
from tocsin.engine.watch.metrics import CONTENT_TYPE
from tocsin.errors import TocsinError

_PATIENCE_SECONDS = 2.0


class AlarmView(Struct, frozen=True):
    """One trouble of Tocsin's own; `id` is the same on every node."""

    id: str
    kind: str
    text: str
    since: datetime


class AlarmOutline(Struct, frozen=True):
    """One trouble as anybody may know it: what it is about names incidents."""

    kind: str
    since: datetime


class NodeLine(Struct, frozen=True):
    """A node, as it was heard of last; `silent_for` in seconds."""

    id: str
    version: str
    silent_for: float


class ReadinessView(Struct, frozen=True):
    """Whether the node does its work, and if not, why. Status 200 when it is ready, else 503.

    Without a token that may read, `why` names alarms by their kinds.
    """

    ready: bool
    why: tuple[str, ...]
    node: str
    nodes: tuple[NodeLine, ...]
    alarms: tuple[AlarmView | AlarmOutline, ...]


class HeartbeatView(Struct, frozen=True):
    """A job that must call by `due_at`; `last_at` is None before its first call."""

    name: str
    last_at: datetime | None
    due_at: datetime
    is_missed: bool


async def get_health(node: Node, request: Request) -> Response:
    """The process lives."""
    return PlainTextResponse("ok\n")


async def get_readiness(node: Node, request: Request) -> Response:
    """The node does its work: it can write, wakes incidents in time, delivers, and is audited."""
    knows = await _may_read(node, request)
    found = await node.watch.readiness()
    view = ReadinessView(
        ready=found.is_ready,
        why=found.why if knows else found.why_in_kinds,
        node=found.node,
        nodes=tuple(NodeLine(it.member.id, it.member.version, round(it.silent_for, 1)) for it in found.nodes),
        alarms=tuple(_view(it) if knows else AlarmOutline(it.kind, it.since) for it in found.alarms),
    )
    return answer(view, 200 if found.is_ready else 503)


async def _may_read(node: Node, request: Request) -> bool:
    """Whether they bring a token that may read; whoever can't be told from a stranger, in time, is one."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            guest = await node.gate.bearer(bearer_of(request))
    except (TocsinError, TimeoutError):
        return False  # the database may be what has failed
    return guest is not None and may(guest.principal, Permission.READ)


def _view(alarm: Alarm) -> AlarmView:
    return AlarmView(alarm.id, alarm.kind, alarm.text, alarm.since)


async def get_metrics(node: Node, request: Request) -> Response:
    """The figures, in Prometheus' text format."""
    return Response(await node.watch.metrics(), headers={"Content-Type": CONTENT_TYPE})


async def get_alarms(node: Node, request: Request) -> Response:
    """Tocsin's own troubles, those that may lose a page first."""
    return answer([_view(it) for it in node.watch.alarms.all])


async def get_heartbeats(node: Node, request: Request) -> Response:
    """The jobs that must call, by name."""
    expected = node.watch.heartbeats.expected
    known = await node.read(lambda queries: queries.monitors())
    views = [
        HeartbeatView(
            name=it.name,
            last_at=it.last_at if it.calls else None,
            due_at=due_at(expected[it.name], it),
            is_missed=it.missed_at is not None,
        )
        for it in known
        if it.name in expected
    ]
    return answer(views)
