"""Alertmanager's rules for what an alert's fields mean."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import contract
from tests.integrations.pace import unhurried
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.integrations.alertmanager.inbound import MAX_ALERTS, MAX_PAIRS, parse_v2, parse_webhook

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
ZERO = "0001-01-01T00:00:00Z"
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-05T{clock}+00:00")


def v2(**fields: object) -> Alert:
    (alert,) = parse_v2(json.dumps([{"labels": {"alertname": "Down"}, **fields}]).encode(), NOW)
    return alert


def webhook(**fields: object) -> Alert:
    body = {"version": "4", "status": "firing", "alerts": [{"labels": {"alertname": "Down"}, **fields}]}
    (alert,) = parse_webhook(json.dumps(body).encode(), NOW)
    return alert


@pytest.mark.parametrize(
    ("times", "status", "starts_at", "ends_at"),
    [
        pytest.param({}, FIRING, NOW, None, id="without times it fires from now"),
        pytest.param({"startsAt": None, "endsAt": None}, FIRING, NOW, None, id="null is no time"),
        pytest.param({"startsAt": ZERO, "endsAt": ZERO}, FIRING, NOW, None, id="Go's zero is no time"),
        pytest.param(
            {"startsAt": "2026-01-05T09:00:00Z"}, FIRING, at("09:00:00"), None, id="without an end it fires since then"
        ),
        pytest.param(
            {"startsAt": "2026-01-05T09:00:00Z", "endsAt": "2026-01-05T10:04:00Z"},
            FIRING,
            at("09:00:00"),
            None,
            id="with its end ahead it fires",
        ),
        pytest.param(
            {"startsAt": "2026-01-05T09:00:00Z", "endsAt": "2026-01-05T10:00:00Z"},
            RESOLVED,
            at("09:00:00"),
            NOW,
            id="at its end it has resolved",
        ),
        pytest.param(
            {"startsAt": "2026-01-05T09:00:00Z", "endsAt": "2026-01-05T10:00:00.000001Z"},
            FIRING,
            at("09:00:00"),
            None,
            id="a moment before its end it fires",
        ),
        pytest.param(
            {"endsAt": "2026-01-05T09:30:00Z"},
            RESOLVED,
            at("09:30:00"),
            at("09:30:00"),
            id="an end alone is its start as well",
        ),
        pytest.param({"endsAt": "2026-01-05T10:30:00Z"}, FIRING, NOW, None, id="an end ahead does not move its start"),
        pytest.param(
            {"startsAt": "2026-01-05T10:45:00+05:45", "endsAt": "2026-01-05T00:30:00-09:00"},
            RESOLVED,
            at("05:00:00"),
            at("09:30:00"),
            id="offsets are brought to UTC",
        ),
        pytest.param(
            {"startsAt": "2026-01-05T09:00:00.123456789Z"},
            FIRING,
            at("09:00:00.123457"),
            None,
            id="nanoseconds are rounded",
        ),
    ],
)
def test_times_of_the_api(
    times: dict[str, object], status: AlertStatus, starts_at: datetime, ends_at: datetime | None
) -> None:
    alert = v2(**times)
    assert (alert.status, alert.starts_at, alert.ends_at) == (status, starts_at, ends_at)
    assert alert.starts_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("fields", "status", "starts_at", "ends_at"),
    [
        pytest.param(
            {"status": "firing", "startsAt": "2026-01-05T09:00:00Z", "endsAt": "2026-01-05T09:30:00Z"},
            FIRING,
            at("09:00:00"),
            None,
            id="firing although its end has passed",
        ),
        pytest.param(
            {"status": "resolved", "startsAt": "2026-01-05T09:00:00Z", "endsAt": "2026-01-05T09:30:00Z"},
            RESOLVED,
            at("09:00:00"),
            at("09:30:00"),
            id="resolved at its end",
        ),
        pytest.param(
            {"status": "resolved", "startsAt": "2026-01-05T09:00:00Z", "endsAt": ZERO},
            RESOLVED,
            at("09:00:00"),
            NOW,
            id="resolved now where it has no end",
        ),
        pytest.param(
            {"status": "resolved", "startsAt": "2026-01-05T10:00:05Z"},
            RESOLVED,
            at("10:00:05"),
            at("10:00:05"),
            id="never resolved before it began, by whichever clock",
        ),
    ],
)
def test_a_webhooks_status_decides(
    fields: dict[str, object], status: AlertStatus, starts_at: datetime, ends_at: datetime | None
) -> None:
    alert = webhook(**fields)
    assert (alert.status, alert.starts_at, alert.ends_at) == (status, starts_at, ends_at)


def test_an_empty_label_is_no_label_and_an_empty_annotation_stays() -> None:
    alert = v2(labels={"alertname": "Down", "instance": ""}, annotations={"summary": ""})
    assert alert.labels == {"alertname": "Down"}
    assert alert.annotations == {"summary": ""}


def test_absent_and_null_fields_are_empty() -> None:
    assert v2(annotations=None, generatorURL=None) == v2()
    assert (v2().annotations, v2().generator_url) == ({}, "")


def test_fields_that_nobody_knows_are_passed_over() -> None:
    assert v2(fingerprint="aae7a1432b5d2f1b", receivers=[{"name": "a"}], status={"state": "active"}) == v2()


def test_control_characters_in_labels_are_kept_as_the_identity_is_the_bytes() -> None:
    labels = {"alertname": "Down\x00\x1b[31m\u202e", "名": "値"}
    assert v2(labels=labels).labels == labels


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    (alert,) = parse_v2(b'[{"labels":{"alertname":"A","alertname":"B"}}]', NOW)
    assert alert.labels == {"alertname": "B"}


def test_no_alerts_are_no_alerts() -> None:
    assert parse_v2(b"[]", NOW) == ()
    assert parse_webhook(b'{"alerts":[]}', NOW) == ()


def test_as_many_as_allowed_are_taken() -> None:
    labels = {f"label{number}": "x" for number in range(MAX_PAIRS)}
    assert v2(labels=labels, annotations=labels).labels == labels
    assert v2(labels={"n" * 256: "ü" * 2048}).labels == {"n" * 256: "ü" * 2048}
    assert v2(annotations={"summary": "x" * 65_536}).annotations == {"summary": "x" * 65_536}
    body = json.dumps([{"labels": {"alertname": "Down"}}] * MAX_ALERTS).encode()
    assert len(parse_v2(body, NOW)) == MAX_ALERTS


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
past = st.timedeltas(timedelta(0), timedelta(days=9000)).map(lambda ago: (NOW - ago).isoformat())
later = st.timedeltas(timedelta(0), timedelta(days=9000)).map(lambda on: (NOW + on).isoformat())
posted = st.lists(
    st.fixed_dictionaries(
        {"labels": st.dictionaries(texts, texts, min_size=1, max_size=5)},
        optional={
            "annotations": st.dictionaries(texts, texts, max_size=5),
            "startsAt": past,
            "endsAt": st.just(NOW.isoformat()) | later,
            "generatorURL": st.just("http://prometheus.example.org/graph?g0.expr=up"),
        },
    ),
    max_size=5,
)


@unhurried
@given(posted)
def test_what_the_published_schema_takes_is_taken_in_its_order(alerts: list[dict[str, object]]) -> None:
    assert contract.alert_faults(alerts) == []
    parsed = parse_v2(json.dumps(alerts).encode(), NOW)
    assert [alert.labels for alert in parsed] == [one["labels"] for one in alerts]
    assert [alert.annotations for alert in parsed] == [one.get("annotations", {}) for one in alerts]
    assert all((alert.ends_at is None) is (alert.status is FIRING) for alert in parsed)
    assert all(alert.ends_at is None or alert.starts_at <= alert.ends_at <= NOW for alert in parsed)
