"""How do values become columns? JSON text for structs, microseconds since 1970 UTC for instants; and back."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from tocsin.domain.effects import AnyEffect
from tocsin.domain.events import AnyEvent
from tocsin.domain.incident import Incident
from tocsin.errors import StoreError
from tocsin.sop.durations import Duration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

T = TypeVar("T")


def _enc_hook(value: object) -> str:
    if isinstance(value, Duration):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no stored form")


def _dec_hook(kind: type, value: Any) -> Any:
    return Duration.parse(value) if kind is Duration else value


# Deterministic: equal states give equal text, so that `verify` can compare them.
_encoder = msgspec.json.Encoder(enc_hook=_enc_hook, order="deterministic")
_incident_decoder: msgspec.json.Decoder[Incident] = msgspec.json.Decoder(Incident, dec_hook=_dec_hook)
_event_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent, dec_hook=_dec_hook)
_effect_decoder: msgspec.json.Decoder[AnyEffect] = msgspec.json.Decoder(AnyEffect, dec_hook=_dec_hook)


def _read(decoder: msgspec.json.Decoder[T], text: str, what: str) -> T:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        message = f"a stored {what} can't be read: {error}; it is damaged, or a newer Tocsin has written it"
        raise StoreError(message) from error


def to_json(value: object) -> str:
    """The value's canonical JSON text."""
    return _encoder.encode(value).decode()


def incident_from(text: str) -> Incident:
    """The state that `to_json` wrote; StoreError where it can't be read."""
    return _read(_incident_decoder, text, "incident")


def event_from(text: str) -> AnyEvent:
    """The event that `to_json` wrote; StoreError where it can't be read."""
    return _read(_event_decoder, text, "event")


def effect_from(text: str) -> AnyEffect:
    """The effect that `to_json` wrote; StoreError where it can't be read."""
    return _read(_effect_decoder, text, "effect")


def known_effect(text: str) -> AnyEffect | None:
    """The effect that `to_json` wrote; None where this Tocsin can't read it: a newer one's, which is left to that."""
    try:
        return effect_from(text)
    except StoreError:
        return None


def to_column(at: datetime) -> int:
    """An aware instant as microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def from_column(micros: int) -> datetime:
    """The aware UTC instant of `to_column`."""
    return _EPOCH + micros * _MICROSECOND


def optional_to_column(at: datetime | None) -> int | None:
    """As `to_column`; None stays None."""
    return None if at is None else to_column(at)


def optional_from_column(micros: int | None) -> datetime | None:
    """As `from_column`; None stays None."""
    return None if micros is None else from_column(micros)
