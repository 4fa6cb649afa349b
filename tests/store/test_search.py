"""Is everything found that was written, in either database, and nothing else? An index that may lag and be moved on."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, Response
from tocsin.domain import commands as c
from tocsin.domain.incident import Audience
from tocsin.domain.search import Found, words_of
from tocsin.engine.indexer import next_step, take
from tocsin.sop.words import Role, Severity, Trigger
from tocsin.store.backup import back_up
from tocsin.store.connection import Reads
from tocsin.store.open import Store, open_store
from tocsin.store.rows import SearchHit

LATER = NOON + timedelta(days=1)


def declared(store: Store, title: str, at: datetime = NOON) -> Response:
    command = c.Declare(title=title, service="website", trigger=Trigger.SERVICE_DEGRADED, severity=Severity.SEV2)
    return Response(store, command, now=at)


def indexed(store: Store, until: datetime = LATER) -> int:
    """Bring the index up to date; in how many steps."""
    reads, steps = store.apart(), 0
    while True:
        step = next_step(reads, until)
        if step.after == step.before:
            return steps
        with store.transaction() as tx:
            take(tx, step)
        steps += 1


def found(store: Store, query: str) -> list[tuple[str, str]]:
    """What is found of a query: what it is, and its text."""
    return [(it.kind.value, it.text.partition("\n")[0]) for it in hits(store, query)]


def hits(store: Store, query: str) -> list[SearchHit]:
    return store.queries.desk.search(words_of(query), 50)


def test_titles_updates_notes_and_postmortems_are_found(store: Store) -> None:
    response = declared(store, "Checkout is down")
    response.send(c.AssignRole(role=Role.COMMUNICATIONS_LEAD, person="emma"), by="emma")
    response.send(c.AddNote(text="The deploy at 03:12 is suspected"), by="bob")
    response.send(c.PostUpdate(text="We roll the deploy back", audience=Audience.EXTERNAL), by="emma")
    response.send(c.Mitigate(note="Rolled back")).send(c.Resolve(note="confirmed"))
    response.send(c.SavePostmortem(sections={"root_cause": "A typo in the deploy"}, action_items=()))
    indexed(store)
    assert sorted(kind for kind, _ in found(store, "deploy")) == ["note", "postmortem", "update"]
    assert found(store, "checkout") == [("title", "Checkout is down")]
    (it,) = hits(store, "suspected")
    assert (it.incident, it.actor, it.title, it.severity) == (response.id, "bob", "Checkout is down", "SEV2")
    assert found(store, response.id) == [("title", "Checkout is down")]
    assert found(store, "confirmed") == [("note", "confirmed")]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("checkout", True),
        ("CHECK", True),
        ("heckout", False),
        ("cafe", True),
        ("checkout down", True),
        ("down checkout", True),
        ("checkout up", False),
        ("api.example.com", True),
        ("example", True),
        ("1e5", True),
        ("a-b", True),
        ("结账", True),
        ("website", True),
        ('"; DROP TABLE events', False),
        ("NOT checkout", False),
        ("checkout OR nothing", False),
    ],
)
def test_words_are_found_wherever_they_stand_and_in_either_database_alike(
    store: Store, query: str, is_found: bool
) -> None:
    declared(store, "Café checkout is down: api.example.com a-b 1e5 结账")
    indexed(store)
    assert bool(found(store, query)) is is_found


def test_the_newest_is_found_first(store: Store) -> None:
    for number in range(3):
        declared(store, f"Number {number}", NOON + timedelta(minutes=number))
    indexed(store)
    assert [text for _, text in found(store, "number")] == ["Number 2", "Number 1", "Number 0"]
    assert len(store.queries.desk.search(("number",), 2)) == 2


def test_text_that_was_replaced_is_found_no_more(store: Store) -> None:
    response = declared(store, "Checkout is down")
    response.send(c.Resolve())
    response.send(c.SavePostmortem(sections={"root_cause": "a gremlin"}, action_items=()), after=1)
    indexed(store)
    response.send(c.SavePostmortem(sections={"root_cause": "a typo"}, action_items=()), after=1)
    indexed(store)
    assert (found(store, "gremlin"), found(store, "typo")) == ([], [("postmortem", "a typo")])


def test_index_goes_on_where_it_was_and_takes_nothing_twice(store: Store) -> None:
    for number in range(70):
        declared(store, f"Number {number}")
    assert indexed(store) == 2  # many events of one instant, in more than one step
    declared(store, "The last one", NOON + timedelta(minutes=1))
    assert (indexed(store), indexed(store)) == (1, 0)
    assert rows_of(store, "SELECT count(*) FROM search_documents") == [(71,)]


def test_what_is_too_young_waits(store: Store) -> None:
    declared(store, "Checkout is down")
    assert indexed(store, until=NOON - timedelta(seconds=1)) == 0
    assert indexed(store, until=NOON) == 1


def test_of_two_nodes_at_one_step_the_second_takes_none(store: Store) -> None:
    declared(store, "Checkout is down")
    reads: Reads = store.apart()
    step = next_step(reads, LATER)
    for _ in range(2):
        with store.transaction() as tx:
            take(tx, step)
    assert rows_of(store, "SELECT count(*) FROM search_documents") == [(1,)]
    assert next_step(reads, LATER).events == ()


def test_event_that_can_not_be_read_keeps_no_other_from_being_found(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    broken = declared(store, "Broken")
    declared(store, "Whole")
    rows_of(store, "UPDATE events SET event = '{' WHERE incident = ? AND seq = 1", broken.id)
    indexed(store)
    assert found(store, "whole") == [("title", "Whole")]
    assert f"{broken.id}/1 can't be searched" in caplog.text


def test_index_comes_along_in_a_backup(store: Store, tmp_path: Path) -> None:
    declared(store, "Checkout is down")
    indexed(store)
    file = tmp_path / "backup.db"
    url = store.url if hasattr(store, "url") else f"sqlite:///{store.path}"  # type: ignore[attr-defined]
    back_up(url, file, LATER)
    copy = open_store(f"sqlite:///{file}")
    assert copy.queries.desk.search(("checkout",), 9)[0].kind is Found.TITLE
    copy.close()
