"""An acknowledgement stops the ladder of what nobody has assessed: from then on the assessment is called for."""

import pytest

from tests.domain.harness import (
    IC,
    MANAGER,
    NOTIFY,
    PRIMARY,
    SECONDARY,
    SEV1,
    SEV4,
    VP,
    Story,
    without,
)
from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.sop.load import default_sop

SOP = default_sop()


def acknowledged(minute: float = 0) -> Story:
    return Story().alert(severity="critical").at(minute).acknowledge()


def test_what_is_acknowledged_but_not_assessed_is_called_for_every_fifteen_minutes() -> None:
    assert acknowledged(minute=4).at(50).minutes_of(e.AssessmentOverdue) == [19, 34, 49]


def test_whoever_responds_is_told_first_and_from_then_on_whom_the_ladder_paged_last_as_well() -> None:
    story = acknowledged().at(31)
    assert [[reach.person for reach in it.reached] for it in story.happened(e.AssessmentOverdue)] == [
        [PRIMARY],
        [PRIMARY, MANAGER],
    ]
    assert {it.urgency for it in story.sent(f.SendPage)[1:]} == {NOTIFY}


def test_call_says_since_when_and_what_to_do() -> None:
    story = acknowledged().at(15)
    assert story.just_sent(f.SendPage)[0].reason == "nobody has assessed it since 12:15 UTC: say how severe it is"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda story: story.assess(SEV4), id="the assessment"),
        pytest.param(lambda story: story.mitigate(), id="the mitigation"),
        pytest.param(lambda story: story.resolve(), id="the resolution"),
        pytest.param(lambda story: story.cancel(), id="the cancellation"),
    ],
)
def test_calls_end_with(act: object) -> None:
    story = acknowledged().at(1)
    assert callable(act)
    act(story)
    assert story.at(hours=5).minutes_of(e.AssessmentOverdue) == []


def test_assessment_in_the_very_instant_a_call_is_due_comes_before_it() -> None:
    story = acknowledged().at(14).asleep_until(15).assess(SEV1)
    assert story.happened(e.AssessmentOverdue) == []


def test_one_call_stands_for_all_that_were_missed() -> None:
    story = acknowledged().asleep_until(50).tick()
    assert [it.times for it in story.happened(e.AssessmentOverdue)] == [3]
    assert story.at(60).minutes_of(e.AssessmentOverdue) == [50, 60]


def test_incident_commander_is_told_rather_than_who_acknowledged() -> None:
    assert acknowledged().assign(IC, VP).at(15).told(e.AssessmentOverdue) == [VP]


def test_call_falls_to_the_next_in_line_where_who_acknowledged_has_left() -> None:
    story = acknowledged()
    story.organisation = without(SOP, PRIMARY)
    assert story.at(15).told(e.AssessmentOverdue) == [SECONDARY]


def test_call_that_reaches_nobody_is_recorded_and_comes_again() -> None:
    story = acknowledged()
    story.organisation = without(SOP, *SOP.people)
    assert [it.reached for it in story.at(31).happened(e.AssessmentOverdue)] == [(), ()]


def test_quiet_alert_that_somebody_acknowledges_is_not_called_for() -> None:
    assert Story().alert(severity="info").acknowledge().at(days=2).happened(e.AssessmentOverdue) == []


def test_calls_begin_anew_with_the_next_acknowledgement() -> None:
    story = acknowledged().at(40).mitigate().reopen().at(41).acknowledge()
    assert story.at(60).minutes_of(e.AssessmentOverdue) == [15, 30, 56]
