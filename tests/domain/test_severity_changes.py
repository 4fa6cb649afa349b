"""Assessment, raising and lowering, further teams: the ladder counts from the start, and nothing is done twice."""

import pytest

from tests.domain.harness import (
    ASSIGN,
    BACKEND_PRIMARY,
    BACKEND_SECONDARY,
    CTO,
    DIRECTOR,
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
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.narrate import narrate
from tocsin.sop.words import Severity, Trigger

BREACH = Trigger.SECURITY_BREACH


def test_assessment_moves_to_the_severitys_own_ladder_counted_from_the_start() -> None:
    story = Story().declare().at(3).assess(SEV1)
    assert story.at(5).ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]


@pytest.mark.parametrize(
    ("before", "minute", "after", "at_once"),
    [
        pytest.param(None, 10, SEV1, [step(10, PAGE, SECONDARY)], id="unassessed to SEV1: the secondary was due at 5"),
        pytest.param(None, 10, SEV2, [], id="unassessed to SEV2: nothing is due before 15"),
        pytest.param(None, 10, SEV3, [step(10, ASSIGN)], id="unassessed to SEV3: the team's queue"),
        pytest.param(None, 10, SEV4, [step(10, ASSIGN)], id="unassessed to SEV4: the backlog"),
        pytest.param(
            SEV2,
            20,
            SEV1,
            [step(20, PAGE, MANAGER)],
            id="SEV2 to SEV1: the manager was due at 15, primary and secondary are done",
        ),
        pytest.param(
            SEV3,
            40,
            SEV1,
            [
                step(40, PAGE, PRIMARY),
                step(40, PAGE, SECONDARY),
                step(40, PAGE, MANAGER),
                step(40, NOTIFY, DIRECTOR, VP),
            ],
            id="SEV3 to SEV1: everything up to 30 min at once",
        ),
        pytest.param(SEV4, 10, SEV2, [step(10, PAGE, PRIMARY)], id="SEV4 to SEV2: the primary, who was never paged"),
        pytest.param(SEV1, 10, SEV3, [step(10, ASSIGN)], id="SEV1 lowered to SEV3: the team's queue"),
        pytest.param(SEV1, 10, SEV2, [], id="SEV1 lowered to SEV2: the secondary is done already"),
    ],
)
def test_new_severity_fires_at_once_what_is_due_and_not_done(
    before: Severity | None, minute: float, after: Severity, at_once: list[Step]
) -> None:
    story = Story().declare(before).at(minute)
    done = story.ladder
    assert story.assess(after).ladder == [*done, *at_once]


def test_raised_severity_of_an_acknowledged_incident_pages_only_the_primary_who_was_never_paged() -> None:
    story = Story().declare(SEV3).acknowledge().at(40).assess(SEV1)
    assert story.ladder == [step(0, ASSIGN), step(40, PAGE, PRIMARY), step(40, NOTIFY, DIRECTOR, VP)]


def test_lowered_severity_slows_the_ladder_down() -> None:
    story = Story().declare(SEV1).at(2).assess(SEV2)
    assert story.at(15).ladder == [step(0, PAGE, PRIMARY), step(15, PAGE, SECONDARY)]


def test_severity_lowered_to_what_pages_nobody_ends_the_paging() -> None:
    story = Story().declare(SEV1).at(16).assess(SEV4)
    assert story.at(days=2).ladder[-1] == step(16, ASSIGN)
    assert story.wake_at is None


def test_who_was_paged_is_not_notified_as_well() -> None:
    story = Story().declare().at(31).assess(SEV3)
    assert story.at(days=2).ladder == [
        step(0, PAGE, PRIMARY),
        step(15, PAGE, SECONDARY),
        step(30, PAGE, MANAGER),
        step(31, ASSIGN),
        step(4 * 60, NOTIFY, PRIMARY),
    ]


def test_severity_change_stands_in_the_record_with_its_reason() -> None:
    story = Story().declare(SEV3).assess(SEV1, "payments fail as well")
    assert story.happened(e.SeverityChanged) == [e.SeverityChanged(SEV3, SEV1, "payments fail as well")]


