"""Is an ID token true? Every way to forge one that is known is refused."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tocsin.errors import NotSignedIn
from tocsin.integrations.oidc.id_token import Expected, claims_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EXPECTED = Expected(issuer="https://id.example", client_id="tocsin", nonce="n0nce")
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "k2"})
KEYS: dict[str, Any] = {"keys": [KEY.as_dict(private=False), CURVE.as_dict(private=False)]}


def at(minutes: float) -> int:
    return int((NOON + timedelta(minutes=minutes)).timestamp())


CLAIMS: dict[str, Any] = {
    "iss": "https://id.example",
    "aud": "tocsin",
    "sub": "248289",
    "nonce": "n0nce",
    "iat": at(-1),
    "exp": at(5),
}


def token(key: Any = KEY, algorithm: str = "RS256", kid: str | None = "k1", **claims: Any) -> str:
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    merged = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(header, merged, key, algorithms=[algorithm])


def test_true_token_gives_its_claims() -> None:
    assert claims_of(token(), KEYS, EXPECTED, NOON)["sub"] == "248289"
    assert claims_of(token(CURVE, "ES256", "k2"), KEYS, EXPECTED, NOON)["sub"] == "248289"
    assert claims_of(token(aud=["tocsin", "other"], azp="tocsin"), KEYS, EXPECTED, NOON)["sub"] == "248289"


def test_clocks_may_differ_by_a_minute() -> None:
    assert claims_of(token(exp=at(-0.9)), KEYS, EXPECTED, NOON)
    with pytest.raises(NotSignedIn):
        claims_of(token(exp=at(-1.1)), KEYS, EXPECTED, NOON)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "https://evil.example"}, id="another issuer"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"aud": "another-client"}, id="for another client"),
        pytest.param({"aud": None}, id="for nobody"),
        pytest.param({"azp": "another-client"}, id="given to another client"),
        pytest.param({"nonce": "another"}, id="of another sign-in"),
        pytest.param({"nonce": None}, id="of no sign-in"),
        pytest.param({"exp": at(-10)}, id="expired"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"iat": at(10)}, id="of the future"),
        pytest.param({"nbf": at(10)}, id="not valid yet"),
        pytest.param({"sub": None}, id="about nobody"),
        pytest.param({"exp": "tomorrow"}, id="an end that is no number"),
    ],
)
def test_token_that_says_something_else_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        claims_of(token(**claims), KEYS, EXPECTED, NOON)


def unsigned() -> str:
    head, body, _ = token().split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert head
    return f"{none}.{body}."


def by_public_key_as_a_secret() -> str:
    head = encoded(json.dumps({"alg": "HS256", "kid": "k1"}).encode())
    signed = f"{head}.{token().split('.')[1]}"
    return f"{signed}.{encoded(hmac.digest(KEY.as_pem(private=False), signed.encode(), 'sha256'))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tampered() -> str:
    head, body, signature = token().split(".")
    other = token(sub="somebody-else").split(".")[1]
    assert body != other
    return f"{head}.{other}.{signature}"


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(unsigned(), id="alg none"),
        pytest.param(by_public_key_as_a_secret(), id="HS256 with the public key"),
        pytest.param(token(OTHER), id="another key under a known name"),
        pytest.param(token(kid="../../../dev/null"), id="a key named by a path"),
        pytest.param(tampered(), id="another body under the signature"),
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("a.b.c.d.e", id="an encrypted one"),
        pytest.param("é", id="no ASCII"),
    ],
)
def test_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(NotSignedIn):
        claims_of(forged, KEYS, EXPECTED, NOON)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"keys": []}, id="no keys"),
        pytest.param({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]}, id="a symmetric key"),
        pytest.param({"keys": [{"kty": "RSA", "kid": "k1"}]}, id="half a key"),
        pytest.param({"keys": [{**KEY.as_dict(private=False), "use": "enc"}]}, id="a key for something else"),
        pytest.param({"keys": ["x", 7, None]}, id="no keys at all"),
    ],
)
def test_keys_that_sign_nothing_are_no_keys(keys: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        claims_of(token(), keys, EXPECTED, NOON)
