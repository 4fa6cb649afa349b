"""How is PagerDuty's REST API asked, and what does its answer mean? As its published OpenAPI file says."""

import json
from datetime import timedelta

import pytest

from tocsin.errors import Unreachable
from tocsin.integrations.pagerduty import rest
from tocsin.integrations.pagerduty.rest import RestAccount
from tocsin.integrations.wire import Reply


def test_a_note_and_a_request_are_made_in_somebodys_name() -> None:
    account = RestAccount("https://api.pagerduty.com", "a-token", "tocsin@example.com")
    note = rest.note_on(account, "Q1/../x", "rolled back")
    assert (note.method, note.url) == ("POST", "https://api.pagerduty.com/incidents/Q1%2F..%2Fx/notes")
    assert note.headers["from"] == "tocsin@example.com"
    assert json.loads(note.body) == {"note": {"content": "rolled back"}}
    asked = rest.responder_request(account, "Q1", requester="PL1JMK5", user="PJ25ZYX", message="please help")
    assert json.loads(asked.body) == {
        "requester_id": "PL1JMK5",
        "message": "please help",
        "responder_request_targets": [{"responder_request_target": {"id": "PJ25ZYX", "type": "user_reference"}}],
    }


def test_the_token_is_in_no_representation() -> None:
    account = RestAccount("https://api.pagerduty.com", "a-token")
    assert "a-token" not in repr(account) + repr(rest.incidents_of(account, "k"))


@pytest.mark.parametrize(
    ("setting", "region", "url"),
    [
        ("", "us", "https://api.pagerduty.com"),
        ("", "eu", "https://api.eu.pagerduty.com"),
        ("http://127.0.0.1:9", "eu", "http://127.0.0.1:9"),
    ],
)
def test_region_has_its_own_address(setting: str, region: str, url: str) -> None:
    assert rest.api_url(setting, region) == url


def test_refusal_is_told_in_pagerdutys_words() -> None:
    body = b'{"error": {"message": "Invalid Input Provided", "code": 2001, "errors": ["Limit is \\u202ewrong"]}}'
    reply = Reply(400, {}, body)
    with pytest.raises(Unreachable) as caught:
        rest.counterparts_in(reply)
    assert str(caught.value) == ("PagerDuty's REST API refused (HTTP 400): Invalid Input Provided: Limit is wrong")


def test_wait_has_an_end_whatever_it_asks_for() -> None:
    assert rest.wait_after(Reply(429, {"ratelimit-reset": "9" * 30}, b"")) == timedelta(hours=1)
