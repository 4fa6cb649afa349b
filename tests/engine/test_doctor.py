"""What does the doctor say of Tocsin itself and its people, and is everything that he finds followed by a remedy?"""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.engine.alerts import NOON
from tests.engine.rehearsal import with_contacts
from tocsin.engine import doctor
from tocsin.engine.deliveries import Provider
from tocsin.engine.doctor import Situation, examine
from tocsin.engine.providers import providers_for
from tocsin.errors import Unreachable
from tocsin.integrations.checkup import Finding, State
from tocsin.integrations.wire import Inquiry, Reply
from tocsin.settings import Settings
from tocsin.sop.load import default_sop
from tocsin.sop.model import ContactMethod, Sop
from tocsin.store.rows import PageTest

SOP = replace(with_contacts(default_sop(), ("pagerduty", "inbox"), "alice", "bob"), heartbeats=())
KEY = {"PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef"}


def situation(environ: dict[str, str] | None = None, **more: object) -> Situation:
    settings = Settings(database="sqlite:///t.db", public_url="https://tocsin.example.org", environ=environ or KEY)
    return replace(Situation(settings, SOP, NOON, tests={}), **more)


def found(it: Situation) -> dict[str, Finding]:
    async def send(request: Inquiry) -> Reply:
        raise Unreachable("nobody is asked here")

    findings = asyncio.run(examine(it, send))
    assert all(it.remedy for it in findings if it.state is State.BROKEN)
    return {it.what: it for it in findings}


def a_test(status: str = "done", note: str = "", via: str = "pagerduty", hours: int = 3) -> PageTest:
    at = NOON - timedelta(hours=hours)
    return PageTest("test-alice", via, "bob", status, note, at, at)


def test_findings_come_in_the_order_in_which_somebody_would_set_things_up() -> None:
    assert list(found(situation()))[:3] == ["SOP", "server", "public address"]


def test_sample_organisation_is_told_as_such() -> None:
    sop = found(situation(sop=default_sop()))["SOP"]
    assert (sop.state, sop.told) == (State.UNUSED, "it is the sample organisation: nobody real is paged")


def test_server_that_can_not_work_says_why() -> None:
    server = found(situation(faults=("the database has not taken a write for 5 s",)))["server"]
    assert (server.state, server.told) == (State.BROKEN, "the database has not taken a write for 5 s")


def test_without_a_server_what_it_would_know_is_left_open() -> None:
    findings = found(situation(tests=None))
    assert (findings["server"].state, findings["server"].remedy) == (State.UNUSED, "start `tocsin serve`")
    assert findings["alice"].told == "by pagerduty, inbox"


def test_address_that_nobody_else_can_reach_is_a_fault_once_pages_leave() -> None:
    here = Settings(database="sqlite:///t.db", public_url="http://127.0.0.1:8770", environ=KEY)
    assert found(situation(settings=here))["public address"].state is State.BROKEN
    silent = replace(here, environ={})
    assert found(situation(settings=silent))["public address"].state is State.UNUSED


@pytest.mark.parametrize(
    ("tests", "state", "told"),
    [
        pytest.param((), State.UNUSED, "by pagerduty, inbox; pagerduty was never tested", id="never tested"),
        pytest.param((a_test(),), State.WELL, "by pagerduty, inbox, tested 3 hours ago", id="tested"),
        pytest.param(
            (a_test("failed", "PagerDuty refused (HTTP 400)"), a_test(hours=5)),
            State.BROKEN,
            "the last test by pagerduty failed: PagerDuty refused (HTTP 400)",
            id="the newest one failed",
        ),
        pytest.param(
            (a_test(), a_test("failed", "no", hours=5)),
            State.WELL,
            "by pagerduty, inbox, tested 3 hours ago",
            id="it works again",
        ),
    ],
)
def test_person_is_well_once_a_test_was_taken(tests: tuple[PageTest, ...], state: State, told: str) -> None:
    alice = found(situation(tests={"alice": tests}))["alice"]
    assert (alice.state, alice.told) == (state, told)


def test_person_for_whom_no_phone_would_ring_is_a_fault() -> None:
    bob = found(situation(environ={"NOTHING": "set"}))["bob"]
    assert (bob.state, bob.told) == (State.BROKEN, "no phone would ring: pagerduty is not set up")


def test_person_who_has_the_inbox_by_choice_is_none() -> None:
    assert found(situation())["dana"].state is State.WELL


def test_of_many_people_only_those_who_can_not_be_reached_have_a_line() -> None:
    crowd = {f"p{number}": SOP.people["dana"] for number in range(200)}
    lost = replace(SOP.people["dana"], contact=())
    findings = found(situation(sop=replace(SOP, people={**SOP.people, **crowd, "lost": lost})))
    assert findings["people"].told == f"{len(SOP.people) + 200} others are reachable"
    assert (findings["lost"].state, "p7" in findings) == (State.BROKEN, False)


def test_providers_are_made_once_however_many_people_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(settings: Settings, sop: Sop, installation: str) -> tuple[Provider, ...]:
        made.append(installation)
        return providers_for(settings, sop, installation)

    monkeypatch.setattr(doctor, "providers_for", counted)
    crowd = {f"p{number}": SOP.people["alice"] for number in range(200)}
    found(situation(sop=replace(SOP, people={**SOP.people, **crowd})))
    assert len(made) == 1


