"""What does `/api/v1` offer? One entry an operation; routing and the OpenAPI file are made from this table."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.permissions import Permission
from tocsin.api.incident_views import IncidentView
from tocsin.engine.node import Node

Handler = Callable[[Node, Request], Awaitable[Response]]

_MADE_ONCE = frozenset({"make_override", "make_silence"})


class Operation(Struct, frozen=True):
    """One operation: `body` and `answer` are the types of the JSON that goes in and comes out."""

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    answer: Any
    permission: Permission
    body: type | None = None
    status: int = 200
    parameters: tuple[tuple[str, str], ...] = ()  # query parameters: name and meaning

    @property
    def is_done_once(self) -> bool:
        """Whether an `Idempotency-Key` has it done once: it acts on an incident, or makes what would be there twice."""
        return self.method == "POST" and (self.answer is IncidentView or self.name in _MADE_ONCE)
