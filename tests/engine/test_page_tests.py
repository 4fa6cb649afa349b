"""Does a test page take the way of a real one, and stay a test? By every contact method, rarely, and without an end."""

from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from tests.engine.alerts import minute
from tests.engine.rehearsal import Rehearsal, with_contacts
from tocsin.domain.effects import SendPageTest
from tocsin.engine import page_tests
from tocsin.engine.desk import Actor
from tocsin.errors import NotFound, Refused
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity
from tocsin.store.rows import PageTest
from tocsin.store.verify import Verification

BOB = Actor("bob", "test")


@pytest.fixture
def rehearsal(path: Path) -> Rehearsal:
    return Rehearsal(path, with_contacts(default_sop(), ("pagerduty", "slack", "inbox"), "alice"), slack=True)


def send(rehearsal: Rehearsal, person: str = "alice") -> None:
    with rehearsal.store.transaction() as tx:
        page_tests.send(rehearsal.desk, tx, rehearsal.now, person, by=BOB)


def told(rehearsal: Rehearsal, person: str = "alice") -> dict[str, PageTest]:
    return {it.via: it for it in rehearsal.queries.desk.page_tests(person)}


def faults(rehearsal: Rehearsal) -> list[str]:
    return list(Verification(rehearsal.store.apart()).faults())


def test_test_leaves_by_every_contact_method_and_is_noted_as_taken(rehearsal: Rehearsal) -> None:
    send(rehearsal)
    assert {it.status for it in told(rehearsal).values()} == {"pending"}
    rehearsal.work()
    assert {via: (it.status, it.asked_by) for via, it in told(rehearsal).items()} == {
        "pagerduty": ("done", "bob"),
        "slack": ("done", "bob"),
        "inbox": ("done", "bob"),
    }
    (message,) = [unquote_plus(it.body.decode()) for it in rehearsal.sandbox.requests if "chat." in it.path]
    assert "Test page, nothing is wrong: Tocsin reaches you here (bob asked)" in message
    assert rehearsal.incidents(is_open=None) == []


def test_pagerduty_rings_as_for_the_gravest_page_and_is_told_to_stop(rehearsal: Rehearsal) -> None:
    send(rehearsal)
    rehearsal.at(9)
    (alert,) = rehearsal.sandbox.pagerduty.alerts.values()
    assert (alert.severity, alert.status) == ("critical", "triggered")
    assert alert.summary == "TEST, nothing is wrong: Tocsin reaches you here (bob asked)"
    rehearsal.at(11)
    (alert,) = rehearsal.sandbox.pagerduty.alerts.values()
    assert alert.status == "resolved"
    assert len(told(rehearsal)) == 3


def test_test_leaves_after_whatever_is_real(rehearsal: Rehearsal) -> None:
    send(rehearsal)
    rehearsal.declare(Severity.SEV4)
    rehearsal.declare(Severity.SEV1)
    sent = [it.effect for it in rehearsal.lease()]
    assert [type(it) for it in sent][-1] is SendPageTest
    assert len(sent) > 1


def test_one_who_was_just_tested_is_left_alone_for_a_minute(rehearsal: Rehearsal) -> None:
    send(rehearsal)
    rehearsal.now = minute(0.5)
    with pytest.raises(Refused, match="alice was sent a test page 30 s ago: wait a minute") as caught:
        send(rehearsal)
    assert caught.value.code == "tested_just_now"
    send(rehearsal, "bob")
    rehearsal.now = minute(1)
    send(rehearsal)


def test_there_is_an_end_to_how_many_tests_an_hour_has(rehearsal: Rehearsal) -> None:
    for number in range(15):
        rehearsal.now = minute(number)
        send(rehearsal)
    rehearsal.now = minute(20)
    with pytest.raises(Refused, match="60 test pages were sent within an hour: wait a while") as caught:
        send(rehearsal)
    assert caught.value.code == "too_many_tests"
    rehearsal.now = minute(80)
    send(rehearsal)


def test_somebody_unknown_can_not_be_tested(rehearsal: Rehearsal) -> None:
    with pytest.raises(NotFound, match="person: there is no 'nobody'"):
        send(rehearsal, "nobody")


def test_record_with_tests_in_it_is_verified_whole(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV1)
    send(rehearsal)
    rehearsal.at(11)
    assert faults(rehearsal) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("provider = 'inbox'", "its digest is not that of the row"),
        ("incident = 'test/bob'", "it is not the row of the test page that its effect tells of"),
        ("effect = '{}'", "can't be read"),
        ("rank = 1", "it is not the row of the test page that its effect tells of"),
    ],
)
def test_test_that_was_tampered_with_is_found(rehearsal: Rehearsal, change: str, fault: str) -> None:
    send(rehearsal)
    with rehearsal.store.transaction() as tx:
        tx._connection.all(f"UPDATE outbox SET {change} WHERE provider = 'pagerduty' AND key NOT LIKE '%-end'")
    assert any(fault in found for found in faults(rehearsal)), faults(rehearsal)
