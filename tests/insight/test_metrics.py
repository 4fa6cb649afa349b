"""Times, epochs and reach are counted from the timeline, the same for a live incident, a drill and a replay."""

from datetime import timedelta

import pytest

from tests.domain.harness import DIRECTOR, IC, PRIMARY, SECONDARY, SEV1, SEV2, SEV3, SEV4, Story
from tests.insight.documents import EVERYTHING, measured, resolved_story
from tocsin.domain.incident import Status
from tocsin.insight.compliance import Verdict
from tocsin.insight.metrics import Metrics

Minutes = float | None


def minutes(length: timedelta | None) -> Minutes:
    return None if length is None else length / timedelta(minutes=1)


def times(metrics: Metrics) -> tuple[Minutes, Minutes, Minutes, Minutes]:
    """To acknowledge, assess, mitigate and resolve."""
    return (
        minutes(metrics.to_acknowledge),
        minutes(metrics.to_assess),
        minutes(metrics.to_mitigate),
        minutes(metrics.to_resolve),
    )


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(Story().declare().at(9), (None, None, None, None), id="nobody did anything yet"),
        pytest.param(Story().declare(SEV1).at(9), (None, 0, None, None), id="declared with a severity"),
        pytest.param(Story().declare().at(3).acknowledge().at(5).assess(SEV2), (3, 5, None, None), id="assessed later"),
        pytest.param(Story().declare(SEV1).at(7).assess(SEV2), (None, 0, None, None), id="lowered: assessed once"),
        pytest.param(resolved_story(), (4, 0, 20, 30), id="the whole way"),
        pytest.param(Story().declare(SEV1).at(8).resolve(), (None, 0, None, 8), id="resolved and nothing else"),
        pytest.param(resolved_story().at(60).reopen(), (4, 0, None, None), id="reopened: its end did not hold"),
        pytest.param(
            resolved_story().at(60).reopen().at(62).acknowledge().at(70).mitigate().at(75).resolve(),
            (4, 0, 70, 75),
            id="resolved again: the end that held counts",
        ),
        pytest.param(
            Story().declare(SEV1).at(2).cancel().at(10).reopen().at(11).acknowledge(),
            (11, 0, None, None),
            id="cancelled unacknowledged and reopened: the first acknowledgement of all",
        ),
    ],
)
def test_times_count_from_the_opening(story: Story, expected: tuple[Minutes, ...]) -> None:
    assert times(measured(story)) == expected


@pytest.mark.parametrize(
    ("story", "duration", "open_for"),
    [
        pytest.param(Story().declare(SEV1).at(25), 25, 25, id="open: until now"),
        pytest.param(Story().declare(SEV1).at(20).mitigate().at(25), 25, 25, id="mitigated is not over"),
        pytest.param(resolved_story().at(500), 30, 30, id="resolved: until then"),
        pytest.param(Story().declare(SEV1).at(8).cancel().at(500), 8, 8, id="cancelled: until then"),
        pytest.param(resolved_story().at(90).reopen().at(100), 100, 40, id="reopened: the pause was not open"),
        pytest.param(
            Story().declare(SEV1).at(20).mitigate().at(25).reopen().at(40).resolve().at(50),
            40,
            40,
            id="reopened from mitigated: there was no pause",
        ),
    ],
)
def test_duration_lasts_to_the_end_that_held_or_to_now(story: Story, duration: float, open_for: float) -> None:
    metrics = measured(story)
    assert (minutes(metrics.duration), minutes(metrics.open_for)) == (duration, open_for)


def test_each_epoch_is_counted_from_its_own_start() -> None:
    story = resolved_story().at(60).reopen().at(62).acknowledge().at(70).mitigate().at(75).resolve()
    found = [
        (story.minute(epoch.started_at), *map(minutes, (epoch.to_acknowledge, epoch.to_mitigate, epoch.to_resolve)))
        for epoch in measured(story).epochs
    ]
    assert found == [(0, 4, 20, 30), (60, 2, 10, 15)]


def test_epoch_that_was_reopened_while_mitigated_has_no_end() -> None:
    story = Story().declare(SEV1).at(20).mitigate().at(25).reopen().at(40).cancel()
    first, second = measured(story).epochs
    assert first.ended_at is None
    assert second.ended_at == story.now


@pytest.mark.parametrize(
    ("story", "people", "failed"),
    [
        pytest.param(Story().declare(SEV4), 0, 0, id="the backlog pages nobody"),
        pytest.param(Story().declare(SEV1).acknowledge().at(45), 1, 0, id="a notification is no page"),
        pytest.param(Story().declare(SEV1).at(5), 2, 0, id="primary and secondary"),
        pytest.param(Story().declare(SEV1).at(120), 7, 0, id="the last step and everyone on call, again and again"),
        pytest.param(Story().declare(SEV3).page("bob"), 1, 0, id="by hand"),
        pytest.param(Story().declare(SEV1).delay(PRIMARY), 1, 0, id="one way is down, another is tried"),
        pytest.param(Story().declare(SEV1).fail_every_way(PRIMARY), 2, 1, id="every way failed"),
        pytest.param(
            Story().declare(SEV1).acknowledge().fail_every_way(DIRECTOR), 1, 0, id="a failed notification is no page"
        ),
        pytest.param(
            Story().declare(SEV1).fail_every_way(PRIMARY).fail_every_way(SECONDARY).at(1),
            3,
            2,
            id="two people out of reach",
        ),
    ],
)
def test_people_paged_count_once_and_failed_pages_each(story: Story, people: int, failed: int) -> None:
    metrics = measured(story)
    assert (metrics.people_paged, metrics.pages_failed) == (people, failed)


def test_response_of_a_reopened_incident_is_the_one_that_was_missed() -> None:
    story = Story().declare(SEV1).at(20).acknowledge().at(30).resolve().at(60).reopen().at(61).acknowledge()
    metrics = measured(story)
    assert [epoch.response.verdict for epoch in metrics.epochs] == [Verdict.MISSED, Verdict.MET]
    assert metrics.response.verdict is Verdict.MISSED


def test_response_of_a_reopened_incident_is_the_newest_when_none_was_missed() -> None:
    metrics = measured(resolved_story().at(60).reopen().at(61))
    assert metrics.response.verdict is Verdict.NOT_YET


def test_figures_of_the_past_do_not_depend_on_when_they_are_asked_for() -> None:
    story = resolved_story().assign(IC, SECONDARY).save_postmortem(EVERYTHING).complete_postmortem()
    assert story.incident.status is Status.CLOSED
    before = measured(story)
    assert measured(story.at(days=9)) == before
