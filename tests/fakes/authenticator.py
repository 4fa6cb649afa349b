"""An authenticator in software, with a browser around it: it says what WebAuthn wants said, or whatever a test wants.

Written from the specification (WebAuthn Level 3, 6.1 and 7), without the library that verifies.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

Options = dict[str, Any]

PRESENT, VERIFIED, MAY_BE_SYNCED, SYNCED, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


def text_of(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


class Authenticator:
    """One passkey on one device. `origin` is that of the page that asks; every other word can be bent as well."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.handle = b""
        self.counter = 0
        self.flags = PRESENT | VERIFIED
        self.algorithm = -7
        self.rp_id: str | None = None  # None: what the options say
        self.client: dict[str, Any] = {}  # what the browser says beside the rest, or instead of it

    def create(self, options: Options) -> str:
        """The answer to `navigator.credentials.create()`, as a page sends it."""
        self.handle = bytes_of(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        key = {
            1: 2,
            3: self.algorithm,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(key)
        data = self._data(options["rp"]["id"], HAS_KEY) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._written(self._client("webauthn.create", options), attestationObject=made)

    def get(self, options: Options) -> str:
        """The answer to `navigator.credentials.get()`, as a page sends it."""
        client, data = self._client("webauthn.get", options), self._data(options["rpId"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._written(client, authenticatorData=data, signature=signature, userHandle=self.handle)

    def _client(self, kind: str, options: Options) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **self.client}).encode()

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        rp = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return rp + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")

    def _written(self, client: bytes, **response: bytes) -> str:
        said = {"clientDataJSON": text_of(client), **{name: text_of(value) for name, value in response.items()}}
        return json.dumps({"id": text_of(self.id), "type": "public-key", "response": said})
