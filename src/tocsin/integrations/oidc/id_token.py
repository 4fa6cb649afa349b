"""Is an ID token true? Its signature, by a key of the provider; its issuer, audience, times and nonce.

Algorithms are ours to choose, never the token's: no `none`, and no HMAC with a public key for a secret.
"""

from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from tocsin.errors import NotSignedIn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LEEWAY_SECONDS = 60


class Expected(Struct, frozen=True):
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str


def claims_of(token: str, keys: dict[str, Any], expected: Expected, now: datetime) -> dict[str, Any]:
    """The claims of a true token; raises NotSignedIn for any other."""
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(_signing(keys)), algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": expected.nonce},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotSignedIn("the identity provider's word could not be verified: begin again") from error
    authorized = decoded.claims.get("azp")
    if authorized not in (None, expected.client_id):
        raise NotSignedIn("the identity provider's word was meant for somebody else: begin again")
    return dict(decoded.claims)


def _signing(keys: dict[str, Any]) -> Any:
    """The public keys that may sign; symmetric ones, and those for encryption, are none of them."""
    known = [key for key in keys["keys"] if isinstance(key, dict)]
    usable = [key for key in known if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
    return {"keys": usable}
