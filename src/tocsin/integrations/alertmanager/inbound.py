"""Which alerts does a request of Prometheus or Alertmanager bring? Body to alerts, all of them or none; no I/O.

Two forms: the list that `POST /api/v2/alerts` takes (github.com/prometheus/alertmanager, api/v2/openapi.yaml,
postableAlerts) and the webhook's version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config).
Fields that neither names are passed over, and of a key that comes twice the last counts, both as in Alertmanager.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field
from msgspec.json import Decoder

from tocsin.domain.alert import Alert, AlertStatus, fingerprint
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.integrations.alertmanager.decode import decode, in_words
from tocsin.integrations.wire import Single

MAX_ALERTS = 10_000
MAX_PAIRS = 100  # labels of one alert, and annotations
MAX_NAME = 256  # characters
MAX_LABEL_VALUE = 4_096  # bytes
MAX_ANNOTATION = 64 * 1024  # bytes
MAX_URL = 8_192  # characters
_REMEMBERED = 25_000  # sets of labels, of so many bytes at most
_REMEMBERED_BYTES = 1_024

T = TypeVar("T")
_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_Value = Annotated[str, Meta(max_length=MAX_LABEL_VALUE // 4)]  # characters, of four bytes at most
_Text = Annotated[str, Meta(max_length=MAX_ANNOTATION // 4)]
Instant = Annotated[datetime, Meta(tz=True)]


class _Fault(Exception):
    """What is wrong with one alert, told from its own place."""


class _Labels(Struct, frozen=True, gc=False):
    """The labels that say something, and their fingerprint."""

    pairs: dict[str, str]
    fingerprint: str


class _Sent(Struct, frozen=True, kw_only=True):
    """What is read in one way only of an alert, as both forms write it. Null means absent, as to Go."""

    starts_at: Instant | None = field(default=None, name="startsAt")
    ends_at: Instant | None = field(default=None, name="endsAt")
    generator_url: str | None = field(default=None, name="generatorURL")

    def has_resolved(self, ends_at: datetime | None, now: datetime) -> bool:
        """Whether it is over, by its end."""
        return ends_at is not None and ends_at <= now

    def read_labels(self) -> _Labels:
        """Its labels; raises _Fault."""
        raise NotImplementedError

    def read_annotations(self) -> dict[str, str]:
        """Its annotations; raises _Fault."""
        raise NotImplementedError


class _Plain(_Sent, frozen=True, kw_only=True, gc=False):
    """An alert in whose labels and annotations there is nothing to look at by hand: nearly every one."""

    labels: Raw
    annotations: Annotated[dict[_Name, _Text], Meta(max_length=MAX_PAIRS)] | None = None

    def read_labels(self) -> _Labels:
        """Raises DecodeError where there is something to look at by hand."""
        text = bytes(self.labels)
        return _remembered(text) if len(text) <= _REMEMBERED_BYTES else _plain_labels(text)

    def read_annotations(self) -> dict[str, str]:
        """As they were decoded."""
        return self.annotations or {}


class _Posted(_Sent, frozen=True, kw_only=True):
    """An alert whose labels and annotations are checked by hand, to name the place of a fault."""

    labels: dict[str, object]
    annotations: dict[str, object] | None = None

    def read_labels(self) -> _Labels:
        """Raises _Fault that names the label."""
        return _telling(_pairs(self.labels, "labels", MAX_LABEL_VALUE))

    def read_annotations(self) -> dict[str, str]:
        """Raises _Fault that names the annotation."""
        return _pairs(self.annotations or {}, "annotations", MAX_ANNOTATION)


class _Notified(_Posted, frozen=True, kw_only=True):
    """An alert of a webhook, which has been judged already."""

    status: AlertStatus

    def has_resolved(self, ends_at: datetime | None, now: datetime) -> bool:
        """As its status says."""
        return self.status is AlertStatus.RESOLVED


class _Webhook(Struct, frozen=True):
    alerts: list[_Notified]


class _Labelled(Struct, frozen=True):
    labels: Raw


class _ApartWebhook(Struct, frozen=True):
    alerts: list[Raw]


_V2: Decoder[Sequence[_Posted]] = Decoder(list[_Posted])
_V2_PLAIN = Decoder(list[_Plain])
_PLAIN_LABELS = Decoder(Annotated[dict[_Name, _Value], Meta(min_length=1, max_length=MAX_PAIRS)])
_WEBHOOK = Decoder(_Webhook)
_V2_APART = Decoder(list[Raw])
_WEBHOOK_APART = Decoder(_ApartWebhook)
_LABELLED = Decoder(_Labelled)


def parse_v2(body: bytes, now: datetime) -> tuple[Alert, ...]:
    """The alerts of a POST to /api/v2/alerts, in their order; InvalidInput names the first fault's place.

    As Alertmanager's postAlertsHandler has it: an alert whose `endsAt` lies after `now` fires, at `now` or before it
    has resolved, and without an end, or with Go's zero time, it fires.
    """
    try:
        return _alerts(_V2_PLAIN.decode(body), now)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        posted = decode(_V2, body)
        return _alerts(posted, now)


def parse_webhook(body: bytes, now: datetime) -> tuple[Alert, ...]:
    """The alerts of a webhook call, in their order; each one's own `status` says whether it fires."""
    return _alerts(decode(_WEBHOOK, body).alerts, now)


