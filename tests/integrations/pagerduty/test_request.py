import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import contract
from tests.fakes.effects import INCIDENT, PAGERDUTY, SECRET_KEY, acknowledgement, page, resolution
from tests.fakes.sending import recorded
from tests.integrations.pace import unhurried
from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import ReportPageFailed
from tocsin.integrations.pagerduty.outbound import (
    MAX_BODY,
    MAX_DEDUP_KEY,
    MAX_SUMMARY,
    PagerDutyEffect,
    dedup_key,
    events_url,
    request_for,
)
from tocsin.integrations.wire import Never, Request
from tocsin.simulate.sandbox.pagerduty import faults_in
from tocsin.sop.words import Severity, Urgency


def event_of(effect: PagerDutyEffect) -> dict[str, Any]:
    request = request_for(effect, PAGERDUTY)
    assert isinstance(request, Request)
    event: dict[str, Any] = json.loads(request.body)
    return event


def test_a_page_triggers_an_alert_that_says_what_is_wrong_and_leads_to_the_incident() -> None:
    url = f"https://tocsin.example.org/incidents/{INCIDENT}"
    assert event_of(page()) == {
        "routing_key": SECRET_KEY,
        "event_action": "trigger",
        "dedup_key": f"tocsin-k3x9-{INCIDENT}-3-0",
        "payload": {
            "timestamp": "2026-01-05T12:00:00+00:00",
            "summary": "SEV1: Checkout is down",
            "severity": "critical",
            "source": "checkout",
            "component": "checkout",
            "group": INCIDENT,
            "class": "page",
            "custom_details": {
                "incident": INCIDENT,
                "page_key": f"{INCIDENT}-3-0",
                "person": "alice",
                "reason": "Paged primary on-call",
                "severity": "SEV1",
                "urgency": "page",
            },
        },
        "client": "Tocsin",
        "client_url": url,
        "links": [{"href": url, "text": f"{INCIDENT} in Tocsin"}],
    }


def test_a_page_leads_to_the_runbook_and_to_the_channel_where_they_are_known() -> None:
    links = event_of(page(runbook="https://wiki.example/checkout", channel="C024BE91L"))["links"]
    assert [(it["text"], it["href"]) for it in links[1:]] == [
        ("Runbook", "https://wiki.example/checkout"),
        ("Channel in Slack", "https://slack.com/app_redirect?channel=C024BE91L"),
    ]


def test_a_runbook_whose_address_is_too_long_to_follow_is_left_out() -> None:
    assert len(event_of(page(runbook=f"https://wiki.example/{'x' * 2048}"))["links"]) == 1


def test_a_page_that_an_older_version_decided_has_no_time_and_is_sent_all_the_same() -> None:
    older = msgspec.structs.replace(page(), at=None)
    assert "timestamp" not in event_of(older)["payload"]
    assert faults_in(event_of(older)) == []


def test_the_request_is_json_to_the_events_address() -> None:
    request = request_for(page(), PAGERDUTY)
    assert isinstance(request, Request)
    assert (request.method, request.url) == ("POST", "https://events.pagerduty.com/v2/enqueue")
    assert request.headers == {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("severity", "said"),
    [
        (Severity.SEV1, "critical"),
        (Severity.SEV2, "error"),
        (Severity.SEV3, "warning"),
        (Severity.SEV4, "info"),
        (None, "error"),
    ],
)
def test_the_severity_is_said_in_pagerdutys_words(severity: Severity | None, said: str) -> None:
    assert event_of(page(severity=severity))["payload"]["severity"] == said


def test_a_notification_informs_whatever_the_severity() -> None:
    payload = event_of(page(urgency=Urgency.NOTIFY, reason="Status update overdue since 10:15 UTC"))["payload"]
    assert payload["severity"] == "info"
    assert payload["summary"] == (
        f"For information: Status update overdue since 10:15 UTC ({INCIDENT}: Checkout is down)"
    )


@pytest.mark.parametrize(("effect", "action"), [(acknowledgement(), "acknowledge"), (resolution(), "resolve")])
def test_an_end_carries_the_key_of_its_page_and_nothing_else(effect: PagerDutyEffect, action: str) -> None:
    key = event_of(page())["dedup_key"]
    assert event_of(effect) == {"routing_key": SECRET_KEY, "event_action": action, "dedup_key": key}


