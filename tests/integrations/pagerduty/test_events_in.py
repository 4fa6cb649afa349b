"""What does an event tell that was meant for PagerDuty? Whatever its bytes are: an alert, or a fault with its place."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrations.pace import unhurried
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.errors import InvalidInput
from tocsin.integrations.pagerduty.events_in import Unrecognized, alert_of, keep, parse, read_event

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
KEY = "e93facc04764012d7bfb002500d5d1a6"
PAYLOAD: dict[str, Any] = {"summary": "DISK at 99% on srv01", "source": "srv01", "severity": "critical"}

texts = st.text(max_size=40)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def body_of(**more: object) -> bytes:
    """A trigger; what is given takes the place of what it says, or None takes it out."""
    told = {"routing_key": KEY, "event_action": "trigger", "dedup_key": "srv01/disk", "payload": PAYLOAD, **more}
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def alert_from(body: bytes) -> Alert:
    """The alert, after the way that events go: read, kept without the key, read once more."""
    event = read_event(body)
    kept = keep(body, event, event.dedup_key or "made", "website", NOON)
    assert KEY.encode() not in kept
    (alert,) = parse(kept, NOON)
    return alert


def test_everything_that_an_event_says_is_in_its_alert() -> None:
    payload = {
        **PAYLOAD,
        "timestamp": "2015-07-17T08:42:58.315+0000",
        "component": "mysql",
        "group": "prod-datapipe",
        "class": "disk",
        "custom_details": {"free space": "1%", "load avg": 0.75, "tags": ["a", None]},
    }
    alert = alert_from(
        body_of(
            payload=payload,
            client="Sample Monitoring Service",
            client_url="https://monitoring.example",
            links=[{"href": "https://wiki.example/disk", "text": "Runbook"}, {"href": "https://wiki.example"}],
            images=[{"src": "https://charts.example/1.png", "alt": "The disk"}],
        )
    )
    assert alert == Alert(
        labels={
            "alertname": "srv01/disk",
            "integration": "website",
            "service": "website",
            "severity": "critical",
            "source": "srv01",
            "component": "mysql",
            "group": "prod-datapipe",
            "class": "disk",
        },
        annotations={
            "summary": "DISK at 99% on srv01",
            "free space": "1%",
            "load avg": "0.75",
            "tags": '["a", null]',
            "client": "Sample Monitoring Service",
            "link_1": "Runbook: https://wiki.example/disk",
            "link_2": "https://wiki.example",
        },
        status=AlertStatus.FIRING,
        starts_at=NOON,
        generator_url="https://monitoring.example",
        fingerprint=alert_of("website", "srv01/disk"),
    )


def test_a_resolution_ends_the_alert_of_its_key_and_needs_no_payload() -> None:
    alert = alert_from(body_of(event_action="resolve", payload=None))
    assert (alert.status, alert.ends_at) == (AlertStatus.RESOLVED, NOON)
    assert alert.fingerprint == alert_from(body_of()).fingerprint


@pytest.mark.parametrize("severity", ["critical", "error", "warning", "info"])
def test_the_severity_is_the_label_that_routes_ask_for(severity: str) -> None:
    assert alert_from(body_of(payload={**PAYLOAD, "severity": severity})).labels["severity"] == severity


def test_a_service_that_the_event_names_comes_before_that_of_its_key() -> None:
    payload = {**PAYLOAD, "custom_details": {"service": "database"}}
    assert alert_from(body_of(payload=payload)).labels["service"] == "database"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(body_of(routing_key=None), "body: must have the field routing_key", id="no routing key"),
        pytest.param(body_of(event_action=None), "body: must have the field event_action", id="no action"),
        pytest.param(
            body_of(payload=None),
            "payload: must be there for a trigger, with summary, source and severity",
            id="a trigger of nothing",
        ),
        pytest.param(
            body_of(payload={**PAYLOAD, "source": 5}), "payload.source: must be text, got a number", id="a source of 5"
        ),
        pytest.param(
            body_of(payload={"source": "srv01", "severity": "info"}),
            "payload: must have the field summary",
            id="no summary",
        ),
        pytest.param(
            body_of(event_action="acknowledge", dedup_key=None), "dedup_key: must be there to acknowledge", id="no key"
        ),
    ],
)
def test_a_fault_is_told_with_its_place(body: bytes, fault: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_event(body)
    assert str(refused.value) == fault


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"event"', b"\xff{}", b'{"a":}'])
def test_what_is_no_object_is_no_event(body: bytes) -> None:
    with pytest.raises(Unrecognized, match=r"^JSON parse error$"):
        read_event(body)


@unhurried
@given(body=st.binary(max_size=200))
def test_no_bytes_whatsoever_bring_out_anything_but_an_event_or_a_fault(body: bytes) -> None:
    with suppress(InvalidInput):
        read_event(body)


@unhurried
@given(more=st.fixed_dictionaries({}, optional=dict.fromkeys(("dedup_key", "client", "links", "images"), anything)))
def test_what_is_read_can_be_kept_and_read_once_more(more: dict[str, object]) -> None:
    try:
        read_event(body_of(**more))
    except InvalidInput:
        return
    assert alert_from(body_of(**more)).labels["integration"] == "website"


@unhurried
@given(details=anything, words=st.lists(texts.filter(bool), min_size=3, max_size=3))
def test_whatever_the_details_are_the_alert_is_one(details: object, words: list[str]) -> None:
    source, component, summary = words
    payload = {**PAYLOAD, "source": source, "component": component, "summary": summary, "custom_details": details}
    alert = alert_from(body_of(payload=payload))
    assert alert.fingerprint == alert_of("website", "srv01/disk")
    assert all(isinstance(text, str) for text in (*alert.labels.values(), *alert.annotations.values()))


@given(one=st.tuples(texts, texts), other=st.tuples(texts, texts))
def test_two_alerts_are_the_same_only_by_integration_and_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (alert_of(*one) == alert_of(*other)) is (one == other)
