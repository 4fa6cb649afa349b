"""A page as a notification by Apprise, and what little its answer says."""

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.fakes.effects import INCIDENT, PUBLIC_URL, page
from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import AcknowledgePage, SendPage, SendPageTest
from tocsin.domain.events import Reach
from tocsin.integrations.apprise.outbound import AppriseAccount, classify, request_for
from tocsin.integrations.wire import Again, Busy, Done, Never, Push, Reply, Verdict
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Urgency

LINKS = PageLinks(PUBLIC_URL, "5ec4e7")
ACCOUNT = AppriseAccount({"env:ALICE_SMS": "twilio://canary"}, LINKS)
SMS = ContactMethod(via="apprise", name="sms", url="env:ALICE_SMS")
PAGE = replace(page("apprise"), reach=Reach("alice", SMS))


def push_of(effect: SendPage | SendPageTest) -> Push:
    push = request_for(effect, ACCOUNT)
    assert isinstance(push, Push)
    return push


def answered(**answer: str) -> Verdict:
    return classify(PAGE, Reply(0, {}, json.encode(answer)))


def test_page_fits_an_sms_and_has_the_link_that_acknowledges() -> None:
    push = push_of(PAGE)
    assert (push.url, push.title, push.is_urgent) == ("twilio://canary", "SEV1: Checkout is down", True)
    assert push.body.splitlines() == [
        f"{INCIDENT} checkout: Paged primary on-call",
        f"Acknowledge: {LINKS.acknowledgement(PAGE.key)}",
    ]


def test_notification_links_the_incident() -> None:
    push = push_of(replace(PAGE, urgency=Urgency.NOTIFY))
    assert (push.title, push.is_urgent) == ("For information: Checkout is down", False)
    assert push.body.endswith(f"Look: {PUBLIC_URL}/incidents/{INCIDENT}")


def test_storm_is_told_in_one_notification() -> None:
    assert "and 1 more: INC-2026-0007; open Tocsin" in push_of(replace(PAGE, more=("INC-2026-0007",))).body


def test_test_page_says_that_nothing_is_wrong() -> None:
    push = push_of(SendPageTest("test-alice-1-0", PAGE.reach, asked_by="bob"))
    assert push.title == "Test page, nothing is wrong"
    assert "/a/" not in push.body


def test_what_ends_a_page_sends_nothing() -> None:
    assert request_for(AcknowledgePage(PAGE.key, PAGE.reach), ACCOUNT) == Done()


def test_address_that_is_not_set_is_refused_by_its_name() -> None:
    other = replace(PAGE, reach=Reach("alice", replace(SMS, url="env:ALICE_CALL")))
    verdict = request_for(other, ACCOUNT)
    assert isinstance(verdict, Never)
    assert verdict.reason == "no address for Apprise: env:ALICE_CALL is not set"
    assert verdict.receipts == (ReportPageFailed(PAGE.key, "apprise:sms", verdict.reason),)


def test_only_true_is_a_page_taken() -> None:
    assert answered(state="sent", service="Twilio") == Done((ReportPageAccepted(PAGE.key, "apprise:sms"),))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            {"state": "refused", "service": "ntfy", "error": "403"},
            "ntfy did not take it, as far as Apprise says (HTTP 403)",
        ),
        ({"state": "refused"}, "Apprise did not take it, as far as Apprise says"),
        ({"state": "hung"}, "Apprise did not take it in time, as far as Apprise says"),
    ],
)
def test_what_is_not_taken_is_tried_again_and_says_nothing_of_other_addresses(
    answer: dict[str, str], reason: str
) -> None:
    assert answered(**answer) == Busy(reason)


def test_address_that_apprise_can_not_read_is_given_up() -> None:
    verdict = answered(state="unreadable")
    assert isinstance(verdict, Never)
    assert verdict.reason == "env:ALICE_SMS holds no address that Apprise can read"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 5_000])
def test_half_an_answer_is_none(body: bytes) -> None:
    assert isinstance(classify(PAGE, Reply(0, {}, body)), Again)


def test_addresses_and_links_are_in_no_representation() -> None:
    assert "canary" not in repr(ACCOUNT)
    assert "canary" not in repr(push_of(PAGE))
    assert LINKS.token(PAGE.key) not in repr(push_of(PAGE))
