"""Which cookies are there? Of a session, of a visitor not yet signed in, of a browser that rings; no script sees one.

Over https the names begin with `__Host-`, which browsers take from nobody but this very host. Plain http is for this
machine itself: elsewhere whoever listens would have the session.
"""

import secrets
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response

from tocsin.accounts.sessions import LASTS
from tocsin.loopback import is_loopback
from tocsin.settings import Settings


class Cookie(Enum):
    """A cookie's name, without its prefix."""

    SESSION = "tocsin"
    VISITOR = "tocsin-visitor"
    BROWSER = "tocsin-browser"  # by which a browser that rings by push is known again
    OIDC = "tocsin-oidc"  # what a sign-in at the provider needs to know when it comes back


def is_secure(settings: Settings) -> bool:
    """Whether people reach this server by https."""
    return settings.public_url.startswith("https://")


def may_sign_in_here(settings: Settings, request: Request) -> bool:
    """Whether a session would be safe: by https, or on this machine."""
    return is_secure(settings) or is_loopback(f"http://{request.headers.get('host', '')}")


def read(settings: Settings, request: Request, cookie: Cookie) -> str:
    """The cookie's value; empty where there is none."""
    return request.cookies.get(_name(settings, cookie), "")


def keep(settings: Settings, response: Response, cookie: Cookie, *, value: str, seconds: int | None = None) -> None:
    """Have the browser keep a value, for as long as a session lasts unless told otherwise."""
    response.set_cookie(
        _name(settings, cookie),
        value,
        max_age=int(LASTS.total_seconds()) if seconds is None else seconds,
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def drop(settings: Settings, response: Response, cookie: Cookie) -> None:
    """Have the browser forget it."""
    response.delete_cookie(_name(settings, cookie), path="/", secure=is_secure(settings), httponly=True, samesite="lax")


def new_visitor() -> str:
    """What makes the forms of somebody who isn't signed in theirs."""
    return secrets.token_urlsafe(32)


def _name(settings: Settings, cookie: Cookie) -> str:
    return f"__Host-{cookie.value}" if is_secure(settings) else cookie.value
