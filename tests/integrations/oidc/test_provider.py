"""What is asked of an identity provider, and which of its answers are believed?"""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tocsin.errors import NotSignedIn, Unreachable
from tocsin.integrations.oidc.provider import (
    Client,
    Flow,
    Provider,
    claims_with,
    discovery,
    exchange,
    is_safe,
    keys_in,
    provider_of,
    tokens_of,
    way_there,
)
from tocsin.integrations.wire import Reply

ISSUER = "https://id.example"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
PROVIDER = Provider(ISSUER, f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/keys")
CLIENT = Client("toc:sin", "s&cret", "https://tocsin.example/signin/oidc/return", ("openid", "email"))
FLOW = Flow("st4te", "n0nce", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/")


def reply(told: object, status: int = 200) -> Reply:
    return Reply(status, {}, told if isinstance(told, bytes) else json.dumps(told).encode())


def test_discovery_document_lies_below_the_issuer() -> None:
    assert discovery(f"{ISSUER}/").url == discovery(ISSUER).url == f"{ISSUER}/.well-known/openid-configuration"


def test_document_of_the_issuer_is_believed() -> None:
    assert provider_of(reply(DOCUMENT), ISSUER) == PROVIDER


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        pytest.param(reply({**DOCUMENT, "issuer": "https://evil.example"}), "another issuer", id="another issuer"),
        pytest.param(reply({**DOCUMENT, "token_endpoint": "http://id.example/t"}), "https", id="plain http"),
        pytest.param(reply({**DOCUMENT, "jwks_uri": "file:///etc/passwd"}), "https", id="a file"),
        pytest.param(reply({**DOCUMENT, "jwks_uri": None}), "https", id="no keys"),
        pytest.param(reply({**DOCUMENT, "userinfo_endpoint": "ftp://id.example"}), "https", id="another protocol"),
        pytest.param(reply(b"<html>"), "is not JSON", id="a page"),
        pytest.param(reply([]), "is no object", id="a list"),
        pytest.param(reply(DOCUMENT, 500), "answered 500", id="a fault"),
    ],
)
def test_other_document_is_not_believed(told: Reply, fault: str) -> None:
    with pytest.raises(Unreachable, match=fault):
        provider_of(told, ISSUER)


def test_challenge_is_that_of_rfc_7636() -> None:
    query = parse_qs(urlsplit(way_there(PROVIDER, CLIENT, FLOW)).query)
    assert query["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
    assert (query["state"], query["nonce"], query["scope"]) == (["st4te"], ["n0nce"], ["openid email"])


def test_code_is_exchanged_with_verifier_and_secret() -> None:
    request = exchange(PROVIDER, CLIENT, FLOW, "c0de")
    assert b64decode(request.headers["authorization"].partition(" ")[2]) == b"toc%3Asin:s%26cret"
    assert parse_qs(request.body.decode())["code_verifier"] == [FLOW.verifier]
    assert "s&cret" not in repr(request)


def test_refused_code_is_the_callers_fault_and_a_broken_answer_the_providers() -> None:
    with pytest.raises(NotSignedIn):
        tokens_of(reply({"error": "invalid_grant"}, 400))
    for told in ({}, {"id_token": 7}, {"id_token": "x", "access_token": 7}):
        with pytest.raises(Unreachable):
            tokens_of(reply(told))
    assert tokens_of(reply({"id_token": "x", "access_token": "y"})) == ("x", "y")


def test_userinfo_of_another_subject_is_refused_and_signed_claims_come_first() -> None:
    with pytest.raises(NotSignedIn):
        claims_with({"sub": "1"}, reply({"sub": "2", "groups": ["leads"]}))
    assert claims_with({"sub": "1", "email": "a"}, reply({"sub": "1", "email": "b", "groups": []})) == {
        "sub": "1",
        "email": "a",
        "groups": [],
    }


def test_keys_are_a_set() -> None:
    assert keys_in(reply({"keys": []})) == {"keys": []}
    with pytest.raises(Unreachable):
        keys_in(reply({"keys": "x"}))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example", True),
        ("http://127.0.0.1:9400", True),
        ("http://localhost:9400", True),
        ("http://[::1]:9400", True),
        ("http://id.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_https_and_this_machine_are_safe(url: str, safe: bool) -> None:
    assert is_safe(url) is safe