def test_slack_without_a_token_is_unused_and_with_one_is_asked() -> None:
    assert found(situation())["Slack"].state is State.UNUSED
    assert found(situation(KEY | {"SLACK_BOT_TOKEN": "xoxb-canary"}))["Slack"].state is State.BROKEN  # nobody answers


def test_wrong_address_of_the_mail_server_is_a_finding_and_hides_nothing_else() -> None:
    findings = found(situation(KEY | {"SMTP_URL": "smtps://tocsin:canary@mail.example.org"}))
    assert findings["E-mail"].told.startswith("env:SMTP_URL must say who sends")
    assert findings["alice"].state is State.UNUSED  # reached by PagerDuty, and never tested
    assert "canary" not in str(findings)


def test_mail_server_that_does_not_answer_is_a_finding() -> None:
    mail = found(situation(KEY | {"SMTP_URL": "smtps://mail.example.org?from=t@example.org"}))["E-mail"]
    assert (mail.state, mail.told) == (State.BROKEN, "no answer: nobody is asked here")


def test_apprise_is_told_of_where_a_contact_method_names_an_address() -> None:
    assert found(situation())["Apprise"].state is State.UNUSED
    contact = (*SOP.people["alice"].contact, ContactMethod(via="apprise", name="push", url="env:ALICE_PUSH"))
    sop = replace(SOP, people={**SOP.people, "alice": replace(SOP.people["alice"], contact=contact)})
    assert found(situation(sop=sop))["Apprise"].told == "none of its addresses is set"
    findings = found(situation(KEY | {"ALICE_PUSH": "ntfy://canary"}, sop=sop))
    assert findings["Apprise"].state is State.BROKEN
    assert "canary" not in str(findings)


def by_several_of_a_kind() -> Situation:
    """Alice has an SMS and a call by Apprise, and mail to an address of her own."""
    names = {"sms": "env:ALICE_SMS", "call": "env:ALICE_CALL"}
    contact = (
        *(ContactMethod(via="apprise", name=name, url=url) for name, url in names.items()),
        ContactMethod(via="email", address="alice@home.example"),
    )
    sop = replace(SOP, people={**SOP.people, "alice": replace(SOP.people["alice"], contact=contact)})
    mail = {"SMTP_URL": "smtps://mail.example.org?from=t@example.org"}
    return situation({**KEY, **mail, "ALICE_SMS": "ntfy://canary", "ALICE_CALL": "ntfy://canary"}, sop=sop)


SMS, CALL, MAIL = "apprise:sms", "apprise:call", "email:alice@home.example"
ALL = f"by {SMS}, {CALL}, {MAIL}"


@pytest.mark.parametrize(
    ("tests", "state", "told"),
    [
        pytest.param((), State.UNUSED, f"{ALL}; {SMS}, {CALL}, {MAIL} was never tested", id="never tested"),
        pytest.param(
            (a_test(via=SMS), a_test(via=MAIL)),
            State.UNUSED,
            f"{ALL}; {CALL} was never tested",
            id="all but one tested",
        ),
        pytest.param(
            (a_test(via=SMS), a_test("failed", "no credit", via=CALL), a_test(via=MAIL)),
            State.BROKEN,
            f"the last test by {CALL} failed: no credit",
            id="one failed",
        ),
        pytest.param(
            (a_test(via=SMS), a_test(via=CALL), a_test(via=MAIL)), State.WELL, f"{ALL}, tested 3 hours ago", id="tested"
        ),
    ],
)
def test_each_of_several_contact_methods_of_a_kind_is_tested_by_itself(
    tests: tuple[PageTest, ...], state: State, told: str
) -> None:
    alice = found(replace(by_several_of_a_kind(), tests={"alice": tests}))["alice"]
    assert (alice.state, alice.told) == (state, told)


PUSHED = with_contacts(SOP, ("push", "inbox"), "alice")


def test_person_who_is_paged_by_push_and_has_no_browser_is_a_fault() -> None:
    alice = found(situation(sop=PUSHED))["alice"]
    assert (alice.state, alice.told) == (State.BROKEN, "paged by push, and no browser of theirs is subscribed")
    tested = found(situation(sop=PUSHED, browsers={"alice": 1}, tests={"alice": (a_test(via="push"),)}))["alice"]
    assert (tested.state, tested.told) == (State.WELL, "by push, inbox, tested 3 hours ago")


def test_browsers_subscribe_by_https_alone() -> None:
    assert found(situation())["Push"].state is State.UNUSED
    assert found(situation(sop=PUSHED))["Push"].state is State.WELL
    plain = Settings(database="sqlite:///t.db", public_url="http://tocsin.example.org", environ=KEY)
    assert found(situation(sop=PUSHED, settings=plain))["Push"].state is State.BROKEN
    here = replace(plain, public_url="http://127.0.0.2:8770")  # all of 127.0.0.0/8 is this machine
    assert found(situation(sop=PUSHED, settings=here))["Push"].state is State.WELL
