"""What needs me: whoever was paged, responds, or holds a role is told of their part, and of nobody else's."""

from tests.domain.harness import CL, IC, SEV1, Story
from tocsin.domain import commands as c
from tocsin.web.needs import Need, needs_of


def needs(story: Story, person: str | None) -> list[Need]:
    return needs_of(person, {story.sop_version: story.sop}, [story.incident], story.now)


def acts(story: Story, person: str | None) -> list[str]:
    return [need.act for need in needs(story, person)]


def test_who_was_paged_is_to_acknowledge_and_others_are_left_alone() -> None:
    story = Story().declare(SEV1)
    assert acts(story, "alice") == ["Acknowledge"]
    assert acts(story, "chris") == []
    assert needs(story, "alice")[0].due_at == story.start + story.sop.severities[SEV1].escalation[1].after


def test_somebody_who_is_nobody_in_the_sop_sees_what_waits_for_anybody() -> None:
    assert acts(Story().declare(SEV1), None) == ["Acknowledge"]


def test_who_responds_is_to_assess_then_to_fill_roles() -> None:
    story = Story().declare().acknowledge(by="bob")
    assert acts(story, "bob") == ["Assess"]
    story.assess(SEV1)
    assert acts(story, "bob") == ["Fill the role"]
    assert acts(story, "emma") == []


def test_update_that_is_due_soon_is_the_communications_leads() -> None:
    story = Story().declare(SEV1).acknowledge().assign(IC, "alice").assign(CL, "emma").at(11)
    assert acts(story, "emma") == ["Write it"]
    assert acts(story, "alice") == ["Fill the role"]


def test_what_is_held_needs_whoever_looks() -> None:
    story = Story().declare(SEV1)
    story.send(c.Restore(taken_at=story.now, mark="r0a1b2c"))
    assert acts(story, "chris") == ["Release"]


def test_what_is_over_needs_nobody() -> None:
    assert acts(Story().declare(SEV1).resolve(), "alice") == []
