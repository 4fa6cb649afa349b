"""Is anybody forgotten? The audit of an incident finds every breach, and none where there is none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.domain.harness import PRIMARY, SEV1, SEV2, SEV3, SEV4, WRITTEN, Story
from tocsin.domain.audit import Breach, Calm, breaches, why_calm
from tocsin.domain.incident import Incident, Status

SECOND = timedelta(seconds=1)


def found(story: Story, incident: Incident | None = None) -> tuple[Breach, ...]:
    return breaches(story.sop, incident or story.incident, story.wake_at, story.now)


@pytest.mark.parametrize(
    ("story", "calm"),
    [
        pytest.param(lambda: Story().declare(SEV1), None, id="triggered"),
        pytest.param(lambda: Story().declare(SEV1).acknowledge(), None, id="acknowledged, with a cadence of updates"),
        pytest.param(lambda: Story().declare().acknowledge(), None, id="acknowledged, not assessed"),
        pytest.param(lambda: Story().declare(SEV1).resolve(), None, id="resolved, its postmortem still to be written"),
        pytest.param(lambda: Story().alert(severity="info"), Calm.WAKES_NOBODY, id="an alert that wakes nobody"),
        pytest.param(lambda: Story().declare(SEV4), Calm.NO_CADENCE, id="in the backlog"),
        pytest.param(lambda: Story().declare(SEV3).at(days=7), Calm.NO_CADENCE, id="its ladder is used up"),
        pytest.param(lambda: Story().declare(SEV2).mitigate().at(hours=3), Calm.MITIGATED, id="mitigated"),
        pytest.param(lambda: Story().declare(SEV3).resolve(), Calm.NO_POSTMORTEM, id="resolved, without a postmortem"),
        pytest.param(lambda: Story().declare().resolve(), Calm.NO_POSTMORTEM, id="resolved, never assessed"),
        pytest.param(
            lambda: Story().declare(SEV1).resolve().save_postmortem(WRITTEN).complete_postmortem(),
            Calm.CLOSED,
            id="closed",
        ),
        pytest.param(lambda: Story().declare(SEV1).cancel(), Calm.CANCELLED, id="cancelled"),
    ],
)
def test_incident_has_a_deadline_or_a_reason_to_wait_without(story: Callable[[], Story], calm: Calm | None) -> None:
    told = story()
    assert why_calm(told.sop, told.incident) is calm
    assert (told.wake_at is None) == (calm is not None)
    assert found(told) == ()


def test_requested_postmortem_is_waited_for() -> None:
    assert why_calm(Story().sop, Story().declare(SEV3).request_postmortem().resolve().incident) is None


def test_deadline_that_was_lost_is_found() -> None:
    story = Story().declare(SEV1)
    story.wake_at = None
    assert [it.invariant for it in found(story)] == [5, 12]
    assert found(story)[0].what == (
        "it is to be woken at no time, but what falls due next is due at 2026-11-25 12:05:00 UTC"
    )


def test_deadline_that_is_stored_one_step_late_is_found() -> None:
    story = Story().declare(SEV1)
    story.wake_at = story.now + timedelta(minutes=12)
    assert [it.invariant for it in found(story)] == [5]


def test_silence_that_the_procedure_itself_makes_is_found() -> None:
    story = Story().declare(SEV1).acknowledge().at(hours=2)
    silent = replace(story.sop.severities[SEV1], update_every=None, repeat=None)
    ladderless = replace(story.sop, unassessed=replace(story.sop.unassessed, repeat=None, escalation=()))
    assert why_calm(replace(story.sop, severities={SEV1: silent}), story.incident) is Calm.NO_CADENCE
    unassessed = Story(ladderless).declare()
    assert [it.invariant for it in found(unassessed)] == [12]


def test_deadline_that_nobody_carries_out_is_found_after_five_seconds() -> None:
    story = Story().declare(SEV1).asleep_until(5)
    story.now += 5 * SECOND
    assert found(story) == ()
    story.now += SECOND
    assert [(it.invariant, it.incident) for it in found(story)] == [(7, "INC-2026-0042")]
    assert found(story)[0].what == "what was due at 2026-11-25 12:05:00 UTC has not been carried out"


def test_acknowledgement_that_did_not_stop_the_ladder_is_found() -> None:
    story = Story().declare(SEV1)
    assert [it.invariant for it in found(story, replace(story.incident, acknowledged_by=PRIMARY))] == [18]


def test_page_that_still_rings_after_the_end_is_found() -> None:
    story = Story().declare(SEV1)
    ended = replace(story.incident, status=Status.CANCELLED)
    story.wake_at = None
    assert [it.invariant for it in found(story, ended)] == [10]
