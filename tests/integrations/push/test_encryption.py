"""Is a message encrypted as RFC 8291 has it? Its own example, and whatever else a browser can be sent."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tocsin.integrations.base64url import text_of
from tocsin.integrations.push.encryption import CURVE, MOST_BYTES, Keys, Once, encrypted, keys_of, point_of
from tocsin.simulate.sandbox.push_keys import decrypted


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw(text), "big"), CURVE)


def test_example_of_the_rfc_is_encrypted_byte_for_byte() -> None:
    once = Once(private_key(AS_PRIVATE), raw(SALT))
    assert text_of(encrypted(PLAIN, keys_of(UA_PUBLIC, AUTH), once)) == BODY


def test_example_of_the_rfc_is_read_by_the_stand_in() -> None:
    assert decrypted(raw(BODY), private_key(UA_PRIVATE), raw(AUTH)) == PLAIN


@given(message=st.binary(max_size=MOST_BYTES), auth=st.binary(min_size=16, max_size=16))
def test_browser_reads_what_was_encrypted_for_it(message: bytes, auth: bytes) -> None:
    key = ec.generate_private_key(CURVE)
    assert decrypted(encrypted(message, Keys(point_of(key), auth)), key, auth) == message


def test_no_two_messages_are_alike() -> None:
    keys = keys_of(UA_PUBLIC, AUTH)
    assert encrypted(PLAIN, keys) != encrypted(PLAIN, keys)


def test_longest_message_fills_one_record_and_a_longer_one_is_refused() -> None:
    keys = keys_of(UA_PUBLIC, AUTH)
    assert len(encrypted(b"a" * MOST_BYTES, keys)) == 4_096
    with pytest.raises(ValueError, match="has at most 3993 bytes, got 3994"):
        encrypted(b"a" * (MOST_BYTES + 1), keys)


@pytest.mark.parametrize(
    ("p256dh", "auth", "fault"),
    [
        pytest.param("", AUTH, "p256dh: must be 65 bytes in base64url", id="no key"),
        pytest.param(UA_PUBLIC[:-4], AUTH, "p256dh: must be 65 bytes in base64url", id="a short key"),
        pytest.param(text_of(b"\x04" + bytes(64)), AUTH, "p256dh: is no point of the curve P-256", id="no point"),
        pytest.param(text_of(b"\x02" + raw(UA_PUBLIC)[1:]), AUTH, "p256dh: is no point", id="another form"),
        pytest.param("A" * 100_000, AUTH, "p256dh: must be 65 bytes", id="a novel"),
        pytest.param(UA_PUBLIC, "BTBZ", "auth: must be 16 bytes in base64url", id="a short secret"),
        pytest.param(UA_PUBLIC, "ü" * 22, "auth: must be 16 bytes in base64url", id="no base64"),
    ],
)
def test_key_that_is_wrong_is_named(p256dh: str, auth: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        keys_of(p256dh, auth)


def test_padding_of_a_key_does_not_matter() -> None:
    assert keys_of(UA_PUBLIC + "=", AUTH + "==") == keys_of(UA_PUBLIC, AUTH)
