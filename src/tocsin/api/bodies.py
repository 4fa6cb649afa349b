"""What does a body say? JSON into a typed value and back; what is wrong is said with its place."""

from typing import TypeVar

import msgspec
from starlette.responses import Response

from tocsin.domain.forms import explain, read_value
from tocsin.errors import InvalidInput
from tocsin.sop.durations import Duration

T = TypeVar("T")


def decode_body(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`; raises InvalidInput naming the place, what was got and what would be right."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind, dec_hook=read_value)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error), _plain(body))) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("body: must be UTF-8 throughout") from error
    except RecursionError as error:
        raise InvalidInput("body: is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"body: must be JSON in UTF-8: {error}") from error


def _plain(body: bytes) -> object:
    """What a body that isn't of its kind says; None where it is no JSON behind the fault either."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _write(value: object) -> str:
    if isinstance(value, Duration):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def answer(value: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(msgspec.json.encode(value, enc_hook=_write), status, media_type="application/json")
