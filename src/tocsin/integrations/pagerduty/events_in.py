"""What does an event tell that was meant for PagerDuty? Events API v2, from the other side; no I/O.

Source: developer.pagerduty.com/api-reference, "PagerDuty V2 Events API" (`POST /v2/enqueue`). An alert is what
triggers, acknowledges and resolves under one `dedup_key` on one integration: all that makes two the same, whatever else
the events say. Events bear no order but that of their arrival, so the door notes when each came.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from tocsin.domain.alert import Alert, AlertStatus, fingerprint
from tocsin.domain.service_change import ServiceChange
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.integrations.alertmanager.decode import decode
from tocsin.integrations.wire import Single
from tocsin.sop.model import Alerts

MAX_EVENT = 512 * 1024  # bytes; "Size Limits": a request of at most 512 KB
_MAX_SUMMARY = 1_024  # characters
_MAX_DETAILS = 50
_MAX_LINKS = 20
_MAX_DETAIL = 8_192  # characters
_MAX_LABEL = 1_024

_Text = Annotated[str, Meta(min_length=1, max_length=_MAX_LABEL)]
_DedupKey = Annotated[str, Meta(min_length=1, max_length=255)]


class Unrecognized(InvalidInput):
    """The body is no JSON object, so it tells of no event."""

    code = "unrecognized_event"


class EventAction(StrEnum):
    """What an event does to its alert."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class EventSeverity(StrEnum):
    """How bad it looks to who sent it."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Link(Struct, frozen=True):
    """Something to look at."""

    href: str
    text: str | None = None


class Payload(Struct, frozen=True):
    """What is wrong, and where. `timestamp` is let be: only the order of arrival is one."""

    summary: Annotated[str, Meta(min_length=1)]
    source: _Text
    severity: EventSeverity
    component: str | None = None
    group: str | None = None
    class_: str | None = field(default=None, name="class")
    custom_details: Raw = Raw()


class Event(Struct, frozen=True, kw_only=True):
    """An event as it was sent."""

    routing_key: str
    event_action: EventAction
    dedup_key: _DedupKey | None = None
    payload: Payload | None = None
    client: str | None = None
    client_url: str | None = None
    links: tuple[Link, ...] | None = None


class ChangePayload(Struct, frozen=True):
    """What was changed."""

    summary: Annotated[str, Meta(min_length=1)]
    source: str | None = None
    custom_details: Raw = Raw()


class ChangeEvent(Struct, frozen=True, kw_only=True):
    """A change event: it opens nothing and wakes nobody (`POST /v2/change/enqueue`)."""

    routing_key: str
    payload: ChangePayload
    links: tuple[Link, ...] | None = None


class _Kept(Struct, frozen=True, kw_only=True):
    """An event as it is handed on: with the integration's name for its key, and when it came."""

    integration: str
    received_at: Annotated[datetime, Meta(tz=True)]
    event_action: EventAction
    dedup_key: _DedupKey
    payload: Payload | None = None
    client: str | None = None
    client_url: str | None = None
    links: tuple[Link, ...] | None = None


class _Rest(Struct, frozen=True):
    """What is handed on as it came."""

    payload: Raw | UnsetType = UNSET
    client: Raw | UnsetType = UNSET
    client_url: Raw | UnsetType = UNSET
    links: Raw | UnsetType = UNSET


_CHANGE = msgspec.json.Decoder(ChangeEvent)
_EVENT = msgspec.json.Decoder(Event)
_REST = msgspec.json.Decoder(_Rest)
_KEPT = msgspec.json.Decoder(_Kept)
_DETAILS = msgspec.json.Decoder(dict[str, Raw])
_TEXT = msgspec.json.Decoder(str)
_OBJECT = msgspec.json.Decoder(dict[str, Raw])


def read_event(body: bytes) -> Event:
    """The event in a body; InvalidInput names what is wrong with it, as the documented rules have it."""
    _refuse_unrecognized(body)
    event = decode(_EVENT, body)
    if event.event_action is EventAction.TRIGGER:
        if event.payload is None:
            raise InvalidInput("payload: must be there for a trigger, with summary, source and severity")
    elif event.dedup_key is None:
        raise InvalidInput(f"dedup_key: must be there to {event.event_action}")
    return event


