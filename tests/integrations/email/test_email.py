"""A page as an e-mail: who gets it, what it says, what makes it one of a thread; and what the server's answer means."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes.effects import INCIDENT, PUBLIC_URL, page
from tocsin.accounts.page_links import PageLinks
from tocsin.domain.commands import ReportPageAccepted, ReportPageFailed
from tocsin.domain.effects import AcknowledgePage, SendPage, SendPageTest
from tocsin.domain.events import Reach
from tocsin.integrations.email.account import EmailAccount, post_from
from tocsin.integrations.email.outbound import classify, request_for
from tocsin.integrations.wire import Again, Busy, Done, Mail, Never, Post, Reply, Tls
from tocsin.sop.model import ContactMethod
from tocsin.sop.words import Urgency

LINKS = PageLinks(PUBLIC_URL, "5ec4e7")
ACCOUNT = EmailAccount(
    Post("mail.example.org", 587, Tls.STARTTLS, "tocsin", "canary"),
    "tocsin@example.org",
    {"alice": "alice@example.org"},
    "k3x9",
    LINKS,
)
PAGE = page("email")
HOME = replace(PAGE, reach=Reach("alice", ContactMethod(via="email", address="alice@home.example")))


def mail_of(effect: SendPage | SendPageTest) -> Mail:
    mail = request_for(effect, ACCOUNT)
    assert isinstance(mail, Mail)
    return mail


def read(effect: SendPage | SendPageTest) -> EmailMessage:
    """The e-mail as its reader's program reads it."""
    message = message_from_bytes(mail_of(effect).content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def words(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_page_says_how_bad_what_why_and_where_to_answer() -> None:
    message = read(PAGE)
    assert message["Subject"] == f"SEV1: Checkout is down [{INCIDENT}]"
    assert (message["From"], message["To"]) == ("Tocsin <tocsin@example.org>", "alice@example.org")
    link = LINKS.acknowledgement(PAGE.key)
    assert words(message).splitlines() == [
        "checkout: Checkout is down",
        "",
        f"SEV1 · {INCIDENT}",
        "",
        "You are paged: Paged primary on-call",
        "",
        f"Acknowledge: {link}",
        "",
        f"{INCIDENT} in Tocsin: {PUBLIC_URL}/incidents/{INCIDENT}",
    ]
    assert f'href="{link}"' in words(message, "html")


def test_page_is_urgent_and_asks_no_machine_for_an_answer() -> None:
    message = read(PAGE)
    assert (message["Importance"], message["X-Priority"], message["Priority"]) == ("high", "1 (Highest)", "urgent")
    assert message["Auto-Submitted"] == "auto-generated"


def test_notification_is_not_urgent_and_has_nothing_to_acknowledge() -> None:
    message = read(page("email", urgency=Urgency.NOTIFY, reason="it lasts for 30 min"))
    assert message["Subject"] == f"For information: it lasts for 30 min [{INCIDENT}]"
    assert message["Importance"] is None
    assert "/a/" not in words(message)


def test_every_attempt_is_the_same_letter_and_an_incident_one_thread() -> None:
    assert mail_of(PAGE) == mail_of(PAGE)
    first, second = read(PAGE), read(replace(PAGE, key=f"{INCIDENT}-7-0"))
    assert first["Message-ID"] == f"<{INCIDENT}-3-0.k3x9@example.org>"
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == second["References"] == f"<{INCIDENT}.k3x9@example.org>"


def test_two_addresses_of_a_person_get_two_letters() -> None:
    assert mail_of(HOME).to == "alice@home.example"
    assert read(HOME)["Message-ID"] != read(PAGE)["Message-ID"]


def test_storm_is_told_in_one_letter() -> None:
    more = ("INC-2026-0007", "INC-2026-0008")
    assert "Checkout is down, and 2 more: INC-2026-0007, INC-2026-0008; open Tocsin" in words(
        read(replace(PAGE, more=more))
    )


def test_person_without_an_address_is_refused() -> None:
    verdict = request_for(page("email", person="bob"), ACCOUNT)
    assert isinstance(verdict, Never)
    assert verdict.reason == "bob has no e-mail address in the SOP file"
    assert verdict.receipts == (ReportPageFailed(PAGE.key, "email", verdict.reason),)


def test_what_ends_a_page_sends_nothing() -> None:
    assert request_for(AcknowledgePage(PAGE.key, PAGE.reach), ACCOUNT) == Done()


def test_test_page_says_that_nothing_is_wrong_and_has_no_link_to_acknowledge() -> None:
    message = read(SendPageTest("test-alice-1-0", PAGE.reach, asked_by="bob"))
    assert message["Subject"] == "Test page, nothing is wrong: Tocsin reaches you here"
    assert "(bob asked)" in words(message)
    assert "/a/" not in words(message)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_text_gets_out_of_its_place(title: str, reason: str, service: str) -> None:
    message = read(page("email", title=title, reason=reason, service=service))
    assert message["To"] == "alice@example.org"
    assert sorted(set(message.keys())) == sorted(set(read(PAGE).keys()))
    html = words(message, "html")
    assert html.count("<a ") == 2
    assert html.count("<") == words(read(PAGE), "html").count("<")


@pytest.mark.parametrize(
    ("command", "status", "kind"),
    [
        pytest.param("data", 250, Done, id="taken"),
        pytest.param("rcpt", 250, Again, id="only the recipient is taken"),
        pytest.param("rcpt", 450, Busy, id="greylisted"),
        pytest.param("data", 452, Busy, id="mailbox full"),
        pytest.param("rcpt", 421, Again, id="the server closes"),
        pytest.param("connect", 451, Again, id="not at present"),
        pytest.param("rcpt", 550, Never, id="no such mailbox"),
        pytest.param("data", 554, Never, id="taken for spam"),
        pytest.param("auth", 535, Never, id="wrong password"),
        pytest.param("starttls", 502, Never, id="no encryption"),
        pytest.param("data", 199, Again, id="no answer that SMTP knows"),
    ],
)
def test_what_the_server_answers(command: str, status: int, kind: type) -> None:
    verdict = classify(PAGE, Reply(status, {"command": command}, b"5.1.1 no such\r\nuser"))
    assert type(verdict) is kind
    if isinstance(verdict, Never):
        assert verdict.reason == f"the mail server refused {command} ({status}): 5.1.1 no such user"
        assert verdict.receipts == (ReportPageFailed(PAGE.key, "email", verdict.reason),)
    if isinstance(verdict, Done):
        assert verdict.receipts == (ReportPageAccepted(PAGE.key, "email"),)


def test_receipt_names_the_address_that_took_it() -> None:
    verdict = classify(HOME, Reply(250, {"command": "data"}, b"OK"))
    assert verdict == Done((ReportPageAccepted(PAGE.key, "email:alice@home.example"),))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp+starttls://tocsin:p%40ss@mail.example.org?from=tocsin@example.org",
            Post("mail.example.org", 587, Tls.STARTTLS, "tocsin", "p@ss"),
        ),
        ("smtps://mail.example.org?from=tocsin@example.org", Post("mail.example.org", 465, Tls.IMPLICIT)),
        ("smtp://10.0.0.1:2525?from=tocsin@example.org", Post("10.0.0.1", 2525, Tls.NONE)),
    ],
)
def test_server_is_read_from_its_secret(url: str, expected: Post) -> None:
    assert post_from(url, None) == (expected, "tocsin@example.org")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "[::1]"])
