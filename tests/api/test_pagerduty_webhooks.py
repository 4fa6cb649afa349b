"""Who gets through the door of PagerDuty's webhooks, and what do they leave behind?

What a webhook leads to is tested in tests/engine/test_pagerduty_hearing.py.
"""

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.api.harness import Api, running
from tocsin.integrations.pagerduty.inbound import MAX_WEBHOOK
from tocsin.settings import Settings

SECRET = "a-secret-of-the-subscription"
PING = {"event": {"id": "01P", "event_type": "pagey.ping", "occurred_at": "2026-11-25T03:04:05Z", "data": {}}}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    settings = Settings(database=f"sqlite:///{tmp_path / 'tocsin.db'}", environ={"PAGERDUTY_WEBHOOK_SECRET": SECRET})
    with running(tmp_path, settings=settings) as api:
        yield api


def post(api: Api, body: bytes, signature: str | None = None, *, key: str = "") -> tuple[int, str]:
    signed = f"v1={hmac.new(SECRET.encode(), body, sha256).hexdigest()}" if signature is None else signature
    path = f"/intake/pagerduty/{key or api.intake}"
    response = api.ask("POST", path, token=None, content=body, headers={"X-PagerDuty-Signature": signed})
    return response.status_code, response.json().get("detail", "")


def test_test_event_is_taken_and_noted_for_the_doctor(api: Api) -> None:
    assert post(api, json.dumps(PING).encode()) == (202, "")
    assert api.count("SELECT count(*) FROM meta WHERE name = 'pagerduty_heard_at'") == 1


@pytest.mark.parametrize("signature", ["", "v1=" + "0" * 64, "v0=x"])
def test_what_is_not_signed_is_not_even_read(api: Api, signature: str) -> None:
    status, told = post(api, b"no JSON", signature)
    assert (status, api.count("SELECT count(*) FROM meta WHERE name = 'pagerduty_heard_at'")) == (401, 0)
    assert told == (
        "X-PagerDuty-Signature: must be made of this body with a secret that [pagerduty] webhook_secrets names"
    )


def test_signature_alone_does_not_open_the_door(api: Api) -> None:
    assert post(api, json.dumps(PING).encode(), key="garbage")[0] == 401


def test_signed_body_that_is_no_webhook_is_refused_with_what_is_wrong(api: Api) -> None:
    status, told = post(api, b"{}")
    assert (status, told[:52]) == (422, "body: must be a PagerDuty webhook, version 3: Object")


def test_more_than_pagerduty_ever_sends_is_not_read(api: Api) -> None:
    assert post(api, b" " * (MAX_WEBHOOK + 1))[0] == 413


def test_without_a_secret_the_door_is_shut(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        status, told = post(api, json.dumps(PING).encode())
    assert (status, told) == (
        403,
        "no secret of PagerDuty's webhooks is set: set what [pagerduty] webhook_secrets names",
    )
