"""How does the API say what went wrong? Problem details (RFC 9457): a stable `code`, and a sentence with the remedy."""

import logging
import secrets

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from tocsin.errors import (
    InvalidInput,
    NotFound,
    NotSignedIn,
    Overloaded,
    Refused,
    StoreError,
    TocsinError,
    TooManyAttempts,
)

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER = "2"  # seconds

# Refusals for what the request itself says, not for the state the incident is in.
UNPROCESSABLE = frozenset(
    {
        "invalid_action_item",
        "invalid_declaration",
        "invalid_note",
        "invalid_update",
        "next_update_too_late",
        "nobody_to_page",
        "postmortem_too_long",
        "reason_missing",
        "unknown_person",
        "unknown_section",
        "unknown_team",
    }
)
_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Not possible now",
    413: "Too large",
    415: "Not an encoding that is read",
    422: "Not acceptable as it is",
    429: "Too often",
    431: "Too large",
    500: "Internal fault",
    503: "Try again",
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem details object; `type` names the code as a URN, `instance` the path that was asked for."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str = ""


class Unauthorized(TocsinError):
    """No token, or none that is known; the answer doesn't tell which."""

    code = "unauthorized"


class Forbidden(TocsinError):
    """A known token that may not do this."""

    code = "forbidden"


class TooLarge(TocsinError):
    """The body is larger than the limit."""

    code = "too_large"


class TooSlow(TocsinError):
    """The client has not sent its request in time."""

    code = "too_slow"


class UnsupportedEncoding(TocsinError):
    """The body is compressed in a way that we don't read."""

    code = "unsupported_encoding"


def problem(request: Request, status: int, code: str, detail: str) -> Response:
    """The response that tells of a problem."""
    told = body_of_problem(status, code, detail, request.url.path)
    headers = {"Retry-After": RETRY_AFTER} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tocsin"'
    return Response(told, status, headers, media_type=PROBLEM_TYPE)


def body_of_problem(status: int, code: str, detail: str, instance: str = "") -> bytes:
    """The problem details as JSON."""
    told = Problem(
        type=f"urn:tocsin:problem:{code}",
        title=_TITLES.get(status, "Problem"),
        status=status,
        detail=detail,
        code=code,
        instance=instance,
    )
    return msgspec.json.encode(told)


def status_of(error: TocsinError) -> int:
    """The HTTP status of an expected failure."""
    match error:
        case NotFound():
            return 404
        case Refused():
            return 422 if error.code in UNPROCESSABLE else 409
        case NotSignedIn():
            return 401
        case InvalidInput():
            return 422
        case TooManyAttempts():
            return 429
        case Unauthorized():
            return 401
        case Forbidden():
            return 403
        case TooLarge():
            return 413
        case TooSlow():
            return 408
        case UnsupportedEncoding():
            return 415
        case Overloaded():
            return 503
    return 500


async def on_expected(request: Request, error: Exception) -> Response:
    """The answer to an expected failure."""
    if not isinstance(error, TocsinError):
        raise error
    told = problem(request, status_of(error), error.code, str(error))
    if isinstance(error, TooManyAttempts):
        told.headers["Retry-After"] = str(error.seconds)
    return told


async def on_http(request: Request, error: Exception) -> Response:
    """The answer where no route, or no method of it, was found."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "no_such_path", 405: "method_not_allowed"}.get(status, "http_error")
    detail = f"{request.method} {request.url.path}: see /api/openapi.json for what there is"
    told = problem(request, status, code, detail)
    if status == 405:
        told.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return told


def _methods_of(request: Request) -> set[str]:
    """The methods that the path has, on all of its routes: HTTP (RFC 9110, 15.5.6) wants them named with a 405."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


async def on_store(request: Request, error: Exception) -> Response:
    """The answer while the database can't be used; where it lies and what is wrong there is for the log alone."""
    id_ = secrets.token_hex(4)
    logger.critical("fault %s in %s %s: %s", id_, request.method, _routed(request), error)
    detail = f"the database can't be used now: try again, or look for {id_} in the server's log"
    return problem(request, 503, StoreError.code, detail)


async def on_bug(request: Request, error: Exception) -> Response:
    """The answer to a bug: an id to look for in the log, and nothing of what is inside."""
    id_ = secrets.token_hex(4)
    logger.critical("fault %s in %s %s", id_, request.method, _routed(request), exc_info=error)
    return problem(request, 500, "internal", f"an internal fault, a bug of Tocsin: look for {id_} in the server's log")


def _routed(request: Request) -> str:
    """The path as it is routed, not as it was asked for: a door's path holds its key."""
    route = request.scope.get("route")
    return route.path if isinstance(route, Route) else ""
