"""Where does an alert belong? Routing by matchers to a service, a provisional severity and a grouping key."""

import hashlib

from msgspec import Struct

from tocsin.domain.alert import Alert
from tocsin.sop.matchers import parse_matcher
from tocsin.sop.model import HEARTBEAT_MISSED, Route, Sop
from tocsin.sop.words import Severity, Trigger

_NO_ROUTE = Route(match=())
_LONGEST_KEY = 500  # an index holds it; labels may be longer


class Placement(Struct, frozen=True):
    """What the SOP says of an alert. Alerts with equal `group_key` share an incident while it is open."""

    service: str
    severity: Severity | None
    trigger: Trigger
    page: bool
    group_key: str


def place(sop: Sop, alert: Alert) -> Placement:
    """The service, provisional severity and group of `alert`: the first route whose matchers all match decides."""
    route = _heartbeat_route(sop, alert) or next((it for it in sop.routes if _matches(it, alert.labels)), _NO_ROUTE)
    service = route.service or _labelled_service(sop, alert) or sop.alerts.default_service
    group_by = sop.alerts.group_by if route.group_by is None else route.group_by
    values = ",".join(f"{name}={alert.labels.get(name, '')!r}" for name in group_by)
    return Placement(
        service=service,
        severity=route.severity,
        trigger=route.trigger,
        page=route.page,
        group_key=_key(f"{service}{{{values}}}"),
    )


def _heartbeat_route(sop: Sop, alert: Alert) -> Route | None:
    """What the SOP says of a job that doesn't call: each has an incident of its own."""
    if alert.labels.get("alertname") != HEARTBEAT_MISSED:
        return None
    found = (
        Route(match=(), service=it.service, severity=it.severity, page=it.page, group_by=("alertname", "heartbeat"))
        for it in sop.heartbeats
        if it.name == alert.labels.get("heartbeat")
    )
    return next(found, None)


def _key(text: str) -> str:
    """The text, or where it is too long its beginning and a digest of the whole."""
    if len(text.encode()) <= _LONGEST_KEY:
        return text
    return f"{text[:100]}… {hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def _matches(route: Route, labels: dict[str, str]) -> bool:
    return all(parse_matcher(text).matches(labels) for text in route.match)


def _labelled_service(sop: Sop, alert: Alert) -> str | None:
    service = alert.labels.get(sop.alerts.service_label)
    return service if service in sop.services else None