def test_password_needs_no_encryption_where_nobody_listens_on_the_way(host: str) -> None:
    assert post_from(f"smtp://u:p@{host}?from=a@b.org", None)[0].password == "p"


def test_sender_of_the_file_comes_first_and_that_of_the_account_last() -> None:
    assert post_from("smtps://a%40b.org:x@h?from=c@d.org", "e@f.org")[1] == "e@f.org"
    assert post_from("smtps://a%40b.org:x@h", None)[1] == "a@b.org"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mail.example.org:587", "must be an address such as smtp+starttls://user:password@host:587"),
        ("https://canary@mail.example.org", "must be an address such as"),
        ("smtp://u:canary@mail.example.org?from=a@b.org", "would send its password unencrypted"),
        ("smtps://mail.example.org:port?from=a@b.org", "must be an address such as"),
        ("smtps://u:canary@mail.example.org", "must say who sends"),
        ("smtps://h?from=a@b.org,c@d.org", "must say who sends"),
        ("smtps://h?from=a@b.org%0d%0aBcc:x@y.org", "must say who sends"),
    ],
)
def test_secret_that_names_no_server_is_told_without_a_word_of_it(url: str, what: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|would) ") as told:
        post_from(url, None)
    assert str(told.value).startswith(what)
    assert "canary" not in str(told.value)


def test_passwords_and_links_are_in_no_representation() -> None:
    assert "canary" not in repr(ACCOUNT)
    assert LINKS.secret not in repr(ACCOUNT)
    assert LINKS.token(PAGE.key) not in repr(mail_of(PAGE))
