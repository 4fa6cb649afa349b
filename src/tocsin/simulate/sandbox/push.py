"""What would a browser's push service answer, and what would the browser show? Both ends of Web Push, on this machine.

    browser = sandbox.push.subscribe(sandbox.url, public_key)   # what PushManager.subscribe does
    browser.subscription                                        # what the page tells the server
    browser.messages                                            # what it was sent, decrypted

Every request is held to the RFCs: 8030 (5: POST; 5.2: `TTL` is a must; 5.3 `Urgency`; 5.4 `Topic`; 7.2: 413 above
4,096 bytes), 8291 (it must be readable by this browser), 8292 (2: the signature, `aud`, `exp`, `sub`; 4.2: the key that
it was subscribed with). Written from the RFCs for this file alone.
"""

import base64
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from msgspec import Struct

from tocsin.simulate.sandbox.push_keys import Unreadable, decrypted
from tocsin.simulate.sandbox.recording import RecordedRequest, Response

_MOST_BYTES = 4_096
_LONGEST_TOKEN = timedelta(hours=24)
_URGENCIES = ("very-low", "low", "normal", "high")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_VAPID = re.compile(r"vapid t=([A-Za-z0-9._-]+), ?k=([A-Za-z0-9_-]+)")
_HEADERS = ("ttl", "urgency", "topic")


class Pushed(Struct, frozen=True):
    """A message that reached the browser, with what the service was told of it."""

    message: bytes
    ttl: int
    urgency: str
    topic: str

    @property
    def notification(self) -> dict[str, object]:
        """What the browser shows."""
        shown: dict[str, object] = json.loads(self.message)["notification"]
        return shown


class SandboxBrowser:
    """A browser that is subscribed; `answers` are given instead of the service's own, one a request."""

    def __init__(self, id_: str, endpoint: str, server_key: str) -> None:
        self.id = id_
        self.endpoint = endpoint
        self.server_key = server_key
        self.messages: list[Pushed] = []
        self.answers: list[Response] = []
        self.auth = os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def subscription(self) -> dict[str, str]:
        """What the browser tells the page that has subscribed it."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": _text_of(point), "auth": _text_of(self.auth)}

    @property
    def shown(self) -> dict[str, dict[str, object]]:
        """What the browser shows now, by tag: what has the same tag has taken the place of the one before."""
        return {str(it.notification["tag"]): it.notification for it in self.messages}


class SandboxPush:
    """The push service, and the browsers that it knows."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.browsers: dict[str, SandboxBrowser] = {}
        self._clock = clock

    def subscribe(self, url: str, server_key: str = "") -> SandboxBrowser:
        """A new browser at the sandbox's address; with a key it takes messages from whoever has that one alone."""
        id_ = _text_of(os.urandom(12))
        self.browsers[id_] = SandboxBrowser(id_, f"{url}/push/{id_}", server_key)
        return self.browsers[id_]

    def unsubscribe(self, browser: SandboxBrowser) -> None:
        """The browser takes no messages any more, and its address is unknown from now on."""
        del self.browsers[browser.id]

    def answer(self, request: RecordedRequest) -> Response:
        """201 with the message's address, or what is wrong with the request."""
        browser = self.browsers.get(request.path.rpartition("/")[2])
        if browser is None:
            return Response(404, b"no such subscription")
        if browser.answers:
            return browser.answers.pop(0)
        fault = _fault_in_request(request) or self._fault_in_vapid(request, browser)
        if fault is not None:
            return fault
        try:
            message = decrypted(request.body, browser.key, browser.auth)
        except Unreadable as error:
            return Response(400, str(error).encode())
        ttl, urgency, topic = (request.headers.get(name, "") for name in _HEADERS)
        browser.messages.append(Pushed(message, int(ttl), urgency or "normal", topic))
        there = f"{request.path}/messages/{len(browser.messages)}"
        return Response(201, headers={"location": there, "ttl": ttl})

    def _fault_in_vapid(self, request: RecordedRequest, browser: SandboxBrowser) -> Response | None:
        said = _VAPID.fullmatch(request.headers.get("authorization", ""))
        if said is None:
            return Response(401, b"authorization must be: vapid t=..., k=...")
        token, key = said.groups()
        if browser.server_key not in ("", key):
            return Response(403, b"the key is not the one that this browser was subscribed with")
        try:
            claims = jwt.decode(token, _key_of(key), algorithms=["ES256"]).claims
        except (JoseError, ValueError) as error:
            return Response(403, f"the token is not signed by that key: {error}".encode())
        fault = _fault_in_claims(claims, browser.endpoint, self._clock())
        return Response(403, fault.encode()) if fault else None


def _fault_in_request(request: RecordedRequest) -> Response | None:
    ttl, urgency, topic = (request.headers.get(name) for name in _HEADERS)
    if request.method != "POST":
        return Response(405, b"POST a message")
    if ttl is None or not ttl.isascii() or not ttl.isdecimal():
        return Response(400, b"ttl: must be a number of seconds")
    if urgency is not None and urgency not in _URGENCIES:
        return Response(400, f"urgency: must be one of {', '.join(_URGENCIES)}".encode())
    if topic is not None and not _TOPIC.fullmatch(topic):
        return Response(400, b"topic: must be at most 32 characters of base64url")
    if request.headers.get("content-encoding") != "aes128gcm":
        return Response(415, b"content-encoding: must be aes128gcm")
    if len(request.body) > _MOST_BYTES:
        return Response(413, b"a message has at most 4096 bytes")
    return None


def _fault_in_claims(claims: dict[str, object], endpoint: str, now: datetime) -> str | None:
    origin = "/".join(endpoint.split("/", 3)[:3])
    ends, about = claims.get("exp"), str(claims.get("sub", ""))
    if claims.get("aud") != origin:
        return f"aud: must be {origin}, got {claims.get('aud')}"
    if not isinstance(ends, int):
        return "exp: must be a number"
    if not now < datetime.fromtimestamp(ends, UTC) <= now + _LONGEST_TOKEN:
        return "exp: must be within 24 hours from now"
    if not about.startswith(("mailto:", "https:")):
        return "sub: must be a mailto: or https: address"
    return None


def _key_of(text: str) -> ECKey:
    raw = _bytes_of(text)
    if len(raw) != 65:
        raise ValueError("k must be an uncompressed point")
    x, y = _text_of(raw[1:33]), _text_of(raw[33:])
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
