"""Which mail server takes the pages, and as whom? Read from one secret, an address such as

`smtp+starttls://tocsin:password@mail.example.org:587?from=tocsin@example.org`. No I/O.
"""

from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from tocsin.accounts.page_links import PageLinks
from tocsin.integrations.wire import Post, Tls
from tocsin.loopback import is_loopback_host

_KINDS = {
    "smtp": (Tls.NONE, 25),
    "smtp+starttls": (Tls.STARTTLS, 587),
    "smtps": (Tls.IMPLICIT, 465),  # RFC 8314, section 3.3
}
_EXAMPLE = "smtp+starttls://user:password@host:587?from=tocsin@example.org"


class EmailAccount(Struct, frozen=True):
    """The server and the sender of pages; `addresses` are the people's own, `installation` is random, made once."""

    server: Post
    sender: str
    addresses: dict[str, str]
    installation: str
    links: PageLinks


def post_from(url: str, sender: str | None) -> tuple[Post, str]:
    """The server that a secret names, and the sender's address: `sender`, else the one that the secret names.

    Raises ValueError with what would be right, without a word of the secret itself.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in _KINDS or not host:
        raise ValueError(f"must be an address such as {_EXAMPLE} (or smtps://, or smtp:// without encryption)")
    tls, usual_port = _KINDS[parts.scheme]
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if password and tls is Tls.NONE and not is_loopback_host(host):
        raise ValueError("would send its password unencrypted: begin with smtp+starttls:// or smtps://")
    named = sender or parse_qs(parts.query).get("from", [""])[0] or (user if user and "@" in user else "")
    if "@" not in named or not named.isascii() or not named.isprintable() or set(named) & set(" <>,;"):
        raise ValueError("must say who sends: add ?from=tocsin@example.org, or `sender` to [email]")
    return Post(host, port or usual_port, tls, user, password), named