def split_v2(body: bytes) -> list[Single]:
    """The body taken apart, one body an alert, in their order; InvalidInput where it has no alerts, or too many."""
    alerts = decode(_V2_APART, body)
    return [_single(raw, b"[%b]") for raw in _not_too_many(alerts)]


def split_webhook(body: bytes) -> list[Single]:
    """As `split_v2`, of a webhook's body."""
    return [_single(raw, b'{"alerts":[%b]}') for raw in _not_too_many(decode(_WEBHOOK_APART, body).alerts)]


def _single(raw: Raw, form: bytes) -> Single:
    alert = bytes(raw)
    try:
        # As Go writes them, sorted: the same alert sent again has the same bytes here, unlike in its times.
        identity = bytes(_LABELLED.decode(alert).labels)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        identity = alert
    return Single(identity=identity, body=form % alert)


def _alerts(posted: Sequence[_Sent], now: datetime) -> tuple[Alert, ...]:
    alerts: list[Alert] = []
    try:
        alerts.extend(_alert(one, now) for one in _not_too_many(posted))
    except _Fault as fault:
        raise InvalidInput(f"alerts[{len(alerts)}].{fault}") from None
    return tuple(alerts)


def _not_too_many(alerts: Sequence[T]) -> Sequence[T]:
    if len(alerts) > MAX_ALERTS:
        raise InvalidInput(f"alerts: must be at most {MAX_ALERTS:,} in one request, got {len(alerts):,}; send fewer")
    return alerts


def _alert(posted: _Sent, now: datetime) -> Alert:
    starts_at = _utc(posted.starts_at, "startsAt")
    ends_at = _utc(posted.ends_at, "endsAt")
    if starts_at and ends_at and ends_at < starts_at:  # Alertmanager: "start time must be before end time"
        raise _Fault(f"endsAt: must not be before startsAt, got {ends_at.isoformat()}")
    is_over = posted.has_resolved(ends_at, now)
    starts_at = starts_at or min(now, ends_at or now)
    labels = posted.read_labels()
    if not labels.pairs:
        raise _Fault("labels: must hold at least one label with a value")
    return Alert(
        labels.pairs,
        posted.read_annotations(),
        AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        starts_at,
        max(ends_at or now, starts_at) if is_over else None,
        clean_line(posted.generator_url or "", MAX_URL),
        labels.fingerprint,
    )


def _utc(instant: datetime | None, place: str) -> datetime | None:
    """The instant in UTC; None for Go's zero time, 0001-01-01T00:00:00Z, which means that there is none."""
    if instant is None or instant.year == 1:
        return None
    if instant.tzinfo is UTC:
        return instant
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise _Fault(f"{place}: must lie between the years 2 and 9999 in UTC, got {instant}") from None


def _plain_labels(text: bytes) -> _Labels:
    return _telling(_PLAIN_LABELS.decode(text))


# What fires is told of again and again, in the same bytes.
_remembered = lru_cache(_REMEMBERED)(_plain_labels)


def _telling(pairs: dict[str, str]) -> _Labels:
    """Those that say something: Alertmanager takes an empty value for no label (removeEmptyLabels)."""
    labels = pairs if all(pairs.values()) else {name: value for name, value in pairs.items() if value}
    return _Labels(labels, fingerprint(labels))


def _pairs(given: dict[str, object], place: str, max_bytes: int) -> dict[str, str]:
    if len(given) > MAX_PAIRS:
        raise _Fault(f"{place}: must be at most {MAX_PAIRS}, got {len(given)}")
    return {_name(name, place): _value(value, name, place, max_bytes) for name, value in given.items()}


def _name(name: str, place: str) -> str:
    if not name:
        raise _Fault(f"{place}: must not hold an empty name")
    if len(name) > MAX_NAME:
        raise _Fault(f"{place}: must hold names of at most {MAX_NAME} characters, got {in_words(name)}")
    return name


def _value(value: object, name: str, place: str, max_bytes: int) -> str:
    if not isinstance(value, str):
        raise _Fault(f"{place}.{in_words(name)}: must be text, got {in_words(value)}")
    # Only a text of a quarter of the limit can reach it, at 4 bytes a character.
    if len(value) > max_bytes // 4 and len(value.encode()) > max_bytes:
        raise _Fault(f"{place}.{in_words(name)}: must be at most {max_bytes:,} bytes, got more")
    return value
