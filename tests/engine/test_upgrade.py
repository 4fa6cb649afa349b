"""What becomes of a database of Tocsin 0.1? Everything is still there, and what is due comes due."""

from pathlib import Path

import pytest

from tests.engine.alerts import firing
from tests.engine.pagerduty import events
from tests.engine.rehearsal import Rehearsal
from tests.engine.test_restoring import assert_sound, url_of
from tests.store.file import rows_of
from tests.store.first_version import as_first_version
from tocsin.domain import commands as c
from tocsin.domain.effects import SendPage
from tocsin.engine.restoring import Restoration, restore
from tocsin.errors import StoreError
from tocsin.sop.words import Severity
from tocsin.store.snapshot import newest_schema, schema_of, snapshot
from tocsin.store.upgrade import upgrade


@pytest.fixture
def first(tmp_path: Path) -> tuple[Path, dict[str, list[str]]]:
    """A database of Tocsin 0.1 with incidents in the middle of things, and their stories."""
    with Rehearsal(tmp_path / "today.db") as rehearsal:
        acknowledged = rehearsal.declare(Severity.SEV1).id
        rehearsal.at(1).change(acknowledged, c.Acknowledge(), by="alice")
        rehearsal.change(acknowledged, c.PostUpdate(text="Rolling back"))
        rehearsal.take(firing("DiskFull")).at(2)
        resolved = rehearsal.declare(Severity.SEV2).id
        rehearsal.change(resolved, c.Resolve())
        waiting = rehearsal.declare(Severity.SEV1, "api").id  # its page has not left yet
        stories = {it.id: rehearsal.story(it.id) for it in rehearsal.incidents(is_open=None)}
        assert waiting in stories
        path = tmp_path / "first.db"
        as_first_version(rehearsal.path, path)
    return path, stories


def test_database_of_the_first_version_is_all_there_and_what_is_due_comes_due(
    first: tuple[Path, dict[str, list[str]]],
) -> None:
    path, stories = first
    assert schema_of(url_of(path)) == 1
    done = upgrade(url_of(path))
    assert (done.before, done.after, done.derived) == (1, newest_schema(url_of(path)), len(stories))
    assert_sound(url_of(path))
    with Rehearsal(path) as rehearsal:
        assert {it.id: rehearsal.story(it.id) for it in rehearsal.incidents(is_open=None)} == stories
        rehearsal.at(16)
        paged = {(it.person, it.action) for it in events(rehearsal.sandbox)}
        assert ("bob", "trigger") in paged  # the second step of what nobody has acknowledged
        assert ("chris", "trigger") in paged or ("deniz", "trigger") in paged  # the page that waited
    assert_sound(url_of(path))
    assert upgrade(url_of(path)).derived == 0


def test_pages_of_the_first_version_are_found_by_whom_they_went_to(first: tuple[Path, dict[str, list[str]]]) -> None:
    path, _ = first
    upgrade(url_of(path))
    with Rehearsal(path) as rehearsal:
        everybodys = [
            (it.id, it.effect.reach.person)
            for it in rehearsal.queries.outbox.pages()
            if isinstance(it.effect, SendPage)
        ]
        for person in {person for _, person in everybodys}:
            found = [it.id for it in rehearsal.queries.outbox.pages(person=person)]
            assert found == [id_ for id_, whom in everybodys if whom == person]


def test_events_without_a_hash_are_counted_and_none_may_join_them(first: tuple[Path, dict[str, list[str]]]) -> None:
    path, stories = first
    upgrade(url_of(path))
    old = sum(len(story) for story in stories.values())
    assert rows_of(path, "SELECT value FROM meta WHERE name = 'unchained_events'") == [(str(old),)]
    with Rehearsal(path) as rehearsal:
        rehearsal.at(4).declare()
    rows_of(path, "UPDATE events SET hash = NULL WHERE incident = 'INC-2026-0005'")
    with pytest.raises(AssertionError, match=f"have no hash, but {old} are older than hashes are"):
        assert_sound(url_of(path))


def test_database_that_is_behind_is_neither_proved_nor_changed_by_looking(
    first: tuple[Path, dict[str, list[str]]],
) -> None:
    path, _ = first
    with pytest.raises(StoreError, match="run `tocsin migrate` first"), snapshot(url_of(path)):
        pass
    assert schema_of(url_of(path)) == 1


def test_backup_of_the_first_version_is_restored(first: tuple[Path, dict[str, list[str]]], tmp_path: Path) -> None:
    path, stories = first
    place = tmp_path / "new.db"
    with Rehearsal(tmp_path / "clock.db") as rehearsal:
        restored = restore(Restoration(url_of(place), path, place, rehearsal.now))
    assert restored.incidents == len(stories)
    assert_sound(url_of(place))
