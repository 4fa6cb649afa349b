"""Two people act at once: which of the one's events stand in the way of the other's command."""

import pytest

from tests.domain.harness import CL, IC, SEV1, SEV2, Story
from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.domain.meanwhile import in_the_way

ASSESS = c.Assess(severity=SEV1, reason="all of it")
UPDATE = c.PostUpdate(text="We are on it")


def obstacle(story: Story, command: c.Change, actor: str = "bob", seen: int = 1) -> str | None:
    """The kind of event that stands in the way of `actor`, who has seen the story up to `seen`."""
    found = in_the_way(command, actor, [it for it in story.events if it.seq > seen])
    return type(found.event).__name__ if found else None


@pytest.mark.parametrize(
    ("story", "command", "expected"),
    [
        pytest.param(Story().declare().acknowledge(), c.Acknowledge(), "Acknowledged", id="the other acknowledged"),
        pytest.param(Story().declare().assess(SEV2), ASSESS, "Assessed", id="the other assessed"),
        pytest.param(Story().declare().note("a thought"), ASSESS, None, id="a note concerns no assessment"),
        pytest.param(Story().declare().assign(IC, "erin"), c.AssignRole(IC, "bob"), "RoleAssigned", id="same role"),
        pytest.param(Story().declare().assign(CL, "erin"), c.AssignRole(IC, "bob"), None, id="another role"),
        pytest.param(Story().declare().update(), UPDATE, "UpdatePosted", id="the other posted an update"),
        pytest.param(
            Story().declare().update(), c.PostUpdate("We are on it", Audience.EXTERNAL), None, id="for other readers"
        ),
        pytest.param(Story().declare().mitigate(), UPDATE, "Mitigated", id="an update of what is mitigated by now"),
        pytest.param(Story().declare().acknowledge(), c.Cancel("a test"), "Acknowledged", id="somebody works on it"),
        pytest.param(Story().declare().add_team("backend"), c.AddTeam("backend"), "TeamAdded", id="same team"),
        pytest.param(Story().declare().add_team("backend"), c.AddTeam("frontend"), None, id="another team"),
        pytest.param(Story().declare().resolve(), c.AddNote("too late"), None, id="a note may come at any time"),
    ],
)
def test_obstacle(story: Story, command: c.Change, expected: str | None) -> None:
    assert obstacle(story, command) == expected


def test_what_somebody_did_themselves_is_no_obstacle() -> None:
    story = Story().declare().acknowledge(by="bob")
    assert obstacle(story, c.Cancel("a test"), actor="bob") is None
    assert obstacle(story, c.Cancel("a test"), actor="alice") == "Acknowledged"


def test_what_was_seen_is_no_obstacle() -> None:
    story = Story().declare().acknowledge()
    assert obstacle(story, c.Acknowledge(), seen=story.incident.seq) is None


def test_the_newest_obstacle_is_told() -> None:
    story = Story().declare().assess(SEV2).assess(SEV1)
    assert obstacle(story, ASSESS) == "SeverityChanged"
