"""An incident that a backup gives back is held, until somebody lets it go on."""

from tests.domain.harness import SEV1, Story
from tocsin.domain import commands as c


def test_incident_that_was_held_in_its_backup_is_held_again() -> None:
    story = Story().declare(SEV1).resolve()
    for mark in ("r1", "r2"):
        story.send(c.Restore(taken_at=story.now, mark=mark))
        assert story.incident.held_since is not None
    assert story.at(days=7).wake_at is None