def read_change(body: bytes) -> ChangeEvent:
    """The change event in a body; InvalidInput names what is wrong with it."""
    return decode(_CHANGE, body)


def change_of(
    event: ChangeEvent, integration: str, alerts: Alerts, services: Collection[str], at: datetime
) -> ServiceChange:
    """The change that an event tells of: to the service that it names, else to that for which the key is named."""
    details = _details(event.payload)
    names = (details.get(alerts.service_label, ""), integration)
    return ServiceChange(
        at=at,
        service=next((name for name in names if name in services), alerts.default_service),
        integration=integration,
        summary=clean_line(event.payload.summary, _MAX_SUMMARY),
        source=clean_line(event.payload.source or ""),
        link=event.links[0].href[:2_048] if event.links else "",
        details=details,
    )


def _refuse_unrecognized(body: bytes) -> None:
    try:
        _OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unrecognized("JSON parse error") from None


def keep(body: bytes, event: Event, dedup_key: str, integration: str, received_at: datetime) -> bytes:
    """The event as `parse` reads it. Its routing key is left out: it opens a door."""
    rest = {name: value for name, value in msgspec.structs.asdict(_REST.decode(body)).items() if value is not UNSET}
    told = {"integration": integration, "received_at": received_at, "event_action": event.event_action}
    return msgspec.json.encode(told | {"dedup_key": dedup_key} | rest)


def alert_of(integration: str, dedup_key: str) -> str:
    """The fingerprint of the alert that the events of a dedup key on an integration tell of."""
    return fingerprint({"integration": integration, "dedup_key": dedup_key})


def parse(body: bytes, _: datetime) -> tuple[Alert, ...]:
    """The alert that a kept event tells of: firing since it came, or over since then."""
    event = decode(_KEPT, body)
    is_over = event.event_action is EventAction.RESOLVE
    return (
        Alert(
            labels=_labels(event),
            annotations=_annotations(event),
            status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
            starts_at=event.received_at,
            ends_at=event.received_at if is_over else None,
            generator_url=clean_line(event.client_url or "", 2_048),
            fingerprint=alert_of(event.integration, event.dedup_key),
        ),
    )


def split(body: bytes) -> list[Single]:
    """One event is one alert."""
    return [Single(identity=body, body=body)]


def _labels(event: _Kept) -> dict[str, str]:
    """What routes and groups it. `alertname` is the dedup key, so that each has an incident of its own, as there.

    `service` is the integration's name: a key for each service, as there, unless the event itself names one.
    """
    labels = {"alertname": event.dedup_key, "integration": event.integration, "service": event.integration}
    payload = event.payload
    if payload is None:
        return labels
    told = {
        "severity": payload.severity.value,
        "source": payload.source,
        "component": payload.component,
        "group": payload.group,
        "class": payload.class_,
        "service": _details(payload).get("service"),
    }
    return labels | {name: clean_line(value, _MAX_LABEL) for name, value in told.items() if value}


def _annotations(event: _Kept) -> dict[str, str]:
    payload = event.payload
    if payload is None:
        return {}
    found = {name: text for name, text in _details(payload).items() if name != "summary"}
    found["summary"] = clean_line(payload.summary, _MAX_SUMMARY)
    if event.client:
        found["client"] = clean_line(event.client)
    for number, link in enumerate((event.links or ())[:_MAX_LINKS], start=1):
        found[f"link_{number}"] = f"{link.text}: {link.href}"[:_MAX_DETAIL] if link.text else link.href[:_MAX_DETAIL]
    return found


def _details(payload: Payload | ChangePayload) -> dict[str, str]:
    """The details by name, each as text; what is not an object is one detail."""
    given = bytes(payload.custom_details)
    if given in (b"", b"null"):
        return {}
    named = decode(_DETAILS, given) if given.startswith(b"{") else {"details": Raw(given)}
    pairs = list(named.items())[:_MAX_DETAILS]
    return {name[:256] or "detail": _as_text(bytes(value))[:_MAX_DETAIL] for name, value in pairs}


def _as_text(value: bytes) -> str:
    """A text as it reads, anything else as JSON."""
    return decode(_TEXT, value) if value.startswith(b'"') else value.decode()
