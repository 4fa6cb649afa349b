"""What is said to somebody who asks for an override that makes no sense?"""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.oncall.test_overrides import HOUR, MONDAY, SECONDARY, override
from tests.oncall.test_roster import ORGANISATION
from tocsin.oncall.override_faults import fault_in_override
from tocsin.oncall.overrides import Override

ERIN = override("erin", 2, 5)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        pytest.param(
            replace(ERIN, team="nowhere"), "team: 'nowhere' is not one of backend, ghosts, platform", id="team"
        ),
        pytest.param(
            replace(ERIN, person="gone"),
            "person: 'gone' is not one of alice, bob, chris, dora, erin, mona",
            id="person",
        ),
        pytest.param(
            replace(ERIN, instead_of="gone"),
            "instead_of: 'gone' is not one of alice, bob, chris, dora, erin, mona",
            id="in place of a stranger",
        ),
        pytest.param(
            override("erin", 5, 5), "ends_at: must be after the start, 2026-01-05 15:00 UTC", id="of no length"
        ),
        pytest.param(override("erin", -5, 1), "ends_at: must lie ahead, and 2026-01-05 11:00 UTC is past", id="over"),
        pytest.param(
            replace(ERIN, ends_at=MONDAY + timedelta(days=367)),
            "ends_at: must lie within 366 days; change the rotation for more",
            id="for ever",
        ),
        pytest.param(replace(ERIN, instead_of="erin"), "instead_of: erin can't take their own place", id="oneself"),
        pytest.param(
            replace(ERIN, instead_of="bob"),
            "instead_of: bob is not primary of platform in that time, so nothing would change",
            id="somebody who isn't on call then",
        ),
    ],
)
def test_fault_names_the_field_and_what_would_be_right(asked: Override, fault: str) -> None:
    assert fault_in_override(asked, ORGANISATION, (), MONDAY + HOUR) == fault


def test_override_that_makes_sense_has_none() -> None:
    for asked in (ERIN, replace(ERIN, instead_of="alice"), replace(ERIN, layer=SECONDARY, instead_of="bob")):
        assert fault_in_override(asked, ORGANISATION, (), MONDAY + HOUR) is None


def test_who_took_over_before_can_be_replaced() -> None:
    asked = override("bob", 2, 3, instead_of="erin")
    assert fault_in_override(asked, ORGANISATION, (ERIN,), MONDAY) is None
