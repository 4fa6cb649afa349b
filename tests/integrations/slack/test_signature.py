"""Is a request believed that Slack has signed, and no other? Against the published vector and Slack's own SDK."""

import json

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.fakes.contract import shared
from tocsin.integrations.slack.inbound.signature import fault_in, sign

SECRET, AT, BODY = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618", b"token=x&text=a+%26+b"


def fault(*, secret: str = SECRET, timestamp: str = AT, body: bytes = BODY, now: float = float(AT), **more: str) -> str:
    signature = more.get("signature", sign(SECRET, AT, BODY))
    return fault_in(secret, timestamp=timestamp, signature=signature, body=body, now=now) or ""


def test_the_published_example_is_believed() -> None:
    vector = json.loads(shared("contracts/signature-vectors.json").read_text())["slack_v0"]
    found = fault_in(
        vector["signing_secret"],
        timestamp=vector["timestamp"],
        signature=vector["valid"],
        body=vector["body"].encode(),
        now=float(vector["timestamp"]),
    )
    assert found is None


def test_what_slacks_own_sdk_signs_is_believed() -> None:
    signed = SignatureVerifier(SECRET).generate_signature(timestamp=AT, body=BODY)
    assert fault(signature=signed or "") == ""


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_request_of_five_minutes_is_young_enough(seconds: int) -> None:
    assert fault(now=float(AT) + seconds) == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"now": float(AT) + 301}, "within five minutes", id="an old one"),
        pytest.param({"now": float(AT) - 301}, "within five minutes", id="one from the future"),
        pytest.param({"secret": "another"}, "not that of this app", id="another secret"),
        pytest.param({"body": BODY + b"&text=c"}, "not that of this app", id="another body"),
        pytest.param({"timestamp": "1531420619"}, "not that of this app", id="another time"),
        pytest.param({"timestamp": ""}, "must be seconds", id="no time"),
        pytest.param({"timestamp": "١٥٣"}, "must be seconds", id="a time in other digits"),
        pytest.param({"timestamp": "9" * 400}, "must be seconds", id="a time without end"),
        pytest.param({"signature": ""}, "not that of this app", id="no signature"),
        pytest.param({"signature": "v0=\udcff"}, "not that of this app", id="a signature that is no text"),
    ],
)
def test_anything_else_is_not(changed: dict[str, object], told: str) -> None:
    assert told in fault(**changed)  # type: ignore[arg-type]
