"""Is whoever took over the one who is paged? From the start of an override to its end, also while a ladder runs."""

import pytest

from tests.engine.alerts import minute
from tests.engine.rehearsal import Rehearsal
from tocsin.engine import overrides
from tocsin.engine.desk import Actor
from tocsin.errors import InvalidInput, NotFound, Refused
from tocsin.oncall.override_faults import AT_MOST
from tocsin.oncall.overrides import Layer, Override
from tocsin.sop.words import Severity
from tocsin.store.rows import KeptOverride

PRIMARY, SECONDARY = Layer

BOB = Actor("bob", "test")


def take_over(
    rehearsal: Rehearsal, person: str, start: float, end: float, layer: Layer = PRIMARY, team: str = "platform"
) -> KeptOverride:
    asked = Override(team, layer, person, minute(start), minute(end))
    with rehearsal.store.transaction() as tx:
        return overrides.make(rehearsal.desk.sops, tx, rehearsal.now, asked, by=BOB)


def cancel(rehearsal: Rehearsal, number: int) -> KeptOverride:
    with rehearsal.store.transaction() as tx:
        return overrides.cancel(tx, rehearsal.now, number, by=BOB)


def test_page_goes_to_whoever_took_over(rehearsal: Rehearsal) -> None:
    take_over(rehearsal, "chris", 0, 60)
    rehearsal.declare(Severity.SEV1)
    assert rehearsal.at(1).pages() == [(0, "chris")]


def test_page_goes_to_whoever_has_the_place_when_the_step_is_due(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV1)
    rehearsal.at(2)
    take_over(rehearsal, "chris", 2, 60, SECONDARY)
    assert rehearsal.at(6).pages() == [(0, "alice"), (5, "chris")]


def test_rotation_holds_again_at_the_instant_at_which_an_override_ends(rehearsal: Rehearsal) -> None:
    take_over(rehearsal, "chris", 0, 5, SECONDARY)
    rehearsal.declare(Severity.SEV1)
    assert rehearsal.at(6).pages() == [(0, "alice"), (5, "bob")]


def test_override_that_is_cancelled_pages_the_rotation(rehearsal: Rehearsal) -> None:
    cancel(rehearsal, take_over(rehearsal, "chris", 0, 60).id)
    rehearsal.declare(Severity.SEV1)
    assert rehearsal.at(1).pages() == [(0, "alice")]


def test_override_outlives_a_restart(rehearsal: Rehearsal) -> None:
    take_over(rehearsal, "chris", 0, 60)
    rehearsal.restart().declare(Severity.SEV1)
    assert rehearsal.at(1).pages() == [(0, "chris")]


def test_override_that_makes_no_sense_is_refused(rehearsal: Rehearsal) -> None:
    with pytest.raises(InvalidInput, match="team: 'sales' is not one of backend, frontend, platform"):
        take_over(rehearsal, "chris", 0, 60, team="sales")


def test_override_that_is_over_or_unknown_can_not_be_cancelled(rehearsal: Rehearsal) -> None:
    it = cancel(rehearsal, take_over(rehearsal, "chris", 0, 60).id)
    with pytest.raises(Refused, match=f"override {it.id} is over, or was cancelled before") as caught:
        cancel(rehearsal, it.id)
    assert caught.value.code == "override_is_over"
    with pytest.raises(NotFound, match="override: there is no 7"):
        cancel(rehearsal, 7)


def test_there_is_an_end_to_how_many_may_be_to_come(rehearsal: Rehearsal) -> None:
    with rehearsal.store.transaction() as tx:
        for _ in range(AT_MOST):
            tx.overrides.add(Override("platform", PRIMARY, "chris", minute(1), minute(2)), "bob", rehearsal.now)
    with pytest.raises(Refused, match=f"{AT_MOST} overrides are to come already"):
        take_over(rehearsal, "chris", 0, 60)
