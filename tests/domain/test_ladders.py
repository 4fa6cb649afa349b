"""The escalation policy, minute by minute (SOP, section Escalation)."""

from datetime import timedelta

import pytest

from tests.domain.harness import (
    ASSIGN,
    CTO,
    DIRECTOR,
    EVERYONE_ON_CALL,
    MANAGER,
    NOTIFY,
    PAGE,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV2,
    SEV3,
    SEV4,
    VP,
    Step,
    Story,
    step,
)
from tocsin.domain import effects as f
from tocsin.sop.words import Severity

AGAIN = (MANAGER, *EVERYONE_ON_CALL)  # the last page step, together with the catch-all


@pytest.mark.parametrize(
    ("severity", "minutes", "ladder"),
    [
        pytest.param(
            SEV1,
            61,
            [
                step(0, PAGE, PRIMARY),
                step(5, PAGE, SECONDARY),
                step(15, PAGE, MANAGER),
                step(30, PAGE, *AGAIN),
                step(30, NOTIFY, DIRECTOR, VP),
                step(45, PAGE, *AGAIN),
                step(60, PAGE, *AGAIN),
                step(60, NOTIFY, CTO),
            ],
            id="SEV1 reaches the VP at 30 and the CTO at 60 min, and repeats from 30 min on",
        ),
        pytest.param(
            SEV2,
            121,
            [
                step(0, PAGE, PRIMARY),
                step(15, PAGE, SECONDARY),
                step(30, PAGE, MANAGER),
                *(step(minute, PAGE, *AGAIN) for minute in (45, 60, 75, 90, 105, 120)),
                step(120, NOTIFY, DIRECTOR),
            ],
            id="SEV2 reaches the Director at 2 h, and repeats from 45 min on",
        ),
        pytest.param(
            SEV3,
            30 * 60,
            [step(0, ASSIGN), step(4 * 60, NOTIFY, PRIMARY), step(24 * 60, NOTIFY, MANAGER)],
            id="SEV3 pages nobody, tells the team lead at 4 h and the Engineering Manager at 24 h",
        ),
        pytest.param(SEV4, 14 * 24 * 60, [step(0, ASSIGN)], id="SEV4 goes to the backlog and never escalates"),
        pytest.param(
            None,
            61,
            [
                step(0, PAGE, PRIMARY),
                step(15, PAGE, SECONDARY),
                step(30, PAGE, MANAGER),
                step(45, PAGE, *AGAIN),
                step(60, PAGE, *AGAIN),
            ],
            id="what nobody has assessed pages until somebody answers",
        ),
    ],
)
def test_unanswered_ladder(severity: Severity | None, minutes: float, ladder: list[Step]) -> None:
    assert Story().declare(severity).at(minutes).ladder == ladder


@pytest.mark.parametrize(
    ("severity", "after"),
    [
        pytest.param(SEV1, [step(30, NOTIFY, DIRECTOR, VP), step(60, NOTIFY, CTO)], id="SEV1 still tells management"),
        pytest.param(SEV2, [step(120, NOTIFY, DIRECTOR)], id="SEV2 still tells the Director"),
        pytest.param(SEV3, [step(24 * 60, NOTIFY, MANAGER)], id="SEV3 still tells the Engineering Manager"),
        pytest.param(None, [], id="what nobody has assessed falls silent"),
    ],
)
def test_acknowledged_ladder_goes_on_only_with_what_waits_for_the_resolution(
    severity: Severity | None, after: list[Step]
) -> None:
    first = step(0, ASSIGN) if severity is SEV3 else step(0, PAGE, PRIMARY)
    assert Story().declare(severity).acknowledge().at(hours=25).ladder == [first, *after]


@pytest.mark.parametrize("severity", [SEV1, SEV2, SEV3, SEV4, None])
def test_nothing_escalates_after_the_resolution(severity: Severity | None) -> None:
    story = Story().declare(severity).at(1).resolve()
    assert story.at(days=30).ladder == Story().declare(severity).ladder


def test_unacknowledged_sev1_pages_secondary_after_five_minutes() -> None:
    story = Story().declare(SEV1).at(4.99)
    assert story.ringing == [PRIMARY]
    assert story.at(5).ringing == [PRIMARY, SECONDARY]


def test_acknowledgement_stops_the_ladder_in_the_very_instant_a_step_is_due() -> None:
    story = Story().declare(SEV1).asleep_until(5).acknowledge()
    assert story.at(25).ladder == [step(0, PAGE, PRIMARY)]


def test_acknowledgement_stops_a_repetition_in_the_very_instant_it_is_due() -> None:
    story = Story().declare().at(44).asleep_until(45).acknowledge()
    assert story.at(days=2).ladder[-1] == step(30, PAGE, MANAGER)


def test_anybodys_acknowledgement_answers_everybodys_page() -> None:
    story = Story().declare(SEV1).at(16)
    assert story.ringing == [PRIMARY, SECONDARY, MANAGER]
    assert story.acknowledge(by=SECONDARY).ringing == []


def test_mitigation_without_an_acknowledgement_stops_the_paging() -> None:
    story = Story().declare(SEV2).at(1).mitigate().at(119)
    assert story.ladder == [step(0, PAGE, PRIMARY)]


def test_provider_that_takes_a_page_has_not_answered_it() -> None:
    story = Story().declare(SEV1).accept(PRIMARY)
    assert story.at(5).ringing == [PRIMARY, SECONDARY]


def test_repetition_never_ends_while_nobody_acknowledges() -> None:
    story = Story().declare(SEV1).at(hours=12)
    assert story.ladder[-1] == step(12 * 60, PAGE, *AGAIN)
    assert story.wakes_in is not None
    assert story.wakes_in <= timedelta(minutes=15)


def test_page_says_which_incident_how_grave_and_why() -> None:
    (page,) = Story().declare(SEV1).sent(f.SendPage)[1:]
    assert (page.title, page.service, page.severity, page.urgency) == ("Checkout is down", "website", SEV1, PAGE)
    assert page.reason == "escalation to primary on-call"


def test_late_engine_carries_out_each_missed_step_once_in_order() -> None:
    story = Story().declare(SEV1).asleep_until(20).tick()
    assert story.ladder == [step(0, PAGE, PRIMARY), step(20, PAGE, SECONDARY), step(20, PAGE, MANAGER)]


def test_late_engine_repeats_from_now_on_without_catching_up() -> None:
    story = Story().declare().asleep_until(hours=5).tick().at(hours=5, minutes=16)
    assert story.ladder[-2:] == [step(300, PAGE, MANAGER), step(315, PAGE, *AGAIN)]
