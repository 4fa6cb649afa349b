"""What comes over Socket Mode? Envelopes to what is heard, and the answers that go back in them; no I/O.

Source: docs.slack.dev/apis/events-api/using-socket-mode ("socket" below).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tocsin.errors import InvalidInput, Unreachable
from tocsin.integrations.slack.inbound import payloads


class Kind(StrEnum):
    """What an envelope is for; any other is acknowledged and passed over."""

    HELLO = "hello"  # the connection works
    DISCONNECT = "disconnect"  # it will be closed: another one is to be opened
    SLASH = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class Envelope(Struct, frozen=True):
    """One message of Slack's; without an id it takes no answer."""

    type: str
    envelope_id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")
    accepts_response_payload: bool = False
    reason: str = ""  # of a disconnect


class _Opened(Struct, frozen=True):
    url: str = ""


def envelope(frame: str | bytes) -> Envelope:
    """The envelope; raises InvalidInput for what is none."""
    try:
        return msgspec.json.decode(frame, type=Envelope)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"Socket Mode: a frame is none that Slack documents: {error}") from error


def heard_in(it: Envelope) -> payloads.Heard | None:
    """What the envelope brings; None where it is of no use here. Raises InvalidInput."""
    body = bytes(it.payload)
    match it.type:
        case Kind.SLASH:
            return payloads.slash_command(_fields(body))
        case Kind.INTERACTIVE:
            return payloads.interaction(body)
        case Kind.EVENT:
            return payloads.event(body)
    return None


def acknowledgement(it: Envelope, payload: Mapping[str, object] | None) -> str:
    """The answer: taken, with what is to be said where the envelope has room for it."""
    told: dict[str, object] = {"envelope_id": it.envelope_id}
    if payload and it.accepts_response_payload:
        told["payload"] = payload
    return msgspec.json.encode(told).decode()


def address_in(answer: bytes, stand_in: str) -> str:
    """Where the connection goes, by the answer of apps.connections.open; raises Unreachable for any other place.

    `stand_in` is the host and port of a stand-in on this machine, or empty.
    """
    try:
        url = msgspec.json.decode(answer, type=_Opened).url
    except ValueError:
        url = ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_slacks = parts.scheme == "wss" and (host == "slack.com" or host.endswith(".slack.com"))
    if not is_slacks and not (stand_in and parts.scheme == "ws" and host == stand_in):
        raise Unreachable("apps.connections.open: names no address of Slack's")
    return url


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"Socket Mode: a command is none that Slack documents: {error}") from error
    return {name: value for name, value in fields.items() if isinstance(value, str)}
