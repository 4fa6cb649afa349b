"""Time never runs backwards on a timeline, though the clock of the node that asks may be behind another's."""

from datetime import timedelta

from tests.domain.harness import PAGE, PRIMARY, SECONDARY, SEV1, WEDNESDAY_NOON, Story, step
from tocsin.domain import events as e

SECOND = timedelta(seconds=1)


def behind(story: Story, by: timedelta) -> Story:
    """The story as a node goes on whose clock is that much behind."""
    story.now -= by
    return story


def test_incident_knows_when_its_newest_event_was_recorded() -> None:
    story = Story().declare(SEV1).at(3).note("It began with the deploy")
    assert story.incident.changed_at == WEDNESDAY_NOON + timedelta(minutes=3)
    assert story.at(4).incident.changed_at == WEDNESDAY_NOON + timedelta(minutes=3)


def test_decision_of_a_node_whose_clock_is_behind_is_recorded_at_the_newest_event() -> None:
    story = behind(Story().declare(SEV1), 2 * SECOND).acknowledge()
    assert [it.at for it in story.events] == [WEDNESDAY_NOON] * len(story.events)


def test_node_whose_clock_is_behind_neither_repeats_nor_forgets_a_step() -> None:
    story = behind(Story().declare(SEV1).at(5), 2 * SECOND).tick()
    assert story.ladder == [step(0, PAGE, PRIMARY), step(5, PAGE, SECONDARY)]
    assert story.wakes_in == timedelta(minutes=7, seconds=2)  # the reminder of the update


def test_due_time_of_an_update_counts_from_the_newest_event_too() -> None:
    story = behind(Story().declare(SEV1), 2 * SECOND).update()
    assert [it.next_by for it in story.happened(e.UpdatePosted)] == [WEDNESDAY_NOON + timedelta(minutes=15)]
