"""How is a message kept from the push service that carries it? Encrypted for one browser, by RFC 8291. No I/O.

Sources: RFC 8291 (the keys, section 3.4), RFC 8188 (`aes128gcm`: the header, section 2.1; the record, section 2).
"""

import base64
import binascii
import os

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

CURVE = ec.SECP256R1()
_POINT_BYTES = 65  # uncompressed
_AUTH_BYTES = 16
_SALT_BYTES = 16
_RECORD_BYTES = 4_096  # RFC 8291, section 4: one record, and no service has to take more
_TAG_BYTES = 16
_LAST = b"\x02"  # RFC 8188, section 2: the delimiter of the last record
MOST_BYTES = _RECORD_BYTES - (_SALT_BYTES + 4 + 1 + _POINT_BYTES) - _TAG_BYTES - len(_LAST)


class Keys(Struct, frozen=True):
    """Whom a message is for: the browser's public key, and the secret that it shares with us."""

    public: bytes
    auth: bytes


class Once(Struct, frozen=True):
    """What no two messages may share: our key for this one message, and the salt."""

    key: ec.EllipticCurvePrivateKey
    salt: bytes


def keys_of(p256dh: str, auth: str) -> Keys:
    """The keys as a browser tells them, in base64url; raises ValueError that names the one at fault."""
    keys = Keys(_bytes_of("p256dh", p256dh, _POINT_BYTES), _bytes_of("auth", auth, _AUTH_BYTES))
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, keys.public)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("p256dh: is no point of the curve P-256") from error
    return keys


def encrypted(message: bytes, to: Keys, once: Once | None = None) -> bytes:
    """The body for the push service. `once` is for the RFC's examples; everything else is random each time.

    Raises ValueError where the message is longer than MOST_BYTES.
    """
    if len(message) > MOST_BYTES:
        raise ValueError(f"a pushed message has at most {MOST_BYTES} bytes, got {len(message)}")
    once = once or Once(ec.generate_private_key(CURVE), os.urandom(_SALT_BYTES))
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to.public)
    ours = point_of(once.key)
    shared = once.key.exchange(ec.ECDH(), theirs)
    secret = _derived(shared, to.auth, b"WebPush: info\x00" + to.public + ours, 32)
    key = _derived(secret, once.salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, once.salt, b"Content-Encoding: nonce\x00", 12)
    header = once.salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, message + _LAST, None)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key of a private one, as browsers write it."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _bytes_of(name: str, text: str, length: int) -> bytes:
    """Some browsers pad, some don't; a text of any other length is not decoded at all."""
    bare = text.rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True) if len(bare) < 200 else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise ValueError(f"{name}: must be {length} bytes in base64url")
    return raw
