"""Bodies with one defect each, and what is said of it."""

import json
import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.pace import unhurried
from tests.searching import examples
from tocsin.errors import InvalidInput
from tocsin.integrations.alertmanager.inbound import MAX_ALERTS, parse_v2, parse_webhook

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
VALID = (
    b'[{"labels":{"alertname":"Down","instance":"web1"},"annotations":{"summary":"web1 is \\"down\\" [{"},'
    b'"startsAt":"2026-01-05T09:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/"}]'
)
VALID_WEBHOOK = b'{"version":"4","status":"firing","alerts":[' + VALID[1:-2] + b',"status":"firing"}]}'


def with_alert(alert: object, before: int = 0) -> bytes:
    """A body in which the alert comes after `before` good ones."""
    return json.dumps([{"labels": {"alertname": "Down"}}] * before + [alert]).encode()


def one(**fields: object) -> bytes:
    return with_alert({"labels": {"alertname": "Down"}, **fields})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "body: must be readable as JSON: Input data was truncated", id="empty"),
        pytest.param(VALID[:50], "body: must be readable as JSON: Input data was truncated", id="truncated"),
        pytest.param(b"[] x", "body: must be readable as JSON: trailing characters (byte 4)", id="trailing"),
        pytest.param(b"\xef\xbb\xbf[]", "body: must be readable as JSON: invalid character (byte 0)", id="with a BOM"),
        pytest.param(
            b'[{"labels":{"a":NaN}}]', "body: must be readable as JSON: invalid character (byte 16)", id="with NaN"
        ),
        pytest.param(b'[{"labels":{"a":"\xff"}}]', "body: must be UTF-8 throughout", id="with invalid UTF-8"),
        pytest.param(
            b'[{"labels":{"a":"\\ud800"}}]',
            "body: must be readable as JSON: Input data was truncated",
            id="with half a surrogate pair",
        ),
        pytest.param(b"{}", "body: must be a list, got an object", id="an object"),
        pytest.param(b"null", "body: must be a list, got null", id="null"),
        pytest.param(b"[5]", "alerts[0]: must be an object, got a number", id="with a number for an alert"),
        pytest.param(with_alert({}, before=3), "alerts[3]: must have the field labels", id="without labels"),
        pytest.param(
            with_alert({"labels": {"alertname": "Down", "instance": 5}}, before=3),
            "alerts[3].labels.instance: must be text, got 5",
            id="with a number for a label's value",
        ),
        pytest.param(
            one(labels={"a": None}), "alerts[0].labels.a: must be text, got null", id="with null for a label's value"
        ),
        pytest.param(
            one(labels={"a": ["x", {"y": True}]}),
            'alerts[0].labels.a: must be text, got ["x",{"y":true}]',
            id="with a list for a label's value",
        ),
        pytest.param(
            one(labels={"a\x1b[31m": 1}), "alerts[0].labels.a [31m: must be text, got 1", id="with colour in a name"
        ),
        pytest.param(
            one(annotations={"summary": False}),
            "alerts[0].annotations.summary: must be text, got false",
            id="with a truth value for an annotation",
        ),
        pytest.param(one(labels=[]), "alerts[0].labels: must be an object, got a list", id="with a list of labels"),
        pytest.param(one(labels={}), "alerts[0].labels: must hold at least one label with a value", id="no label"),
        pytest.param(
            one(labels={"a": ""}), "alerts[0].labels: must hold at least one label with a value", id="empty labels only"
        ),
        pytest.param(one(labels={"": "x"}), "alerts[0].labels: must not hold an empty name", id="with an empty name"),
        pytest.param(
            one(labels={"n" * 257: "x"}),
            f"alerts[0].labels: must hold names of at most 256 characters, got {'n' * 59}…",
            id="with a long name",
        ),
        pytest.param(
            one(labels={"a": "ü" * 2049}),
            "alerts[0].labels.a: must be at most 4,096 bytes, got more",
            id="with a long value",
        ),
        pytest.param(
            one(annotations={"a": "x" * 65_537}),
            "alerts[0].annotations.a: must be at most 65,536 bytes, got more",
            id="with a long annotation",
        ),
        pytest.param(
            one(labels={f"l{number}": "x" for number in range(101)}),
            "alerts[0].labels: must be at most 100, got 101",
            id="with too many labels",
        ),
        pytest.param(
            one(startsAt="yesterday"),
            "alerts[0].startsAt: must be a time such as 2026-01-05T10:00:00Z",
            id="with a word for a time",
        ),
        pytest.param(
            one(startsAt="2026-01-05T10:00:00"),
            "alerts[0].startsAt: must be a time with its offset, such as 2026-01-05T10:00:00Z",
            id="with a time without an offset",
        ),
        pytest.param(
            one(endsAt=1767607200), "alerts[0].endsAt: must be a time or null, got a number", id="with a Unix time"
        ),
        pytest.param(
            one(endsAt="9999-12-31T23:59:59-05:00"),
            "alerts[0].endsAt: must lie between the years 2 and 9999 in UTC, got 9999-12-31 23:59:59-05:00",
            id="with a time in the year 10000",
        ),
        pytest.param(
            one(startsAt="2026-01-05T09:00:00Z", endsAt="2026-01-05T08:00:00Z"),
            "alerts[0].endsAt: must not be before startsAt, got 2026-01-05T08:00:00+00:00",
            id="that ends before it starts",
        ),
        pytest.param(
            one(generatorURL=5), "alerts[0].generatorURL: must be text or null, got a number", id="with a number as URL"
        ),
        pytest.param(
            b'[{"labels":{"a":' + b"9" * 5000 + b"}}]",
            "alerts[0].labels: must be readable as JSON: Integer value out of range",
            id="with a number of 5000 digits",
        ),
        pytest.param(
            b"[" + b",".join([b'{"labels":{"a":"b"}}'] * (MAX_ALERTS + 1)) + b"]",
            "alerts: must be at most 10,000 in one request, got 10,001; send fewer",
            id="with too many alerts",
        ),
    ],
)
def test_a_body_is_refused_with_the_place_of_its_fault(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_v2(body, NOW)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"[]", "body: must be an object, got a list", id="a list"),
        pytest.param(b"{}", "body: must have the field alerts", id="without alerts"),
        pytest.param(b'{"alerts":{}}', "alerts: must be a list, got an object", id="with an object of alerts"),
        pytest.param(
            b'{"alerts":[{"labels":{"a":"b"}}]}', "alerts[0]: must have the field status", id="without a status"
        ),
        pytest.param(
            b'{"alerts":[{"labels":{"a":"b"},"status":"pending - at `$.x`"}]}',
            "alerts[0].status: must be firing or resolved, got 'pending - at `$.x`'",
            id="with another status",
        ),
        pytest.param(
            b'{"alerts":[{"labels":{"a":5},"status":"firing"}]}',
            "alerts[0].labels.a: must be text, got 5",
            id="with a number for a label's value",
        ),
    ],
)
def test_a_webhook_is_refused_with_the_place_of_its_fault(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_webhook(body, NOW)
    assert str(refusal.value) == message


def test_a_fault_is_said_shortly_however_long_it_is() -> None:
    body = json.dumps({"alerts": [{"labels": {"a": "b"}, "status": "x" * 100_000}]}).encode()
    with pytest.raises(InvalidInput) as refusal:
        parse_webhook(body, NOW)
    assert len(str(refusal.value)) <= 300


# -- whatever comes ----------------------------------------------------------------------------------------------------


def refuses_or_parses(body: bytes) -> None:
    for parse in (parse_v2, parse_webhook):
        try:
            assert all(alert.labels for alert in parse(body, NOW))
        except InvalidInput as error:
            refusal = str(error)
        else:
            continue
        assert refusal
        assert not any(unicodedata.category(letter) == "Cc" for letter in refusal)


@unhurried
@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(body: bytes) -> None:
    refuses_or_parses(body)


@given(data=st.data())
@settings(unhurried, max_examples=examples(200))
def test_a_request_that_was_damaged_on_its_way_parses_or_is_refused(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([VALID, VALID_WEBHOOK])))
    damage = st.binary(max_size=8) | st.sampled_from([b'"', b"null", b"1e9", b"\\ud8", b"[", b"{"])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(start + 8, len(body))))
        body[start:end] = data.draw(damage)
    refuses_or_parses(bytes(body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
@settings(unhurried, max_examples=examples(200))
def test_fields_of_any_type_parse_or_are_refused(data: st.DataObject) -> None:
    names = ["labels", "annotations", "startsAt", "endsAt", "generatorURL", "status", "other"]
    alert = {"labels": {"alertname": "Down"}, "status": "firing"}
    alert |= data.draw(st.dictionaries(st.sampled_from(names), json_values, max_size=4))
    refuses_or_parses(json.dumps([alert]).encode())
    refuses_or_parses(json.dumps({"alerts": [alert]}).encode())


@unhurried
@given(st.datetimes(), st.sampled_from(["Z", "+00:00", "-23:59", "+23:59", "+14:00"]))
def test_any_time_parses_or_is_refused(local: datetime, offset: str) -> None:
    refuses_or_parses(one(startsAt=f"{local.isoformat()}{offset}"))
    refuses_or_parses(one(endsAt=f"{local.isoformat()}{offset}"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 2_000_000, id="brackets without end"),
        pytest.param(b'[{"labels":{"a":"b"},"x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}]", id="deep"),
        pytest.param(b'[{"labels":{"a":' + b"9" * 4_000_000 + b"}}]", id="a number of 4 million digits"),
        pytest.param(b'[{"labels":{"a":"' + b"\\\\" * 2_000_000 + b'"}}]', id="backslashes without end"),
        pytest.param(b"[" + b"{}," * 1_300_000 + b"{}]", id="a million empty alerts"),
    ],
)
def test_a_hostile_body_costs_little(body: bytes) -> None:
    began = time.process_time()
    refuses_or_parses(body)
    assert time.process_time() - began < 1
