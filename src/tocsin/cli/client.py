"""How does the command line reach the server? HTTP, to where the server on this machine says it is, with its token.

The standard library's client: a heavier one would double the time that `tocsin show` takes.
"""

import json
import os
import time
from collections.abc import Collection
from email.message import Message
from http.client import HTTPException, InvalidURL
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import click

from tocsin.cli.output import say
from tocsin.errors import InvalidInput, NotFound, Refused, Unreachable
from tocsin.loopback import is_loopback
from tocsin.settings import DEFAULT_PORT, Settings, settings_from

if TYPE_CHECKING:
    from urllib.request import BaseHandler

_TIMEOUT_SECONDS = 15
_PAUSE_SECONDS = 1.0  # before what had no answer is sent once more: a server that starts anew takes as long
_MADE_ONCE = (("overrides",), ("silences",))  # beside all that acts on incidents
_IS_UNKNOWN = "whether it was done is unknown: look before you repeat it"
_UNSURE = frozenset({502, 503, 504})  # a proxy's word, or the server's that it can't tell whether it was written


class _NoRedirects(HTTPRedirectHandler):
    """A redirected POST would become a GET: nothing done, and no word of it. And the token is not for others."""

    def redirect_request(self, *args: object) -> None:
        """Follow none."""


class AnswerLost(Unreachable):
    """It was sent, and whether it was done is unknown."""


class Client:
    """Calls `/api/v1`; raises the errors that the API tells of, and Unreachable when it doesn't answer."""

    def __init__(self, url: str, token: str, pinned: Collection[bytes] = (), *, past: str = "") -> None:
        """`pinned` are the certificates (DER) that are trusted as they are, whoever has signed them.

        `past` is where the server of this machine listens, should `url` be its name for others, or a proxy's.
        """
        self._url = url.rstrip("/")
        self._past = past
        self._token = token
        self._is_alarm_told = False
        # A proxy of the environment is not meant for this.
        self._opener = build_opener(_NoRedirects, ProxyHandler({}), *([_trusting(pinned)] if pinned else []))

    def get(self, *path: str, **query: object) -> Any:
        """The answer to a GET; query parameters that are None are left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, None, f"?{urlencode(asked)}" if asked else "")

    def post(self, *path: str, **body: object) -> Any:
        """The answer to a POST; fields that are None are left out.

        What acts on incidents, an override and a silence have a key under which they are done once, so they are sent
        again where the answer was lost.
        """
        key = os.urandom(12).hex()
        try:
            return self._call("POST", path, body, key=key)
        except AnswerLost as lost:
            if path[0] != "incidents" and path not in _MADE_ONCE:
                raise Unreachable(f"{lost}; {_IS_UNKNOWN}") from lost
        time.sleep(_PAUSE_SECONDS)
        try:
            return self._call("POST", path, body, key=key)
        except Unreachable as error:
            raise Unreachable(f"{error}; {_IS_UNKNOWN}") from error

    def put(self, *path: str, **body: object) -> Any:
        """The answer to a PUT; fields that are None are left out."""
        return self._call("PUT", path, body)

    def _call(
        self, method: str, path: tuple[str, ...], body: dict[str, object] | None, query: str = "", key: str = ""
    ) -> Any:
        if not all(path):
            raise InvalidInput(f"{path[0]}: must say which one is meant, got nothing")
        url = "/".join([self._url, "api/v1", *(quote(part, safe="") for part in path)]) + query
        said = {name: value for name, value in (body or {}).items() if value is not None}
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "X-Tocsin-Surface": "cli",
            **({"Idempotency-Key": key} if key else {}),
        }
        content = None if body is None else json.dumps(said).encode("utf-8", "surrogatepass")
        try:
            request = Request(url, content, headers, method=method)  # noqa: S310  # http(s), says find_client
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as reply:
                self._tell_alarm(reply.headers)
                return json.load(reply)
        except HTTPError as error:
            self._tell_alarm(error.headers)
            raise _told(error) from error
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = " ".join(str(getattr(error, "reason", error)).split())
            # A URLError comes before all of it was sent, a ValueError of an answer that isn't Tocsin's.
            kind = Unreachable if isinstance(error, URLError | InvalidURL | ValueError) else AnswerLost
            raise kind(f"{self._url}: {reason}; {self._remedy(reason)}") from error

    def _remedy(self, reason: str) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return "name the server's certificate in TOCSIN_TLS_CERT to trust exactly that one"
        way = (
            f" On the server's own machine TOCSIN_URL={self._past} goes past its name and its proxy"
            if self._past
            else ""
        )
        return f"is `tocsin serve` running there?{way}"

    def _tell_alarm(self, headers: Message) -> None:
        """Tocsin itself is in trouble: whoever asks anything learns of it, once a command."""
        line = headers.get("Tocsin-Alarm")
        if line and not self._is_alarm_told:
            self._is_alarm_told = True
            say(f"TOCSIN ITSELF IS IN TROUBLE: {line}", err=True, fg="red", bold=True)


def _trusting(pinned: Collection[bytes]) -> "BaseHandler":
    from tocsin.cli.pinning import PinnedHandler  # noqa: PLC0415  # takes 10 ms that plain HTTP needn't wait for

    return PinnedHandler(pinned)


def _pinned(settings: Settings) -> Collection[bytes]:
    """The certificates that are trusted as they are: the one of this machine's server, and the one that is named."""
    from tocsin.cli.pinning import certificates_in  # noqa: PLC0415  # as above

    named = [Path(settings.tls_cert)] if settings.tls_cert else []
    return certificates_in([Path(f"{settings.beside}.cert"), *named])


