"""What crosses the wire? Requests out, replies in, and the verdict on a reply; plain values, no I/O."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct, field

from tocsin.domain.commands import Receipt


class Request(Struct, frozen=True):
    """An HTTP request to a provider."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Reply(Struct, frozen=True):
    """What came back; header names in lower case, `body` cut at the sender's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Done(Struct, frozen=True):
    """The provider took it, by a positive answer that was parsed."""

    receipts: tuple[Receipt, ...] = ()


class Again(Struct, frozen=True):
    """It may work later: not before `after` has passed, when the provider said so."""

    reason: str
    after: timedelta | None = None


class Never(Struct, frozen=True):
    """It will not work, for the provider's documented reason."""

    reason: str
    receipts: tuple[Receipt, ...] = ()


class Then(Struct, frozen=True):
    """It takes a further request, to be sent now."""

    request: Request


Verdict = Done | Again | Never | Then
