"""What would PagerDuty answer? Its Events API v2 as documented, with the alerts that the events make.

Sources: developer.pagerduty.com/docs/events-api-v2/overview and …/trigger-events, read for this file alone.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tocsin.simulate.sandbox.pagerduty_desk import SandboxDesk
from tocsin.simulate.sandbox.pagerduty_rest import SandboxRest
from tocsin.simulate.sandbox.recording import RecordedRequest, Response, json_response

_SEVERITIES = ("critical", "error", "warning", "info")
_ACTIONS = ("trigger", "acknowledge", "resolve")
_BODY_LIMIT = 524_288

JsonObject = dict[str, object]


class PagerDutyStatus(StrEnum):
    """Where an alert stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PagerDutyAlert(Struct, frozen=True):
    """The newest alert of a deduplication key: `opened` counts the alerts of that key, `triggers` this one's events."""

    routing_key: str
    status: PagerDutyStatus
    summary: str
    severity: str
    triggers: int = 1
    opened: int = 1


def _now() -> datetime:
    return datetime.now(UTC)


class SandboxPagerDuty:
    """PagerDuty: `alerts` by deduplication key, in the order in which the keys first came.

    `desk` has the incidents that the events made, and what people do to them in the app; `rest` is its REST API.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self.alerts: dict[str, PagerDutyAlert] = {}
        self.desk = SandboxDesk(clock)
        self.rest = SandboxRest(self.desk)
        self._named = 0

    def answer(self, request: RecordedRequest) -> Response:
        """202, 400 with every fault found, or what HTTP says of a request that no event can be read from."""
        if request.method != "POST":
            return json_response(405, {"status": "method not allowed", "message": "POST an event"})
        if len(request.body) > _BODY_LIMIT:
            return json_response(413, {"status": "payload too large", "message": "events are limited to 512 KB"})
        event = _object_in(request)
        if event is None:
            message = "Event object format is unrecognized"
            return _invalid("Unrecognized object", message, ["JSON parse error"])
        faults = faults_in(event)
        if faults:
            return _invalid("invalid event", "Event object is invalid", faults)
        key = self._apply(event)
        return json_response(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _apply(self, event: JsonObject) -> str:
        key, routing_key = str(event.get("dedup_key") or self._new_key()), str(event["routing_key"])
        known, client = self.alerts.get(key), str(event.get("client", ""))
        if event["event_action"] == "trigger":
            alert = _triggered(known, event)
            if known is None or alert.opened > known.opened:
                self.desk.opened(key, alert.summary, client)
            self.alerts[key] = alert  # who sees it in another thread finds its incident
        # "Subsequent acknowledge or resolve events sent via a different `routing_key` … will be dropped", and so are
        # those for an alert that is resolved already.
        elif known and known.routing_key == routing_key and known.status is not PagerDutyStatus.RESOLVED:
            is_end = event["event_action"] == "resolve"
            status = PagerDutyStatus.RESOLVED if is_end else PagerDutyStatus.ACKNOWLEDGED
            self.desk.changed(key, status, client)
            self.alerts[key] = msgspec.structs.replace(known, status=status)
        return key

    def _new_key(self) -> str:
        self._named += 1
        return f"{self._named:032x}"


def _triggered(known: PagerDutyAlert | None, event: JsonObject) -> PagerDutyAlert:
    """The alert after a trigger: a new one where none is open under the key, else the open one with an entry more."""
    routing_key, payload = str(event["routing_key"]), event["payload"]
    if known and known.routing_key == routing_key and known.status is not PagerDutyStatus.RESOLVED:
        return msgspec.structs.replace(known, triggers=known.triggers + 1)
    return PagerDutyAlert(
        routing_key=routing_key,
        status=PagerDutyStatus.TRIGGERED,
        summary=str(payload["summary"]) if isinstance(payload, dict) else "",
        severity=str(payload["severity"]) if isinstance(payload, dict) else "",
        opened=known.opened + 1 if known else 1,
    )


def faults_in(event: JsonObject) -> list[str]:
    """Everything that the documentation forbids in the event, in PagerDuty's manner of speaking."""
    faults = _text_faults(event, "routing_key", is_required=True)
    key, action = event.get("routing_key"), event.get("event_action")
    if isinstance(key, str) and len(key) != 32:
        faults.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if action not in _ACTIONS:
        faults.append("'event_action' is invalid (should be one of: trigger, acknowledge, resolve)")
    faults += _text_faults(event, "dedup_key", is_required=action in ("acknowledge", "resolve"), longest=255)
    if action == "trigger":
        faults += (
            _text_faults(event, "client") + _url_faults(event, "client_url") + _payload_faults(event.get("payload"))
        )
        faults += _list_faults(event, "links", "href") + _list_faults(event, "images", "src")
    return faults


def _payload_faults(payload: object) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or not an object"]
    faults = _text_faults(payload, "summary", is_required=True, longest=1024)
    faults += _text_faults(payload, "source", is_required=True)
    if payload.get("severity") not in _SEVERITIES:
        faults.append("'severity' is invalid (should be one of: critical, error, warning, info)")
    for name in ("component", "group", "class"):
        faults += _text_faults(payload, name)
    if not isinstance(payload.get("custom_details", {}), dict):
        faults.append("'custom_details' is not an object")
    return faults + _time_faults(payload)


def _text_faults(values: JsonObject, name: str, *, is_required: bool = False, longest: int | None = None) -> list[str]:
    if name not in values:
        return [f"'{name}' is missing or blank"] if is_required else []
    value = values[name]
    if not isinstance(value, str):
        return [f"'{name}' is not a string"]
    if is_required and not value.strip():
        return [f"'{name}' is missing or blank"]
    if longest is not None and len(value) > longest:
        return [f"Length of '{name}' is incorrect (should be at most {longest} characters)"]
    return []


def _url_faults(values: JsonObject, name: str, *, is_required: bool = False) -> list[str]:
    faults = _text_faults(values, name, is_required=is_required)
    if faults or name not in values:
        return faults
    parts = urlsplit(str(values[name]))
    return [] if parts.scheme in ("http", "https") and parts.netloc else [f"'{name}' is not a URL"]


def _list_faults(event: JsonObject, name: str, address: str) -> list[str]:
    """`links` and `images`: objects with an address, and text beside it."""
    listed = event.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return [f"'{name}' is not an array of objects"]
    faults = []
    for one in listed:
        faults += _url_faults(one, address, is_required=True)
        for text in {"href", "text", "alt"} - {address}:
            faults += _text_faults(one, text)
    return faults


def _time_faults(payload: JsonObject) -> list[str]:
    faults = _text_faults(payload, "timestamp")
    if faults or "timestamp" not in payload:
        return faults
    try:
        datetime.fromisoformat(str(payload["timestamp"]))
    except ValueError:
        return ["'timestamp' is not an ISO 8601 date"]
    return []


def _object_in(request: RecordedRequest) -> JsonObject | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        event = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _invalid(status: str, message: str, errors: list[str]) -> Response:
    return json_response(400, {"status": status, "message": message, "errors": errors})
