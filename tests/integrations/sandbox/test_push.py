"""Does the push service's stand-in refuse what a real one would? Whatever the RFCs ask for, left out once."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.integrations.push.request import request_to
from tocsin.integrations.push.services import Subscription
from tocsin.integrations.push.vapid import Vapid, new_key, vapid_of
from tocsin.integrations.wire import Ring
from tocsin.simulate.sandbox.push import SandboxBrowser
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.simulate.sandbox.server import Sandbox

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
RING = Ring("alice", b'{"notification": {"title": "SEV1", "tag": "k"}}', 60, is_urgent=True, topic="k")
URL = "http://127.0.0.1:1"
KEY = new_key()
VAPID = vapid_of(KEY, "mailto:tocsin@example.org")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=lambda: NOW)


def asked(
    browser: SandboxBrowser, vapid: Vapid = VAPID, at: datetime = NOW, headers: dict[str, str | None] | None = None
) -> RecordedRequest:
    """The request for the browser, with other headers; None leaves one out."""
    made = request_to(Subscription(**browser.subscription), RING, vapid, at)
    told = {name: value for name, value in {**made.headers, **(headers or {})}.items() if value is not None}
    return RecordedRequest(NOW, "POST", made.url.removeprefix(URL), "", told, made.body)


def test_message_that_is_right_reaches_the_browser(sandbox: Sandbox) -> None:
    browser = sandbox.push.subscribe(URL, VAPID.public_key)
    answer = sandbox.answer(asked(browser))
    assert (answer.status, answer.headers["ttl"]) == (201, "60")
    assert answer.headers["location"].endswith("/messages/1")
    (pushed,) = browser.messages
    assert (pushed.message, pushed.ttl, pushed.urgency, pushed.topic) == (RING.message, 60, "high", "k")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"ttl": None}, 400),
        ({"ttl": "soon"}, 400),
        ({"urgency": "extreme"}, 400),
        ({"topic": "x" * 33}, 400),
        ({"topic": "a b"}, 400),
        ({"content-encoding": "aesgcm"}, 415),
        ({"authorization": None}, 401),
        ({"authorization": "Bearer x"}, 401),
        ({"authorization": "vapid t=a.b.c, k=AAAA"}, 403),
    ],
)
def test_header_that_is_wrong_is_refused(sandbox: Sandbox, headers: dict[str, str | None], status: int) -> None:
    browser = sandbox.push.subscribe(URL)
    assert sandbox.answer(asked(browser, headers=headers)).status == status
    assert browser.messages == []


@pytest.mark.parametrize(
    ("vapid", "at", "said"),
    [
        pytest.param(vapid_of(new_key(), VAPID.contact), NOW, b"the key is not the one", id="another key"),
        pytest.param(vapid_of(KEY, "me"), NOW, b"sub: must be a mailto:", id="nobody to ask"),
        pytest.param(VAPID, NOW + timedelta(days=1), b"exp: must be within 24 hours", id="good for too long"),
        pytest.param(VAPID, NOW - timedelta(days=1), b"exp: must be within 24 hours", id="over"),
    ],
)
def test_token_that_is_wrong_is_refused(sandbox: Sandbox, vapid: Vapid, at: datetime, said: bytes) -> None:
    answer = sandbox.answer(asked(sandbox.push.subscribe(URL, VAPID.public_key), vapid, at))
    assert answer.status == 403
    assert answer.body.startswith(said)


def test_token_for_another_service_is_refused(sandbox: Sandbox) -> None:
    browser, other = sandbox.push.subscribe(URL), sandbox.push.subscribe("https://push.example.org")
    stolen = request_to(Subscription(**other.subscription), RING, VAPID, NOW).headers["authorization"]
    assert sandbox.answer(asked(browser, headers={"authorization": stolen})).body.startswith(
        b"aud: must be http://127.0.0.1:1"
    )


def test_message_for_another_browser_is_not_read(sandbox: Sandbox) -> None:
    browser, other = sandbox.push.subscribe(URL), sandbox.push.subscribe(URL)
    request = asked(other)
    misled = RecordedRequest(NOW, "POST", f"/push/{browser.id}", "", request.headers, request.body)
    assert sandbox.answer(misled).body == b"it was not encrypted for this browser"


def test_browser_that_was_unsubscribed_is_unknown(sandbox: Sandbox) -> None:
    browser = sandbox.push.subscribe(URL)
    request = asked(browser)
    sandbox.push.unsubscribe(browser)
    assert sandbox.answer(request).status == 404


def test_answers_can_be_told_beforehand(sandbox: Sandbox) -> None:
    browser = sandbox.push.subscribe(URL)
    browser.answers = [Response(429)]
    assert [sandbox.answer(asked(browser)).status for _ in range(2)] == [429, 201]
