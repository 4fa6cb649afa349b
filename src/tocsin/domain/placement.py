"""Where does an alert belong? Routing by matchers to a service, a provisional severity and a grouping key."""

import hashlib
from functools import lru_cache

from msgspec import Struct

from tocsin.domain.alert import Alert
from tocsin.sop.matchers import parse_matcher
from tocsin.sop.model import HEARTBEAT_MISSED, Route, Sop
from tocsin.sop.words import Severity, Trigger

_NO_ROUTE = Route(match=())
_LONGEST_KEY = 500  # an index holds it; labels may be longer
_REMEMBERED = 10_000


class Placement(Struct, frozen=True):
    """What the SOP says of an alert. Alerts with equal `group_key` share an incident while it is open."""

    service: str
    severity: Severity | None
    trigger: Trigger
    page: bool
    group_key: str


class Placer:
    """Places alerts by one SOP, and remembers: the alerts of a storm differ in labels that no route asks for."""

    def __init__(self, sop: Sop) -> None:
        names = _names_asked_for(sop)

        @lru_cache(_REMEMBERED)
        def placed(values: tuple[str | None, ...]) -> Placement:
            return _place(sop, {name: value for name, value in zip(names, values, strict=True) if value is not None})

        self._names = names
        self._placed = placed

    def place(self, alert: Alert) -> Placement:
        """The service, provisional severity and group of `alert`: the first route whose matchers all match decides."""
        return self._placed(tuple(map(alert.labels.get, self._names)))


def _names_asked_for(sop: Sop) -> tuple[str, ...]:
    """The labels that decide where an alert belongs."""
    names = {"alertname", "heartbeat", sop.alerts.service_label, *sop.alerts.group_by}
    for route in sop.routes:
        names.update(parse_matcher(text).name for text in route.match)
        names.update(route.group_by or ())
    return tuple(sorted(names))


def _place(sop: Sop, labels: dict[str, str]) -> Placement:
    route = _heartbeat_route(sop, labels) or next((it for it in sop.routes if _matches(it, labels)), _NO_ROUTE)
    service = route.service or _labelled_service(sop, labels) or sop.alerts.default_service
    group_by = sop.alerts.group_by if route.group_by is None else route.group_by
    values = ",".join(f"{name}={labels.get(name, '')!r}" for name in group_by)
    return Placement(
        service=service,
        severity=route.severity,
        trigger=route.trigger,
        page=route.page,
        group_key=_key(f"{service}{{{values}}}"),
    )


def _heartbeat_route(sop: Sop, labels: dict[str, str]) -> Route | None:
    """What the SOP says of a job that doesn't call: each has an incident of its own."""
    if labels.get("alertname") != HEARTBEAT_MISSED:
        return None
    found = (
        Route(match=(), service=it.service, severity=it.severity, page=it.page, group_by=("alertname", "heartbeat"))
        for it in sop.heartbeats
        if it.name == labels.get("heartbeat")
    )
    return next(found, None)


def _key(text: str) -> str:
    """The text, or where it is too long its beginning and a digest of the whole."""
    if len(text.encode()) <= _LONGEST_KEY:
        return text
    return f"{text[:100]}… {hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def _matches(route: Route, labels: dict[str, str]) -> bool:
    return all(parse_matcher(text).matches(labels) for text in route.match)


def _labelled_service(sop: Sop, labels: dict[str, str]) -> str | None:
    service = labels.get(sop.alerts.service_label)
    return service if service in sop.services else None
