"""What is a browser asked for? The options of `navigator.credentials.create()` and `.get()`, as JSON.

Source: WebAuthn Level 3, 5.4 (https://www.w3.org/TR/webauthn-3/#dictionary-makecredentialoptions) and 5.5. Bytes are
base64url.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tocsin.accounts.challenges import LASTS
from tocsin.accounts.passkeys import RelyingParty
from tocsin.integrations.base64url import text_of

# EdDSA, ECDSA and RSA PKCS #1 v1.5 with SHA-256, all that authenticators offer; and the type of key that each takes
# (IANA's registries of COSE algorithms and key types).
ALGORITHMS = {-8: 1, -7: 2, -257: 3}
_TIMEOUT_MS = int(LASTS.total_seconds() * 1_000)


class User(Struct, frozen=True):
    """Whose passkey it is to be: `handle` is what the authenticator keeps, the names are what it shows."""

    handle: bytes
    email: str
    name: str


def to_add(party: RelyingParty, challenge: bytes, user: User, known: Sequence[str]) -> dict[str, Any]:
    """What makes a passkey that needs no name typed, checks who holds it, and isn't `known` on that device yet."""
    return {
        "rp": {"id": party.id, "name": "Tocsin"},
        "user": {"id": text_of(user.handle), "name": user.email, "displayName": user.name},
        "challenge": text_of(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": _TIMEOUT_MS,
        "excludeCredentials": [{"type": "public-key", "id": id_} for id_ in known],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def to_sign_in(party: RelyingParty, challenge: bytes) -> dict[str, Any]:
    """What lets people choose among the passkeys that they have here: none is named, so nobody learns of any."""
    return {
        "rpId": party.id,
        "challenge": text_of(challenge),
        "timeout": _TIMEOUT_MS,
        "allowCredentials": [],
        "userVerification": "required",
    }
