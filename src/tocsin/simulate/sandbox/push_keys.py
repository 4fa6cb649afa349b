"""What does a browser make of what is pushed to it? The reading side of RFC 8291, as browsers have it.

Written from the RFCs for this file alone, on HMAC, so that it shares no mistake with the side that encrypts: RFC 8291,
section 3.4; RFC 8188, sections 2 and 2.1; RFC 5869 (HKDF).
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_HEADER = 16 + 4 + 1


class Unreadable(Exception):
    """The browser would drop the message, for this reason."""


def decrypted(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """The message; raises Unreadable."""
    if len(body) < _HEADER:
        raise Unreadable("the header is cut off")
    salt, record, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    theirs, sealed = body[_HEADER : _HEADER + length], body[_HEADER + length :]
    if length != 65:
        raise Unreadable("the key id must be the sender's public key: RFC 8291, section 4")
    if len(sealed) > record:
        raise Unreadable("there is more than one record: RFC 8291, section 4")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        content, nonce = _content_keys(key, public, auth, salt)
        padded = AESGCM(content).decrypt(nonce, sealed, None)
    except (ValueError, InvalidTag) as error:
        raise Unreadable("it was not encrypted for this browser") from error
    message, delimiter, _ = padded.rpartition(b"\x02")
    if not delimiter or padded[len(message) + 1 :].strip(b"\x00"):
        raise Unreadable("the last record must end with 2 and zeros: RFC 8188, section 2")
    return message


def _content_keys(
    key: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, auth: bytes, salt: bytes
) -> tuple[bytes, bytes]:
    ours, theirs = _point(key.public_key()), _point(public)
    combined = _hmac(auth, key.exchange(ec.ECDH(), public))
    secret = _hmac(salt, _hmac(combined, b"WebPush: info\x00" + ours + theirs + b"\x01"))
    content = _hmac(secret, b"Content-Encoding: aes128gcm\x00\x01")[:16]
    return content, _hmac(secret, b"Content-Encoding: nonce\x00\x01")[:12]


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