def test_a_contact_method_with_its_own_key_uses_it() -> None:
    assert event_of(page(routing_key="env:DATABASE_KEY"))["routing_key"] == "0123456789abcdef0123456789abcdef"


def test_a_page_without_a_known_key_fails_at_once_naming_the_secret() -> None:
    reason = "no PagerDuty routing key: env:LOST_KEY is not set"
    assert request_for(page(routing_key="env:LOST_KEY"), PAGERDUTY) == Never(
        reason=reason, receipts=(ReportPageFailed(key=f"{INCIDENT}-3-0", via="pagerduty", reason=reason),)
    )


def test_an_end_without_a_known_key_fails_without_a_receipt() -> None:
    account = msgspec.structs.replace(PAGERDUTY, keys={})
    never = request_for(resolution(), account)
    assert isinstance(never, Never)
    assert never.receipts == ()


def test_two_installations_on_one_routing_key_never_share_a_dedup_key() -> None:
    assert dedup_key("INC-1-3-0", "k3x9") != dedup_key("INC-1-3-0", "p7q2")


def test_a_key_too_long_for_pagerduty_is_digested_and_stays_distinct() -> None:
    keys = {dedup_key("x" * length, "k3x9") for length in range(230, 300)}
    assert len(keys) == 70
    assert max(len(key) for key in keys) <= MAX_DEDUP_KEY


def test_an_account_does_not_show_its_keys() -> None:
    assert SECRET_KEY not in repr(PAGERDUTY)
    assert SECRET_KEY not in f"{[PAGERDUTY]}"


@unhurried
@given(title=st.text(max_size=5000), reason=st.text(max_size=5000), service=st.text(max_size=5000))
def test_whatever_people_wrote_the_event_is_one_that_pagerduty_takes(title: str, reason: str, service: str) -> None:
    for urgency in (Urgency.PAGE, Urgency.NOTIFY):
        request = request_for(page(title=title, reason=reason, service=service, urgency=urgency), PAGERDUTY)
        assert isinstance(request, Request)
        assert len(request.body) <= MAX_BODY
        event = json.loads(request.body)
        assert len(event["payload"]["summary"]) <= MAX_SUMMARY
        assert faults_in(event) == []
        assert contract.faults_of(recorded(request)) == []


def test_a_page_has_the_link_that_acknowledges_it_and_a_notification_has_none() -> None:
    links = PageLinks("https://tocsin.example.org", "5ec4e7")
    account = replace(PAGERDUTY, links=links)
    asked = [request_for(page(urgency=urgency), account) for urgency in (Urgency.PAGE, Urgency.NOTIFY)]
    events = [json.loads(request.body) for request in asked if isinstance(request, Request)]
    answer = {"href": links.acknowledgement(page().key), "text": "Acknowledge in Tocsin"}
    assert [answer in event["links"] for event in events] == [True, False]
    assert all(faults_in(event) == [] for event in events)


def test_control_and_bidi_characters_do_not_reach_the_phone() -> None:
    summary = event_of(page(title="down\x07\x1b[31m\u202e gnp.exe\x00"))["payload"]["summary"]
    assert summary == "SEV1: down [31m gnp.exe"


@pytest.mark.parametrize(
    ("setting", "region", "url"),
    [
        ("", "us", "https://events.pagerduty.com/v2/enqueue"),
        ("", "eu", "https://events.eu.pagerduty.com/v2/enqueue"),
        ("http://127.0.0.1:8025", "eu", "http://127.0.0.1:8025/v2/enqueue"),
        ("http://127.0.0.1:8025/", "us", "http://127.0.0.1:8025/v2/enqueue"),
        ("https://relay.example.org/pd/v2", "us", "https://relay.example.org/pd/v2/enqueue"),
        ("https://relay.example.org/v2/", "us", "https://relay.example.org/v2/enqueue"),
        ("https://relay.example.org/v2/enqueue", "us", "https://relay.example.org/v2/enqueue"),
        ("https://relay.example.org/v2/enqueue/", "us", "https://relay.example.org/v2/enqueue"),
    ],
)
def test_the_events_address_is_completed(setting: str, region: str, url: str) -> None:
    assert events_url(setting, region) == url
