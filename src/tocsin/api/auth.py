"""Who asks? Bearer tokens, kept as hashes; the doors for other products have keys of their own."""

import hashlib
import hmac
import os
import secrets
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path

from starlette.requests import Request

from tocsin.api.problems import Forbidden, Unauthorized
from tocsin.engine.node import Node
from tocsin.errors import StoreError
from tocsin.store.rows import Token

ADMIN = "admin"
INTAKE = "intake"
_HELP = "send `Authorization: Bearer TOKEN`; the admin token lies beside the database, in a file ending in .token"


def new_token(prefix: str) -> str:
    """A new secret of 256 bits; the prefix lets scanners find one that leaked."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> str:
    """What is stored of a token. It is random, so a plain hash keeps it safe."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


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


async def require(node: Node, token: str, *scopes: str) -> Token:
    """The bearer, who must have one of the scopes; raises Unauthorized or Forbidden."""
    bearer = await node.read(lambda queries: queries.token(hash_of(token))) if token else None
    if bearer is None:
        raise Unauthorized(f"this needs a token: {_HELP}")
    if not any(hmac.compare_digest(bearer.scope, scope) for scope in scopes):
        raise Forbidden(f"the token {bearer.name!r} may only deliver alerts; {_HELP}")
    return bearer


def token_file(database: Path, name: str) -> Path:
    """Where a token of this database is kept for its owner: beside it, readable by nobody else."""
    return database.with_name(f"{database.name}.{name}")


def keep_token(path: Path, token: str) -> None:
    """Write a token to a file of mode 0600, at once or not at all."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: the token can't be written: {error}") from error


async def ensure_tokens(node: Node) -> None:
    """At the first start: an admin token, and the key of the doors for alerts, each in a file beside the database."""
    for name, scope, prefix in (("token", ADMIN, "tocsin"), ("intake-key", INTAKE, "tocsin_intake")):
        path = token_file(node.settings.beside, name)
        token = read_token(path)
        if token is None:
            token = new_token(prefix)
            keep_token(path, token)
        # A new admin token replaces the old one. A new key for monitoring doesn't: where its file was lost (a restored
        # database), what monitoring has in its configuration must still let its alerts in.
        # And each node of several has an admin token of its own.
        bearer = scope if scope == ADMIN and node.is_alone else f"{scope}-{hash_of(token)[:8]}"
        out = await node.set_token(hash_of(token), bearer, scope)
        _note_revoked(token_file(node.settings.beside, "revoked"), out)


def _note_revoked(path: Path, hashes: Iterable[str]) -> None:
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
