"""What is found of contact methods that this machine has no secret for, or no library."""

import pytest
from msgspec.structs import replace

from tests.domain.harness import with_contact
from tocsin.engine import reachable
from tocsin.engine.reachable import unusable_here
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, Email, Sop

EMAIL, SMS = ContactMethod(via="email"), ContactMethod(via="apprise", name="sms", url="env:ALICE_SMS")


def told(sop: Sop, **environ: str) -> list[str]:
    return [str(it) for it in unusable_here(Settings(database="sqlite:///nowhere", environ=environ), sop)]


def test_what_nobody_uses_is_no_finding() -> None:
    assert told(default_sop()) == []


def test_secrets_that_are_not_set_are_named() -> None:
    assert told(with_contact(default_sop(), "alice", EMAIL, SMS)) == [
        "warning: people.alice.contact[2].url: env:ALICE_SMS is not set on this machine; "
        "set it to an address in Apprise's words, such as ntfy://topic",
        "warning: email.server: env:SMTP_URL is not set on this machine, so no page leaves it by e-mail; "
        "set it to smtp+starttls://user:password@host:587?from=tocsin@host",
    ]


def test_everything_set_is_no_finding() -> None:
    sop = with_contact(default_sop(), "alice", EMAIL, SMS)
    assert told(sop, ALICE_SMS="ntfy://topic", SMTP_URL="smtps://mail.example.org?from=t@example.org") == []


def test_mail_server_that_can_not_be_read_is_told_without_its_secret() -> None:
    sop = replace(with_contact(default_sop(), "alice", EMAIL), email=Email(server="env:MAIL"))
    (finding,) = told(sop, MAIL="smtps://u:canary@mail.example.org")
    assert finding == (
        "warning: email.server: env:MAIL must say who sends; add ?from=tocsin@example.org, or `sender` to [email]"
    )


def test_library_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachable, "is_installed", lambda: False)
    assert told(with_contact(default_sop(), "alice", SMS), ALICE_SMS="ntfy://topic") == [
        "warning: people.alice.contact[1]: needs Apprise, which is not installed here; pip install 'tocsin[apprise]'"
    ]
