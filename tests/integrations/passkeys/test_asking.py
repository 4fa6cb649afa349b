"""What is a browser asked for, and who pays for the library that reads its answers?"""

import subprocess
import sys

from tocsin.accounts.passkeys import RelyingParty
from tocsin.integrations.passkeys import asking
from tocsin.integrations.passkeys.asking import User

PARTY = RelyingParty("tocsin.example.com", "https://tocsin.example.com")


def test_new_passkey_needs_no_name_typed_and_checks_who_holds_it() -> None:
    asked = asking.to_add(PARTY, b"\xfb\xff", User(b"handle", "alice@example.com", "Alice"), ["a2V5"])
    assert asked["rp"] == {"id": "tocsin.example.com", "name": "Tocsin"}
    assert asked["user"] == {"id": "aGFuZGxl", "name": "alice@example.com", "displayName": "Alice"}
    assert asked["challenge"] == "-_8"
    assert [it["alg"] for it in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["excludeCredentials"] == [{"type": "public-key", "id": "a2V5"}]
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert asked["attestation"] == "none"


def test_sign_in_names_nobodys_passkeys() -> None:
    assert asking.to_sign_in(PARTY, b"\xfb\xff") == {
        "rpId": "tocsin.example.com",
        "challenge": "-_8",
        "timeout": 300_000,
        "allowCredentials": [],
        "userVerification": "required",
    }


def test_whoever_has_no_passkey_waits_for_no_import() -> None:
    asked = "import sys, tocsin.web.app; print({'webauthn', 'cbor2', 'OpenSSL'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "set()\n"
