"""Which addresses may a page be pushed to? Those of the browsers' own push services, and those that an operator names.

The address is said by a browser, so by whoever is signed in: without this list the server could be made to ask any
address that it reaches. An address that could be read in two ways is not read at all.

Sources: w3c.github.io/push-api (a subscription's endpoint is its push service's); the hosts are those that the makers
of browsers have firewalls let through.
"""

import re

from msgspec import Struct

from tocsin.loopback import is_loopback_host

# Chrome and its kin; Chromium without Google's keys; Firefox; Safari; Edge. `*.` stands for any name below.
KNOWN = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
LONGEST = 1_024  # characters; those of Windows are the longest, at about half of that
_ENDPOINT = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*"
)


class Subscription(Struct, frozen=True):
    """Where a browser is reached, and by which keys, as it tells them (`PushSubscription.toJSON`)."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return f"Subscription({origin_of(self.endpoint)}/…)"  # whoever knows the rest may write to the browser


def fault_in_endpoint(endpoint: str, named: tuple[str, ...] = ()) -> str | None:
    """What keeps a page from being pushed there, in words; None where nothing does.

    `named` are the operator's own hosts; a loopback address among them may be asked by plain http.
    """
    if len(endpoint) > LONGEST:
        return f"is longer than {LONGEST} characters"
    parts = _ENDPOINT.fullmatch(endpoint)
    if parts is None:
        return "must be the https address that a browser's push service gave out"
    usual = "443" if parts["scheme"] == "https" else "80"
    host, port = parts["host"], parts["port"] or usual
    place = host if port == usual else f"{host}:{port}"
    if parts["scheme"] == "http":
        return None if is_loopback_host(host) and {place, f"{host}:{port}"} & {*named} else "must be https"
    if not any(_matches(place, it) for it in (*KNOWN, *named)):
        return f"{place} is no push service of a browser that is known; an operator may name it in TOCSIN_PUSH_HOSTS"
    return None


def origin_of(endpoint: str) -> str:
    """The push service of an endpoint without a fault: its scheme, host and port."""
    return "/".join(endpoint.split("/", 3)[:3])


def host_of(endpoint: str) -> str:
    """The push service's name, for people."""
    return origin_of(endpoint).partition("://")[2]


def contact_of(public_url: str, sender: str | None) -> str:
    """Whom a push service may ask about what this server sends: where it is, or who sends its e-mail.

    Without either it is a server that is tried out on one machine.
    """
    if public_url.startswith("https://"):
        return public_url
    return f"mailto:{sender or 'tocsin@localhost'}"


def _matches(place: str, allowed: str) -> bool:
    return place.endswith(allowed[1:]) if allowed.startswith("*.") else place == allowed
