"""Who vouches for people? The identity provider of `sign_in.toml`: found by discovery, asked, and held to its word."""

import hmac
import secrets
import stat
import time
import tomllib
from pathlib import Path
from typing import Any, Protocol

from msgspec import field

from tocsin.accounts.claims import Rules, Vouched, vouched
from tocsin.accounts.permissions import GlobalRole
from tocsin.engine.clock import Clock
from tocsin.errors import InvalidSop, NotSignedIn
from tocsin.integrations.oidc import provider as oidc
from tocsin.integrations.oidc.provider import Client, Flow, Provider
from tocsin.integrations.wire import Reply, Request
from tocsin.settings import Settings
from tocsin.sop.decode import Place, decode
from tocsin.sop.model import Definition, SecretName

RETURN_PATH = "/signin/oidc/return"
_FILE = "sign_in.toml"
_FRESH_SECONDS = 3_600
_AGAIN_AFTER_SECONDS = 60  # keys are asked for anew at most so often, whatever tokens name


class OpenIdConnect(Definition, frozen=True):
    """The provider, who we are to it, and whom it may let in."""

    issuer: str
    client_id: str
    client_secret: SecretName
    name: str = "single sign-on"  # as the button says it
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    groups_claim: str = "groups"
    email_domains: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)  # group -> viewer, responder or admin


class SignInFile(Definition, frozen=True):
    """The whole file."""

    oidc: OpenIdConnect | None = None


class Send(Protocol):
    """How a request leaves."""

    async def __call__(self, request: Request) -> Reply:
        """The reply; raises Unreachable."""


def sign_in_file(settings: Settings) -> OpenIdConnect | None:
    """The provider, None where there is no file; InvalidSop lists all faults of one that can't be used."""
    named = settings.environ.get("TOCSIN_SIGN_IN")
    path = Path(named) if named else settings.beside.parent / _FILE
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if named:
            raise InvalidSop(str(path), ("there is no such file; TOCSIN_SIGN_IN names it",)) from error
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSop(str(path), (f"can't be read: {error}",)) from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InvalidSop(str(path), (f"others may write it, and so sign in as anybody; chmod go-w {path.name}",))
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidSop(str(path), (f"is not TOML: {error}",)) from error
    place = Place()
    file: SignInFile = decode(tables, SignInFile, place)
    if not place.faults and file.oidc is not None:
        _check(file.oidc, place.key("oidc"))
    if place.faults:
        raise InvalidSop(str(path), tuple(place.faults))
    return file.oidc


def _check(it: OpenIdConnect, place: Place) -> None:
    if not oidc.is_safe(it.issuer):
        place.key("issuer").fault(f"must be an https address, got {it.issuer!r}")
    if "openid" not in it.scopes:
        place.key("scopes").fault("must hold openid")
    if not it.roles and not it.email_domains:
        place.fault("lets nobody in; name groups in roles, or your domains in email_domains")
    for group, role in it.roles.items():
        if role not in set(GlobalRole):
            place.key("roles").key(group).fault(f"must be one of {', '.join(GlobalRole)}, got {role!r}")


class SingleSignOn:
    """Sends people to the provider, and takes its word for who they are."""

    def __init__(self, config: OpenIdConnect, settings: Settings, clock: Clock, send: Send) -> None:
        self.name = config.name
        self._config = config
        self._settings = settings
        self._clock = clock
        self._send = send
        self._rules = Rules(
            roles={group: GlobalRole(role) for group, role in config.roles.items()},
            email_domains=config.email_domains,
            groups_claim=config.groups_claim,
        )
        self._provider: tuple[Provider, float] | None = None
        self._keys: tuple[dict[str, Any], float] | None = None

    async def begin(self, onward: str) -> tuple[str, Flow]:
        """Where to send the browser, and what it must bring back; raises Unreachable."""
        provider, client = await self._discovered(), self._client()
        flow = Flow(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), onward)
        return oidc.way_there(provider, client, flow), flow

    async def finish(self, flow: Flow, state: str, code: str, *, issuer: str | None) -> Vouched:
        """Whom the provider vouches for; raises NotSignedIn and Unreachable. `issuer` is the answer's `iss`."""
        if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "surrogatepass")) or not code:
            raise NotSignedIn("this sign-in was not begun in this browser: begin again")
        provider, client = await self._discovered(), self._client()
        if issuer != provider.issuer and (issuer is not None or provider.tells_issuer):
            raise NotSignedIn("another identity provider has answered: begin again")
        id_token, access_token = oidc.tokens_of(await self._send(oidc.exchange(provider, client, flow, code)))
        claims = await self._verified(id_token, provider, flow)
        asking = oidc.userinfo(provider, access_token)
        if asking is not None and ("email" not in claims or self._rules.groups_claim not in claims):
            claims = oidc.claims_with(claims, await self._send(asking))
        found = vouched(claims, provider.issuer, self._rules)
        if found is None:
            raise NotSignedIn("you are in none of the groups and domains that are let in: ask an admin")
        return found

    async def _verified(self, id_token: str, provider: Provider, flow: Flow) -> dict[str, Any]:
        from tocsin.integrations.oidc.id_token import Expected, claims_of  # noqa: PLC0415  # cryptography is heavy

        expected = Expected(provider.issuer, self._config.client_id, flow.nonce)
        keys, asked = await self._known_keys(provider)
        try:
            return claims_of(id_token, keys, expected, self._clock.real_now())
        except NotSignedIn:
            if time.monotonic() - asked < _AGAIN_AFTER_SECONDS:
                raise
        self._keys = None  # it may have changed its keys since
        keys, _ = await self._known_keys(provider)
        return claims_of(id_token, keys, expected, self._clock.real_now())

    async def _known_keys(self, provider: Provider) -> tuple[dict[str, Any], float]:
        if self._keys is None or time.monotonic() - self._keys[1] > _FRESH_SECONDS:
            reply = await self._send(Request("GET", provider.jwks_uri))
            self._keys = (oidc.keys_in(reply), time.monotonic())
        return self._keys

    async def _discovered(self) -> Provider:
        if self._provider is None or time.monotonic() - self._provider[1] > _FRESH_SECONDS:
            issuer = self._config.issuer
            found = oidc.provider_of(await self._send(oidc.discovery(issuer)), issuer)
            self._provider = (found, time.monotonic())
        return self._provider[0]

    def _client(self) -> Client:
        secret = self._settings.secret(self._config.client_secret)
        if secret is None:
            raise NotSignedIn(f"single sign-on is not set up: {self._config.client_secret} is not set")
        there = f"{self._settings.public_url}{RETURN_PATH}"
        return Client(self._config.client_id, secret, there, self._config.scopes)
