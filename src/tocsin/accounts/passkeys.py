"""Where may people sign in with a passkey, and how many may they have? Pure rules, of WebAuthn and our own.

A passkey belongs to the name of a server (its RP ID) and works at one origin. Both come from `TOCSIN_PUBLIC_URL`: what
a request says of the host it was sent to is its sender's word.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

MOST = 20  # of one account
FRESH_WITHIN = timedelta(minutes=10)  # since a sign-in, after which a passkey is added for the password only
_DEFAULT_PORTS = {"http": 80, "https": 443}


class RelyingParty(Struct, frozen=True):
    """Whom passkeys are made for: the name that they belong to, and the origin of the pages that may ask for them."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | str:
    """Whom passkeys of this server are for, else why it can have none, with the remedy.

    Browsers give them to names alone, by https; `localhost` counts as safe (WebAuthn Level 3, 5.1.3; Secure Contexts).
    """
    parts = urlsplit(public_url)
    host, scheme = _ascii(parts.hostname or ""), parts.scheme
    if _is_address(host):
        return f"passkeys belong to a name, and this server's address is {public_url}: set TOCSIN_PUBLIC_URL to a name"
    if scheme != "https" and host != "localhost":
        return f"passkeys take https, and this server's address is {public_url}: set TOCSIN_PUBLIC_URL to an https one"
    port = "" if parts.port in (None, _DEFAULT_PORTS[scheme]) else f":{parts.port}"
    return RelyingParty(host, f"{scheme}://{host}{port}")


def is_fresh(began_at: datetime, now: datetime) -> bool:
    """Whether a session began so lately that who is behind it needn't be asked again."""
    return now - began_at < FRESH_WITHIN


def has_gone_back(before: int, after: int) -> bool:
    """Whether a counter tells of a copy (WebAuthn Level 3, 7.2); that of a passkey that doesn't count stays at 0."""
    return (before > 0 or after > 0) and after <= before


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ascii(host: str) -> str:
    """The name as browsers say it."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
