"""What is asked of an identity provider, and what does it answer? Discovery, the way there, and the code's exchange.

OpenID Connect Core 1.0 and Discovery 1.0, PKCE with S256 (RFC 7636), the issuer in the answer (RFC 9207).
"""

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from tocsin.errors import NotSignedIn, Unreachable
from tocsin.integrations.base64url import text_of
from tocsin.integrations.wire import Reply, Request
from tocsin.loopback import is_loopback_host

_JSON = {"accept": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded", **_JSON}


class Provider(Struct, frozen=True):
    """Where the provider answers, as its discovery document says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    tells_issuer: bool = False  # RFC 9207: its answers name it, so one that doesn't is another's


class Client(Struct, frozen=True):
    """Who we are to the provider."""

    id: str
    secret: str
    redirect_uri: str
    scopes: tuple[str, ...]


class Flow(Struct, frozen=True):
    """What one sign-in must remember until it comes back; `onward` is where it goes on then."""

    state: str
    nonce: str
    verifier: str
    onward: str


def discovery(issuer: str) -> Request:
    """The request for the provider's discovery document."""
    return Request("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", dict(_JSON))


def provider_of(reply: Reply, issuer: str) -> Provider:
    """The provider that the document describes; raises Unreachable where it is not that of the issuer."""
    told = _object(reply, "its discovery document")
    if told.get("issuer") != issuer:
        raise Unreachable(f"{issuer}: its discovery document is that of another issuer")
    optional = ("userinfo_endpoint",) if told.get("userinfo_endpoint") else ()
    places: dict[str, str] = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", *optional):
        url = told.get(name)
        if not isinstance(url, str) or not is_safe(url):
            raise Unreachable(f"{issuer}: {name}: must be an https address")
        places[name] = url
    tells_issuer = told.get("authorization_response_iss_parameter_supported") is True
    return Provider(
        issuer=issuer,
        authorization_endpoint=places["authorization_endpoint"],
        token_endpoint=places["token_endpoint"],
        jwks_uri=places["jwks_uri"],
        userinfo_endpoint=places.get("userinfo_endpoint"),
        tells_issuer=tells_issuer,
    )


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or change what is said there: https, or this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(host)))


def way_there(provider: Provider, client: Client, flow: Flow) -> str:
    """Where the browser goes to be vouched for."""
    digest = hashlib.sha256(flow.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": " ".join(client.scopes),
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": text_of(digest),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}"


def exchange(provider: Provider, client: Client, flow: Flow, code: str) -> Request:
    """The request that gives the code for an ID token; we prove ourselves by client_secret_basic."""
    known = base64.b64encode(f"{quote(client.id, safe='')}:{quote(client.secret, safe='')}".encode()).decode()
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": flow.verifier,
    }
    headers = {**_FORM, "authorization": f"Basic {known}"}
    return Request("POST", provider.token_endpoint, headers, urlencode(body).encode())


def tokens_of(reply: Reply) -> tuple[str, str]:
    """The ID token and the access token; raises NotSignedIn where the code was refused."""
    if reply.status in (400, 401, 403):
        raise NotSignedIn("the identity provider refused the sign-in: begin again")
    told = _object(reply, "its answer to the code")
    id_token, access_token = told.get("id_token"), told.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise Unreachable("the identity provider: its answer to the code holds no ID token")
    return id_token, access_token


def userinfo(provider: Provider, access_token: str) -> Request | None:
    """The request for claims that the ID token doesn't hold; None where the provider has none."""
    if provider.userinfo_endpoint is None or not access_token:
        return None
    return Request("GET", provider.userinfo_endpoint, {**_JSON, "authorization": f"Bearer {access_token}"})


def claims_with(claims: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """The claims, with those of userinfo where it speaks of the same subject; what is signed comes first."""
    more = _object(reply, "userinfo")
    if more.get("sub") != claims.get("sub"):
        raise NotSignedIn("the identity provider speaks of two people: begin again")
    return {**more, **claims}


def keys_in(reply: Reply) -> dict[str, Any]:
    """The provider's keys, as a JWK set."""
    told = _object(reply, "its keys")
    if not isinstance(told.get("keys"), list):
        raise Unreachable("the identity provider: its keys are no JWK set")
    return told


def _object(reply: Reply, what: str) -> dict[str, Any]:
    if reply.status != 200:
        raise Unreachable(f"the identity provider: {what}: answered {reply.status}")
    try:
        told = msgspec.json.decode(reply.body)
    except msgspec.DecodeError as error:
        raise Unreachable(f"the identity provider: {what}: is not JSON") from error
    if not isinstance(told, dict):
        raise Unreachable(f"the identity provider: {what}: is no object")
    return told
