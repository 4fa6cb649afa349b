"""One obvious step at every moment of a response, and the ladder as it stands."""

from collections.abc import Callable
from datetime import timedelta

from tests.domain.harness import CL, IC, SEV1, SEV3, TL, WRITTEN, Story
from tocsin.domain import commands as c
from tocsin.domain.ladder import StepState, drawn_ladder
from tocsin.domain.next_step import NextStep, next_step


def step_of(story: Story) -> NextStep | None:
    return next_step(story.sop, story.incident)


def states(story: Story) -> list[tuple[tuple[str, ...], StepState]]:
    return [(it.targets, it.state) for it in drawn_ladder(story.sop, story.incident)]


def test_steps_lead_from_the_page_to_the_postmortem() -> None:
    story = Story().declare()
    steps = [step_of(story)]
    response: list[Callable[[], Story]] = [
        lambda: story.acknowledge(),
        lambda: story.assess(SEV1),
        lambda: story.assign(IC, "alice").assign(CL, "emma").assign(TL, "bob"),
        lambda: story.update(),
        lambda: story.mitigate(),
        lambda: story.resolve(),
        lambda: story.save_postmortem(WRITTEN).complete_postmortem(),
    ]
    for go_on in response:
        go_on()
        steps.append(step_of(story))
    assert steps == [
        NextStep.ACKNOWLEDGE,
        NextStep.ASSESS,
        NextStep.ASSIGN_ROLE,
        NextStep.POST_UPDATE,
        NextStep.MITIGATE,
        NextStep.RESOLVE,
        NextStep.POSTMORTEM,
        None,
    ]


def test_nothing_is_left_of_what_was_cancelled_or_needs_no_postmortem() -> None:
    assert step_of(Story().declare().cancel()) is None
    assert step_of(Story().declare(SEV3).acknowledge().resolve()) is None


def test_what_is_held_is_to_be_released_first() -> None:
    story = Story().declare(SEV1)
    story.send(c.Restore(taken_at=story.now, mark="r0a1b2c"))
    assert step_of(story) is NextStep.RELEASE


def test_next_step_is_never_refused_by_the_table_of_transitions() -> None:
    commands: dict[NextStep, c.Change] = {
        NextStep.ACKNOWLEDGE: c.Acknowledge(),
        NextStep.ASSESS: c.Assess(severity=SEV3, reason="small"),
        NextStep.MITIGATE: c.Mitigate(),
        NextStep.RESOLVE: c.Resolve(),
    }
    story = Story().declare()
    while (step := step_of(story)) is not None:
        story.send(commands[step] if step in commands else c.PostUpdate(text="As far as we know"))
    assert story.incident.status == "resolved"


def test_ladder_shows_what_is_done_what_is_next_and_what_is_to_come() -> None:
    assert states(Story().declare(SEV1).at(6)) == [
        (("primary",), StepState.DONE),
        (("secondary",), StepState.DONE),
        (("engineering_manager",), StepState.NEXT),
        (("engineering_director", "vp_engineering"), StepState.COMING),
        (("cto",), StepState.COMING),
    ]


def test_acknowledged_ladder_skips_its_pages() -> None:
    assert states(Story().declare(SEV1).at(1).acknowledge()) == [
        (("primary",), StepState.DONE),
        (("secondary",), StepState.SKIPPED),
        (("engineering_manager",), StepState.SKIPPED),
        (("engineering_director", "vp_engineering"), StepState.NEXT),
        (("cto",), StepState.COMING),
    ]


def test_used_up_ladder_ends_with_its_repetition() -> None:
    story = Story().declare(SEV1).at(16)
    last = drawn_ladder(story.sop, story.incident)[-1]
    assert (last.round, last.targets, last.at - story.start) == (
        1,
        ("engineering_manager", "everyone_on_call"),
        timedelta(minutes=30),
    )


def test_ladder_of_what_is_over_has_nothing_to_come() -> None:
    assert {state for _, state in states(Story().declare(SEV1).resolve())} == {StepState.DONE, StepState.SKIPPED}