def _told(error: HTTPError) -> Exception:
    """The error that a problem-details body tells of."""
    kind = AnswerLost if error.code in _UNSURE else Unreachable
    try:
        problem = json.load(error)
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return kind(f"{error.url}: answered {error.code}, which is not how Tocsin answers")
    if error.code == 404:
        return NotFound(detail)
    if error.code >= 500:
        return kind(detail)
    detail = _as_typed(detail)
    return Refused(code, detail) if error.code == 409 else InvalidInput(detail)


def _as_typed(detail: str) -> str:
    """The detail with this command's options in place of the API's fields: `--until: …` for `ends_at: …`."""
    context = click.get_current_context(silent=True)
    for option in context.command.params if context else ():
        if isinstance(option, click.Option) and option.name:
            place, typed = option.name, option.opts[0]
            detail = detail.replace(f"`{place}`", f"`{typed}`")
            if detail.startswith(f"{place}: "):
                detail = typed + detail.removeprefix(place)
    return detail


def find_client() -> Client:
    """The client for the server that the environment or this machine's database points at."""
    settings = settings_from(os.environ)
    token = os.environ.get("TOCSIN_TOKEN", "").strip() or _beside(settings, "token")
    named = os.environ.get("TOCSIN_URL")
    url = named or _beside(settings, "url") or f"http://127.0.0.1:{DEFAULT_PORT}"
    if not url.startswith(("http://", "https://")):
        raise InvalidInput(f"TOCSIN_URL: must be an http or https address, got {url!r}")
    if not token:
        raise Unreachable(
            f"no token: none at {settings.beside}.token and none in TOCSIN_TOKEN; start `tocsin serve`, "
            "or set TOCSIN_DATABASE as the server has it"
        )
    if not (token.isascii() and token.isprintable()):  # http.client would quote it in its complaint
        raise InvalidInput("token: must be one line of printable ASCII characters, as the server has written it")
    pinned = _pinned(settings) if url.startswith("https://") else ()
    return Client(url, token, pinned, past="" if named or is_loopback(url) else _listening(settings, pinned))


def _listening(settings: Settings, pinned: Collection[bytes]) -> str:
    """Where the server of this machine listens, as far as can be known: it has a certificate only if it is told to."""
    return f"{'https' if pinned else 'http'}://127.0.0.1:{settings.port or DEFAULT_PORT}"


def _beside(settings: Settings, name: str) -> str | None:
    try:
        return Path(f"{settings.beside}.{name}").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