def lines(story: Story) -> list[str]:
    return [narrate(event, story.sop) for event in story.happened(e.SeverityChanged)]


def test_breach_that_is_found_as_the_severity_rises_takes_the_place_of_the_trigger() -> None:
    story = Story().declare(SEV2).send(c.Assess(SEV1, "a key has leaked", BREACH))
    assert story.incident.trigger is BREACH
    assert lines(story) == ["Severity SEV2 → SEV1: a key has leaked (a security breach is suspected)"]


def test_breach_that_is_found_later_is_recorded_at_the_same_severity_and_moves_no_deadline() -> None:
    story = Story().declare(SEV1).acknowledge().at(7)
    wakes_at = story.wake_at
    story.send(c.Assess(SEV1, "a key has leaked", BREACH))
    assert (story.incident.trigger, story.incident.severity_reason) == (BREACH, "a key has leaked")
    assert lines(story) == ["Severity stays SEV1: a key has leaked (a security breach is suspected)"]
    assert story.wake_at == wakes_at


def test_change_that_names_no_trigger_keeps_the_recorded_one() -> None:
    story = Story().declare(SEV2).send(c.Assess(SEV2, "a key has leaked", BREACH)).assess(SEV1)
    assert story.incident.trigger is BREACH
    assert story.refusal(c.Assess(SEV1, "as before", BREACH)).code == "same_severity"


def test_several_affected_teams_have_each_their_primary_paged() -> None:
    story = Story().declare(SEV1, teams=("backend",)).at(5)
    assert story.ladder == [
        step(0, PAGE, PRIMARY, BACKEND_PRIMARY),
        step(5, PAGE, SECONDARY, BACKEND_SECONDARY),
    ]


def test_team_that_is_named_twice_is_affected_once() -> None:
    story = Story().declare(SEV1, teams=("backend", "platform", "backend"))
    assert story.incident.teams == ("platform", "backend")


@pytest.mark.parametrize(
    ("minute", "paged"),
    [
        pytest.param(3, [step(3, PAGE, BACKEND_PRIMARY)], id="its primary"),
        pytest.param(
            10,
            [step(10, PAGE, BACKEND_PRIMARY), step(10, PAGE, BACKEND_SECONDARY)],
            id="its secondary too, once secondaries are due",
        ),
    ],
)
def test_team_added_later_catches_up_with_the_ladder_at_once(minute: float, paged: list[Step]) -> None:
    story = Story().declare(SEV1).at(minute)
    done = story.ladder
    assert story.add_team("backend").ladder == [*done, *paged]


def test_team_added_after_the_acknowledgement_has_its_primary_paged_and_nobody_else() -> None:
    story = Story().declare(SEV1).acknowledge().at(20).add_team("backend")
    assert story.at(29).ladder == [step(0, PAGE, PRIMARY), step(20, PAGE, BACKEND_PRIMARY)]
    assert story.ringing == [BACKEND_PRIMARY]


def test_second_acknowledgement_answers_the_page_of_the_team_that_joined() -> None:
    story = Story().declare(SEV1).acknowledge().add_team("backend").acknowledge(by=BACKEND_PRIMARY)
    assert story.ringing == []
    assert story.incident.acknowledged_by == PRIMARY


def test_team_added_to_an_incident_that_pages_nobody_is_not_woken() -> None:
    story = Story().declare(SEV3).add_team("backend")
    assert story.at(days=1).ladder == [
        step(0, ASSIGN),
        step(4 * 60, NOTIFY, PRIMARY, BACKEND_PRIMARY),
        step(24 * 60, NOTIFY, MANAGER),
    ]


def test_all_affected_teams_without_their_own_share_the_organisations_manager() -> None:
    story = Story().declare(SEV1, teams=("backend",)).at(15)
    assert story.ladder[-1] == step(15, PAGE, MANAGER)


def test_later_time_of_assessment_does_not_delay_management() -> None:
    story = Story().declare().acknowledge().at(45).assess(SEV1).at(60)
    assert story.ladder[1:] == [step(45, NOTIFY, DIRECTOR, VP), step(60, NOTIFY, CTO)]
