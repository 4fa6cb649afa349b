"""Does a form come from our own page? A token bound to the session, and where the browser says it comes from."""

import hashlib
import hmac
from urllib.parse import urlsplit


def token_for(secret: str) -> str:
    """The token of the forms of a session; nothing of the session can be learnt from it."""
    return hashlib.blake2b(secret.encode(), digest_size=24, person=b"tocsin-csrf").hexdigest()


def is_token_of(secret: str, token: str) -> bool:
    """Whether the token is that of the session."""
    return bool(secret) and hmac.compare_digest(token_for(secret).encode(), token.encode("utf-8", "surrogatepass"))


def comes_from_elsewhere(*, host: str, origin: str | None, site: str | None, public_url: str) -> bool:
    """Whether the browser says that another site has sent it; `site` is `Sec-Fetch-Site`, `host` what was asked for.

    What a browser doesn't say is not held against it: the token is asked for as well.
    """
    if site is not None and site != "same-origin":
        return True
    if origin is None:
        return False
    return origin.lower() not in {f"http://{host}".lower(), f"https://{host}".lower(), origin_of(public_url)}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as a browser names an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def own_path(text: str | None) -> str:
    """Where to go on after signing in: a path of this server, else the start page; never another site.

    Browsers read `\\\\` as `/`, drop tabs and line ends, and take `//host` for another server.
    """
    if not text or not text.startswith("/") or text.startswith("//"):
        return "/"
    if not (text.isascii() and text.isprintable()) or "\\" in text or " " in text:
        return "/"
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc and not parts.path.startswith("//") else "/"
