from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.effects import INCIDENT, acknowledgement, page, resolution
from tests.fakes.sending import send_to_pagerduty
from tests.integrations.pace import unhurried
from tocsin.domain.commands import ReportPageAccepted, ReportPageFailed
from tocsin.integrations.pagerduty.outbound import PagerDutyEffect, classify
from tocsin.integrations.wire import MAX_WAIT, Again, Busy, Done, Never, Reply
from tocsin.simulate.sandbox.pagerduty import PagerDutyStatus
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

KEY = f"{INCIDENT}-3-0"
SUCCESS = b'{"status":"success","message":"Event processed","dedup_key":"srv01/HTTP"}'
INVALID = (
    b'{"status":"invalid event","message":"Event object is invalid",'
    b'"errors":["Length of \'routing_key\' is incorrect (should be 32 characters)"]}'
)


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def test_only_a_confirmed_202_is_a_page_taken() -> None:
    assert classify(page(), reply(202, SUCCESS)) == Done(receipts=(ReportPageAccepted(key=KEY, via="pagerduty"),))


@pytest.mark.parametrize("effect", [acknowledgement(), resolution()])
def test_a_confirmed_end_needs_no_receipt(effect: PagerDutyEffect) -> None:
    assert classify(effect, reply(202, SUCCESS)) == Done()


@pytest.mark.parametrize(
    "unclear",
    [
        pytest.param(reply(202), id="202 without a body"),
        pytest.param(reply(202, b'{"status":"succ'), id="202 with truncated JSON"),
        pytest.param(reply(202, b'{"status":"throttled"}'), id="202 with another status"),
        pytest.param(reply(202, b'["success"]'), id="202 with a list"),
        pytest.param(reply(202, b'{"message":"\xff"}'), id="202 that is not UTF-8"),
        pytest.param(reply(202, b"[" * 100_000), id="202 nested without end"),
        pytest.param(reply(200, SUCCESS), id="200, which the Events API never answers"),
        pytest.param(reply(200, b"<html>Please log in</html>"), id="200 from a captive portal"),
        pytest.param(reply(302, location="https://login.example.org"), id="302, which is never followed"),
        pytest.param(reply(307, location="https://events.example.org"), id="307, which is never followed"),
        pytest.param(reply(500), id="500"),
        pytest.param(reply(502, b"<html>Bad Gateway</html>"), id="502"),
        pytest.param(reply(503), id="503"),
        pytest.param(reply(599), id="a 5xx that nobody knows"),
        pytest.param(reply(408), id="408 Request Timeout"),
    ],
)
def test_whatever_is_no_clear_answer_is_tried_again(unclear: Reply) -> None:
    verdict = classify(page(), unclear)
    assert verdict == Again(reason=f"PagerDuty did not confirm the event (HTTP {unclear.status})")


def test_too_many_events_wait_as_long_as_asked() -> None:
    reason = "PagerDuty takes no more events for this routing key at present (HTTP 429)"
    assert classify(page(), reply(429, retry_after="30")) == Busy(reason=reason, after=timedelta(seconds=30))
    assert classify(page(), reply(429, retry_after="999999999")) == Busy(reason=reason, after=MAX_WAIT)
    assert classify(page(), reply(429, retry_after="soon")) == Busy(reason=reason, after=None)
    assert classify(page(), reply(429)) == Busy(reason=reason, after=None)


def test_an_overloaded_pagerduty_is_left_alone_as_long_as_it_asks() -> None:
    verdict = classify(page(), reply(503, retry_after="7"))
    assert isinstance(verdict, Again)
    assert verdict.after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        pytest.param(
            reply(400, INVALID),
            "PagerDuty refused the event (HTTP 400): Event object is invalid: "
            "Length of 'routing_key' is incorrect (should be 32 characters)",
            id="400 in PagerDuty's own words",
        ),
        pytest.param(reply(400), "PagerDuty refused the event (HTTP 400): it gave no reason", id="400 without words"),
        pytest.param(
            reply(400, b'{"message":5,"errors":"x"}'),
            "PagerDuty refused the event (HTTP 400): it gave no reason",
            id="400 with words of other types",
        ),
        pytest.param(
            reply(400, b'{"message":"a\\u0007\\u202eb","errors":[1,"c\\nd"]}'),
            "PagerDuty refused the event (HTTP 400): a b: c d",
            id="400 with control characters",
        ),
        pytest.param(
            reply(401, b"<html>"), "PagerDuty refused the event (HTTP 401): it gave no reason", id="401 from a proxy"
        ),
        pytest.param(reply(403), "PagerDuty refused the event (HTTP 403): it gave no reason", id="403"),
        pytest.param(reply(404), "PagerDuty refused the event (HTTP 404): it gave no reason", id="404"),
        pytest.param(reply(413), "PagerDuty refused the event (HTTP 413): it gave no reason", id="413"),
    ],
)
def test_a_refusal_moves_on_at_once_with_its_reason(refusal: Reply, words: str) -> None:
    failed = ReportPageFailed(key=KEY, via="pagerduty", reason=words)
    assert classify(page(), refusal) == Never(reason=words, receipts=(failed,))
    assert classify(resolution(), refusal) == Never(reason=words)


@unhurried
@given(status=st.integers(100, 599), body=st.binary() | st.sampled_from([SUCCESS, INVALID]))
def test_no_reply_whatsoever_breaks_the_reading_or_passes_for_a_page(status: int, body: bytes) -> None:
    verdict = classify(page(), reply(status, body))
    assert isinstance(verdict, Done) is (status == 202 and body == SUCCESS)


def test_a_page_lives_through_trigger_acknowledge_and_resolve() -> None:
    sandbox = Sandbox()
    for effect, status in (
        (page(), PagerDutyStatus.TRIGGERED),
        (acknowledgement(), PagerDutyStatus.ACKNOWLEDGED),
        (resolution(), PagerDutyStatus.RESOLVED),
    ):
        assert isinstance(send_to_pagerduty(effect, sandbox), Done)
        (alert,) = sandbox.pagerduty.alerts.values()
        assert alert.status is status


def test_a_page_whose_answer_was_lost_is_repeated_into_the_same_alert() -> None:
    lost = Response(status=502, is_processed=True)
    answers: list[Response | None] = [lost, None]

    def lose_the_first(request: RecordedRequest) -> Response | None:
        return answers.pop(0)

    sandbox = Sandbox(script=lose_the_first)
    assert isinstance(send_to_pagerduty(page(), sandbox), Again)
    assert isinstance(send_to_pagerduty(page(), sandbox), Done)
    (alert,) = sandbox.pagerduty.alerts.values()
    assert (alert.opened, alert.triggers) == (1, 2)
