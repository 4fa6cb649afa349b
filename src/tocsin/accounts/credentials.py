"""What is a secret, and what is kept of it? 256 random bits, shown once; a plain hash, as nobody guesses so much."""

import hashlib
import secrets
from enum import StrEnum

_SECRET = 43  # characters in which 256 bits are written
_SHOWN = 6  # of them, by which people tell tokens apart


class TokenForm(StrEnum):
    """How a token looks: our own way, or 32 hex digits, as the clients of PagerDuty's Events API want it."""

    TOKEN = "token"  # noqa: S105  # its name
    ROUTING_KEY = "routing_key"


def new_routing_key() -> str:
    """A new secret of 128 bits, in 32 hex digits."""
    return secrets.token_hex(16)


def new_token(prefix: str) -> str:
    """A new secret of 256 bits; the prefix lets scanners find one that leaked."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> str:
    """What is stored of a token. It is random, so a plain hash keeps it safe."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def start_of(token: str) -> str:
    """As much of a token as may be shown, for its owner to know it by."""
    if "_" not in token:  # a routing key
        return token[:_SHOWN]
    return token[: len(token) - _SECRET + _SHOWN]
