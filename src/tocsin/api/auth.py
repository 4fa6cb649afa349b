"""Who asks? Bearer tokens, kept as hashes; the doors for other products have keys of their own."""

import os
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path

from starlette.requests import Request

from tocsin.accounts.credentials import hash_of, new_token
from tocsin.accounts.permissions import Permission, Scope
from tocsin.accounts.principal import Principal, may
from tocsin.api.problems import Forbidden, Unauthorized
from tocsin.engine.node import Node
from tocsin.errors import StoreError

# The same for everybody: it doesn't tell whether there was one, nor what is wrong with it.
_UNKNOWN = (
    "this needs a token, and none came that is known (it may have been revoked, or have ended): send `Authorization: "
    "Bearer TOKEN`, or for the command line set TOCSIN_TOKEN; the admin token lies beside the database, in a file "
    "ending in .token"
)
_UNKNOWN_KEY = (
    "the key in the address is not known, or was revoked, or has ended: `tocsin intake` prints one that is known"
)


def bearer_of(request: Request) -> str:
    """The token of the request: a bearer token, or the password of basic authentication; empty if there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


async def require(
    node: Node, request: Request, token: str, permission: Permission, refusal: str = _UNKNOWN
) -> Principal:
    """Who bears the token and has the permission; raises Unauthorized (`refusal`), TooManyAttempts or Forbidden."""
    guest = await node.gate.bearer(token)
    if guest is None:
        node.gate.note_stranger(request.client.host if request.client else "")
        raise Unauthorized(refusal)
    refuse_without(guest.principal, permission)
    return guest.principal


async def require_key(node: Node, request: Request, key: str) -> None:
    """Raise Unauthorized or Forbidden unless the key delivers alerts and opens nothing else: logs hold addresses."""
    principal = await require(node, request, key, Permission.INTAKE, _UNKNOWN_KEY)
    if principal.permissions != {Permission.INTAKE}:
        raise Forbidden(f"{principal.name!r} opens more than the doors: it must not stand in an address")


def refuse_without(principal: Principal, permission: Permission) -> None:
    """Raise Forbidden where they may not do it."""
    if not may(principal, permission):
        raise Forbidden(f"{principal.name!r} lacks the permission {permission}: ask an admin for it")


def token_file(database: Path, name: str) -> Path:
    """Where a token of this database is kept for its owner: beside it, readable by nobody else."""
    return database.with_name(f"{database.name}.{name}")


def keep(path: Path, line: str) -> None:
    """Write a line to a file of mode 0600, at once or not at all: nobody reads half of it. Raises StoreError."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error}") from error


async def ensure_tokens(node: Node) -> None:
    """An admin token, and the key of the doors for alerts, each in a file beside the database.

    Made at the first start, and anew where it was revoked.
    """
    revoked = revoked_tokens(node.settings.beside)
    for name, scope, prefix in (("token", Scope.ADMIN, "tocsin"), ("intake-key", Scope.INTAKE, "tocsin_intake")):
        path = token_file(node.settings.beside, name)
        token = read_token(path)
        if token is None or hash_of(token) in revoked or await _is_ended(node, token):
            token = new_token(prefix)
            keep(path, token)
        # A new admin token replaces the old one. A new key for monitoring doesn't: where its file was lost (a restored
        # database), what monitoring has in its configuration must still let its alerts in.
        # And each node of several has an admin token of its own.
        bearer = scope if scope is Scope.ADMIN and node.is_alone else f"{scope}-{hash_of(token)[:8]}"
        out = await node.set_token(hash_of(token), bearer, scope)
        note_revoked(token_file(node.settings.beside, "revoked"), out)


async def _is_ended(node: Node, token: str) -> bool:
    """Whether it was revoked, be it on another machine."""
    known = await node.read(lambda queries: queries.accounts.token(hash_of(token)))
    return known is not None and known.is_ended_of_file


def note_revoked(path: Path, hashes: Iterable[str]) -> None:
    """Remember outside the database whose tokens are out: a backup doesn't know, and must not let them in again."""
    lines = "".join(f"{hash_}\n" for hash_ in hashes)
    if not lines:
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path}: a revoked token can't be noted: {error}") from error


def revoked_tokens(beside: Path) -> frozenset[str]:
    """The hashes of tokens that were revoked on this machine."""
    path = token_file(beside, "revoked")
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: which tokens were revoked can't be read: {error}") from error


def read_token(path: Path) -> str | None:
    """The token in a file; None where there is none."""
    try:
        return path.read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: the token can't be read: {error}") from error
