"""What does a request ask for in its path and query? Numbers, instants, ids; a fault names the parameter."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from tocsin.errors import InvalidInput, NotFound

_YEARS = range(1970, 2200)  # far enough: who is on call can't be told at the ends of the calendar
_LONGEST_ID = 18  # digits that a column holds


def number_of(request: Request, name: str, *, default: int, most: int) -> int:
    """A query parameter that is a whole number from 0 to `most`."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= most):
        raise InvalidInput(f"{name}: must be a whole number from 0 to {most}, got {text!r}")
    return int(text)


def instant_of(request: Request, name: str, default: datetime) -> datetime:
    """A query parameter that is an RFC 3339 time; UTC where it names no zone."""
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{name}: must be a time such as 2026-11-24T03:00:00Z, got {text!r}") from error
    if at.year not in _YEARS:
        raise InvalidInput(f"{name}: must lie in the years {_YEARS[0]} to {_YEARS[-1]}, got {text!r}")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def end_of(starts_at: datetime, ends_at: datetime | None, lasts: timedelta | None) -> datetime:
    """The end of a span of which either is given: when it ends, or how long it lasts."""
    if ends_at is None and lasts is None:
        raise InvalidInput("ends_at: must say when it ends, or `lasts` how long it lasts, such as 8h")
    if ends_at is not None and lasts is not None:
        raise InvalidInput("ends_at: must not be given beside `lasts`: one of them says when it ends")
    try:
        return ends_at or starts_at + (lasts or timedelta())
    except OverflowError as error:
        raise InvalidInput("lasts: must end in this calendar") from error


def id_of(request: Request, what: str) -> int:
    """The number in the path; raises NotFound where it can't be that of any `what`."""
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        raise NotFound(f"{what}: there is no {text!r}")
    return int(text)
