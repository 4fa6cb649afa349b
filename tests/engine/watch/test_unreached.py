"""Whom can nobody page? Ladders run through on the test's clock, with a PagerDuty that takes nothing."""

from pathlib import Path

import pytest

from tests.engine.pagerduty import always, answers
from tests.engine.rehearsal import Rehearsal, with_contacts
from tocsin.domain import commands as c
from tocsin.engine.watch.unreached import is_unreached
from tocsin.simulate.sandbox.recording import Response
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

REFUSED = Response(400, b'{"status":"invalid event","message":"Event object is invalid","errors":["bad key"]}')
DOWN = Response(502)
SOP = default_sop()
BY_PAGERDUTY = with_contacts(SOP, ("pagerduty",), *SOP.people)
THEN_INBOX = with_contacts(SOP, ("pagerduty", "inbox"), *SOP.people)
BY_INBOX = with_contacts(SOP, ("inbox",), *SOP.people)


def unreached(rehearsal: Rehearsal) -> bool:
    return is_unreached(rehearsal.sop, rehearsal.only)


def test_incident_whose_every_page_was_refused_is_unreached_at_once(path: Path) -> None:
    with Rehearsal(path, BY_PAGERDUTY) as rehearsal:
        rehearsal.sandbox.script = always(REFUSED)
        rehearsal.declare(Severity.SEV1)
        assert not unreached(rehearsal)
        rehearsal.work()
        assert unreached(rehearsal)


def test_incident_whose_provider_is_down_is_unreached_once_all_steps_are_tried(path: Path) -> None:
    with Rehearsal(path, THEN_INBOX) as rehearsal:
        rehearsal.sandbox.script = always(DOWN)
        rehearsal.declare(Severity.SEV1)
        rehearsal.at(20)
        assert unreached(rehearsal)


def test_inbox_reaches_those_who_chose_nothing_else(path: Path) -> None:
    with Rehearsal(path, BY_INBOX) as rehearsal:
        rehearsal.declare(Severity.SEV1)
        rehearsal.at(20)
        assert not unreached(rehearsal)


@pytest.mark.parametrize("command", [c.Acknowledge(), c.Resolve(), c.Cancel(reason="a drill")])
def test_incident_that_somebody_knows_of_is_not_unreached(path: Path, command: c.Change) -> None:
    with Rehearsal(path, BY_PAGERDUTY) as rehearsal:
        rehearsal.sandbox.script = always(REFUSED)
        incident = rehearsal.declare(Severity.SEV1)
        rehearsal.work().change(incident.id, command)
        assert not unreached(rehearsal)


def test_one_page_that_was_taken_is_enough(path: Path) -> None:
    with Rehearsal(path, BY_PAGERDUTY) as rehearsal:
        rehearsal.sandbox.script = answers(REFUSED, REFUSED)
        rehearsal.declare(Severity.SEV1)
        rehearsal.at(20)
        assert not unreached(rehearsal)


def test_incident_that_pages_nobody_is_not_unreached(path: Path) -> None:
    with Rehearsal(path) as rehearsal:
        rehearsal.declare(Severity.SEV4)
        rehearsal.at(60)
        assert not unreached(rehearsal)


def test_reopened_incident_is_judged_by_its_new_pages(path: Path) -> None:
    with Rehearsal(path, BY_PAGERDUTY) as rehearsal:
        incident = rehearsal.declare(Severity.SEV1)
        rehearsal.work().change(incident.id, c.Acknowledge())
        rehearsal.change(incident.id, c.Resolve())
        rehearsal.sandbox.script = always(REFUSED)
        rehearsal.change(incident.id, c.Reopen(reason="it is back"))
        rehearsal.work()
        assert unreached(rehearsal)
