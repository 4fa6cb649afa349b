"""What has an authenticator answered? A new passkey, or a signature by one; verified by py_webauthn, never believed.

What is not as it must be raises NotSignedIn. Counters are told, not judged: that takes what is stored.
"""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from typing import Any

import msgspec
from msgspec import Struct, field

from tocsin.accounts.passkeys import RelyingParty
from tocsin.errors import InvalidInput, NotSignedIn
from tocsin.integrations.base64url import text_of
from tocsin.integrations.passkeys.asking import ALGORITHMS

_LONGEST = 16 * 1024  # characters: without attestation an answer has about a thousand
_LONGEST_ID = 1_364  # characters: 1,023 bytes, the most that WebAuthn lets an authenticator take
_NOT_TRUE = "what the authenticator says could not be verified: begin again"


class _Response(Struct, frozen=True, rename="camel"):
    client_data: str = field(name="clientDataJSON")
    attestation_object: str = ""
    authenticator_data: str = ""
    signature: str = ""
    user_handle: str | None = None


class _Credential(Struct, frozen=True):
    id: str
    type: str
    response: _Response


class _ClientData(Struct, frozen=True, rename="camel"):
    challenge: str
    cross_origin: bool = False


class Answer(Struct, frozen=True):
    """An answer as it came, nothing of it verified: `id` is the passkey's, `handle` whose it claims to be."""

    id: str
    challenge: bytes
    handle: bytes
    told: _Credential
    is_of_a_frame: bool


class Made(Struct, frozen=True):
    """A new passkey, verified: `public_key` is base64url of COSE."""

    id: str
    public_key: str
    sign_count: int
    is_synced: bool


class Signed(Struct, frozen=True):
    """A signature by a passkey, verified: what it says of itself now."""

    sign_count: int
    is_synced: bool


def read(text: str) -> Answer:
    """The answer in a browser's JSON; raises InvalidInput for what is none."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"credential: must be at most {_LONGEST} characters long, got {len(text)}")
    try:
        told = msgspec.json.decode(text, type=_Credential)
        client = msgspec.json.decode(_bytes(told.response.client_data), type=_ClientData)
        challenge, handle = _bytes(client.challenge), _bytes(told.response.user_handle or "")
    except (msgspec.MsgspecError, NotBase64, ValueError, RecursionError) as error:
        raise InvalidInput("credential: must be the JSON of a browser's PublicKeyCredential") from error
    if not told.id or len(told.id) > _LONGEST_ID:
        raise InvalidInput(f"credential: its id must have 1 to {_LONGEST_ID} characters, got {len(told.id)}")
    return Answer(told.id, challenge, handle, told, client.cross_origin)


def made(answer: Answer, party: RelyingParty) -> Made:
    """The passkey that was made, for this server and the answer's challenge, by somebody whom the device checked."""
    import webauthn  # noqa: PLC0415  # 160 ms, for those who use it
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography  # noqa: PLC0415
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415

    _refuse_of_a_frame(answer)
    try:
        found = webauthn.verify_registration_response(
            credential=_as_told(answer),
            expected_challenge=answer.challenge,  # looked at before: it is one of ours
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(it) for it in ALGORITHMS],
        )
        # A key that can verify nothing would be kept, and never let anybody in.
        key = decode_credential_public_key(found.credential_public_key)
        decoded_public_key_to_cryptography(key)
        is_usable = ALGORITHMS[key.alg] == key.kty
    except Exception as error:  # bytes of anybody's, through a parser that lets KeyError, ValueError and others pass
        raise NotSignedIn(_NOT_TRUE) from error
    if not is_usable or text_of(found.credential_id) != answer.id:
        raise NotSignedIn(_NOT_TRUE)
    return Made(answer.id, text_of(found.credential_public_key), found.sign_count, found.credential_backed_up)


def signed(answer: Answer, party: RelyingParty, *, public_key: str) -> Signed:
    """What a signature by that key says: for this server, this challenge, by somebody whom the device has checked."""
    import webauthn  # noqa: PLC0415  # 160 ms, for those who use it

    _refuse_of_a_frame(answer)
    try:
        found = webauthn.verify_authentication_response(
            credential=_as_told(answer),
            expected_challenge=answer.challenge,  # looked at before: it is one of ours
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=_bytes(public_key),
            credential_current_sign_count=0,  # looked at later, once it is known who says so
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise NotSignedIn(_NOT_TRUE) from error
    return Signed(found.new_sign_count, found.credential_backed_up)


def _refuse_of_a_frame(answer: Answer) -> None:
    """No page of ours can be framed, so whoever is in a frame is another's."""
    if answer.is_of_a_frame:
        raise NotSignedIn(_NOT_TRUE)


def _as_told(answer: Answer) -> dict[str, Any]:
    """The answer as py_webauthn takes it; made of what was read, so that no two parsers read it differently."""
    told, it = answer.told, answer.told.response
    response = {
        "clientDataJSON": it.client_data,
        "attestationObject": it.attestation_object,
        "authenticatorData": it.authenticator_data,
        "signature": it.signature,
        "userHandle": it.user_handle,
    }
    return {"id": told.id, "rawId": told.id, "type": told.type, "response": response}


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
