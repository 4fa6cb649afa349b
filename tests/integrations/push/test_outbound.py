"""A page as a message to a person's browsers, and what their push services' answers mean together."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import json as msgjson
from msgspec.structs import replace

from tests.fakes.effects import INCIDENT, PUBLIC_URL, page
from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import AcknowledgePage, EndPageTest, ResolvePage, SendPageTest
from tocsin.integrations.push.outbound import classify, request_for, topic_of
from tocsin.integrations.push.replies import Fate, Heard, heard_from
from tocsin.integrations.push.request import request_to
from tocsin.integrations.push.services import Subscription
from tocsin.integrations.push.vapid import new_key, vapid_of
from tocsin.integrations.wire import Busy, Done, Never, Reply, Ring, Verdict
from tocsin.simulate.sandbox.push import SandboxPush
from tocsin.sop.words import Urgency

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LINKS = PageLinks(PUBLIC_URL, "5ec4e7")
PAGE = page("push")
PHONE, LAPTOP = "Firefox on Android", "Chrome on Linux"


def ring_of(effect: object) -> Ring:
    ring = request_for(effect, LINKS)  # type: ignore[arg-type]
    assert isinstance(ring, Ring)
    return ring


def shown(effect: object) -> dict[str, object]:
    notification: dict[str, object] = json.loads(ring_of(effect).message)["notification"]
    return notification


def verdict_on(*heard: Heard) -> Verdict:
    return classify(PAGE, Reply(0, {}, msgjson.encode(heard)))


def answer(status: int, **headers: str) -> Heard:
    return heard_from(
        PHONE, "push.example.org", Reply(status, {it.replace("_", "-"): v for it, v in headers.items()}, b"")
    )


# What leaves


def test_page_is_urgent_and_kept_for_as_long_as_tocsin_would_try() -> None:
    ring = ring_of(PAGE)
    assert (ring.person, ring.seconds, ring.is_urgent) == ("alice", 86_400, True)


def test_notification_wakes_no_phone_that_saves_its_battery() -> None:
    told = replace(PAGE, urgency=Urgency.NOTIFY)
    assert not ring_of(told).is_urgent
    assert shown(told)["title"] == "For information: Checkout is down"
    assert shown(told)["navigate"] == f"{PUBLIC_URL}/incidents/{INCIDENT}"
    assert shown(told)["requireInteraction"] is False


def test_storm_is_told_in_one_notification() -> None:
    assert "and 1 more: INC-2026-0007; open Tocsin" in str(shown(replace(PAGE, more=("INC-2026-0007",)))["body"])


def test_end_of_a_page_takes_its_place_without_a_sound() -> None:
    end = AcknowledgePage(PAGE.key, PAGE.reach)
    assert shown(end)["tag"] == shown(PAGE)["tag"]
    assert ring_of(end).topic == ring_of(PAGE).topic
    assert (shown(end)["silent"], shown(end)["title"]) == (True, f"{INCIDENT}: nothing to do any more")
    assert not ring_of(end).is_urgent


def test_test_page_holds_no_link_that_answers() -> None:
    test = SendPageTest("test-alice-1-0", PAGE.reach, asked_by="bob")
    assert shown(test)["body"] == "Tocsin reaches you here (bob asked)."
    assert b"/a/" not in ring_of(test).message
    assert ring_of(test).seconds == 600


@pytest.mark.parametrize("effect", [ResolvePage(PAGE.key, PAGE.reach), EndPageTest("test-alice-1-0", PAGE.reach)])
def test_what_has_nothing_to_show_sends_nothing(effect: ResolvePage | EndPageTest) -> None:
    assert request_for(effect, LINKS) == Done()


@given(key=st.text())
def test_topic_is_what_every_push_service_takes(key: str) -> None:
    assert len(topic_of(key)) == 32
    assert set(topic_of(key)) <= set("0123456789abcdef")


@given(title=st.text(max_size=2_000), reason=st.text(max_size=2_000), service=st.text(max_size=200))
def test_message_is_short_whatever_is_in_it(title: str, reason: str, service: str) -> None:
    assert len(ring_of(replace(PAGE, title=title, reason=reason, service=service)).message) < 3_000


def test_link_stands_in_no_record_of_what_was_sent() -> None:
    assert "/a/" not in repr(ring_of(PAGE))


def test_request_is_what_the_rfcs_ask_for() -> None:
    push = SandboxPush(lambda: NOW)
    vapid = vapid_of(new_key(), "mailto:tocsin@example.org")
    browser = push.subscribe("https://push.example.org", vapid.public_key)
    request = request_to(Subscription(**browser.subscription), ring_of(PAGE), vapid, NOW)
    assert {name: value for name, value in request.headers.items() if name != "authorization"} == {
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": "86400",
        "urgency": "high",
        "topic": topic_of(PAGE.key),
    }
    token = request.headers["authorization"].removeprefix("vapid t=").partition(",")[0]
    assert jwt.decode(token, ECKey.import_key(vapid.key), algorithms=["ES256"]).claims == {
        "aud": "https://push.example.org",
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "mailto:tocsin@example.org",
    }


# What comes back


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_taken(status: int) -> None:
    assert verdict_on(answer(status)) == Done((ReportPageAccepted(PAGE.key, "push"),))


@pytest.mark.parametrize(
    ("status", "fate", "reason"),
    [
        (404, Fate.GONE, "push.example.org answered 404: it isn't subscribed any more"),
        (410, Fate.GONE, "push.example.org answered 410: it isn't subscribed any more"),
        (408, Fate.AGAIN, "push.example.org answered 408"),
        (429, Fate.AGAIN, "push.example.org answered 429"),
        (500, Fate.AGAIN, "push.example.org answered 500"),
        (503, Fate.AGAIN, "push.example.org answered 503"),
        (301, Fate.REFUSED, "push.example.org answered 301"),
        (400, Fate.REFUSED, "push.example.org answered 400"),
        (
            403,
            Fate.REFUSED,
            "push.example.org answered 403: it doesn't know this server's key, or the clock here is wrong",
        ),
        (413, Fate.REFUSED, "push.example.org answered 413: too long"),
    ],
)
def test_answer_means_what_the_rfc_says(status: int, fate: Fate, reason: str) -> None:
    assert answer(status) == Heard(PHONE, fate, reason)


def test_service_says_for_how_long_it_wants_to_be_left_alone() -> None:
    assert answer(429, retry_after="120").after == 120


def test_one_browser_that_took_it_is_enough() -> None:
    assert isinstance(verdict_on(answer(410), Heard(LAPTOP, Fate.TAKEN), answer(503)), Done)


def test_it_is_tried_again_while_any_browser_may_take_it() -> None:
    verdict = verdict_on(answer(410), answer(429, retry_after="120"), answer(503, retry_after="30"))
    assert isinstance(verdict, Busy)
    assert verdict.after == timedelta(seconds=30)
    assert verdict.reason == f"{PHONE}: push.example.org answered 429; {PHONE}: push.example.org answered 503"


def test_service_that_says_nothing_is_not_waited_for_because_another_one_does() -> None:
    verdict = verdict_on(answer(429, retry_after="120"), answer(503))
    assert isinstance(verdict, Busy)
    assert verdict.after is None


def test_no_browser_is_a_refusal_that_says_what_to_do() -> None:
    verdict = verdict_on()
    assert isinstance(verdict, Never)
    assert verdict.reason == "no browser of alice's is to be rung: alice opens the inbox there, and has it ring"
    assert verdict.receipts == (ReportPageFailed(PAGE.key, "push", verdict.reason),)


def test_many_refusals_are_told_in_short() -> None:
    verdict = verdict_on(*(answer(400) for _ in range(9)))
    assert isinstance(verdict, Never)
    assert verdict.reason.endswith("; and 6 more")


def test_test_page_tells_no_incident_of_anything() -> None:
    test = SendPageTest("test-alice-1-0", PAGE.reach, asked_by="bob")
    assert classify(test, Reply(0, {}, b"[]")) == Never(
        "no browser of alice's is to be rung: alice opens the inbox there, and has it ring"
    )
    assert classify(test, Reply(0, {}, msgjson.encode((Heard(PHONE, Fate.TAKEN),)))) == Done()


def test_answer_that_can_not_be_read_is_no_answer() -> None:
    assert isinstance(classify(PAGE, Reply(0, {}, b"{")), Busy)
