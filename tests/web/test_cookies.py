"""Which cookies does a browser get? Over https, ones that nobody but this very host can set."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tocsin.settings import Settings
from tocsin.web import cookies
from tocsin.web.cookies import Cookie

HTTPS = Settings("sqlite:///x.db", public_url="https://tocsin.example")
HTTP = Settings("sqlite:///x.db", public_url="http://127.0.0.1:8770")


def asked(**headers: str) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


def kept(settings: Settings) -> tuple[str, set[str]]:
    """Name and attributes of the session's cookie."""
    response = Response()
    cookies.keep(settings, response, Cookie.SESSION, value="s3cret")
    pair, *attributes = response.headers["set-cookie"].split("; ")
    return pair, {it.lower() for it in attributes}


def test_over_https_the_session_is_this_hosts_alone() -> None:
    pair, attributes = kept(HTTPS)
    assert pair == "__Host-tocsin=s3cret"
    assert attributes == {"httponly", "secure", "samesite=lax", "path=/", "max-age=43200"}


def test_on_this_machine_the_session_works_without_https() -> None:
    pair, attributes = kept(HTTP)
    assert pair == "tocsin=s3cret"
    assert attributes == {"httponly", "samesite=lax", "path=/", "max-age=43200"}


def test_over_https_a_cookie_without_the_prefix_counts_for_nothing() -> None:
    """A sibling host, or plain http, could have set it."""
    assert cookies.read(HTTPS, asked(cookie="tocsin=planted"), Cookie.SESSION) == ""
    assert cookies.read(HTTPS, asked(cookie="__Host-tocsin=mine; tocsin=planted"), Cookie.SESSION) == "mine"


@pytest.mark.parametrize(
    ("settings", "host", "is_safe"),
    [
        (HTTPS, "tocsin.example", True),
        (HTTP, "127.0.0.1:8770", True),
        (HTTP, "localhost:8770", True),
        (HTTP, "[::1]:8770", True),
        (HTTP, "tocsin.example", False),
        (HTTP, "192.0.2.7:8770", False),
        (HTTP, "127.0.0.1.evil.example", False),
        (HTTP, "", False),
    ],
)
def test_signing_in_takes_https_or_this_machine(settings: Settings, host: str, is_safe: bool) -> None:
    assert cookies.may_sign_in_here(settings, asked(host=host)) is is_safe
