"""What do people see? Lists in their documented order, cut into pages; and the small facts."""

from datetime import datetime, timedelta

import pytest

from tests.store.file import rows_of
from tests.store.response import NOON, SEV1, SEV2, SEV3, SEV4, declared, from_alert
from tests.store.test_alerts import FIRING, add
from tocsin.domain import commands as c
from tocsin.domain import effects as f
from tocsin.domain.events import Reach
from tocsin.errors import NotFound
from tocsin.sop.model import ContactMethod
from tocsin.store.codec import to_column
from tocsin.store.open import Store
from tocsin.store.rows import OutboxRow

MINUTE = timedelta(minutes=1)


def ids(store: Store, is_open: bool | None, *, limit: int = 100, offset: int = 0) -> list[str]:
    return [it.id for it in store.queries.incidents(is_open=is_open, limit=limit, offset=offset)]


def number(*numbers: int) -> list[str]:
    return [f"INC-2026-{it:04}" for it in numbers]


@pytest.fixture
def many(store: Store) -> Store:
    """Seven incidents: 1-5 are open, 2 and 3 of one minute; 6 and 7 are over."""
    plan = [(SEV3, 0), (SEV2, 2), (SEV2, 2), (SEV1, 3), (None, 1), (SEV1, 4), (SEV4, 5)]
    responses = [declared(store, severity, now=NOON + at * MINUTE) for severity, at in plan]
    for response in responses[5:]:
        response.send(c.Cancel(reason="a drill"))
    return store


def test_open_incidents_are_listed_the_gravest_then_the_oldest_first(many: Store) -> None:
    assert ids(many, True) == number(4, 2, 3, 1, 5)


def test_incident_that_nobody_has_assessed_is_listed_as_grave_as_it_looks(many: Store) -> None:
    from_alert(many)  # provisionally SEV2
    assert ids(many, True) == number(4, 8, 2, 3, 1, 5)


def test_incidents_that_are_over_are_listed_the_newest_first(many: Store) -> None:
    assert ids(many, False) == number(7, 6)


def test_all_incidents_are_listed_the_newest_first(many: Store) -> None:
    assert ids(many, None) == number(7, 6, 4, 3, 2, 5, 1)


@pytest.mark.parametrize("is_open", [True, False, None])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_put_together_are_the_whole_list(many: Store, is_open: bool | None, size: int) -> None:
    pages = [ids(many, is_open, limit=size, offset=offset) for offset in range(0, 9, size)]
    assert [it for page in pages for it in page] == ids(many, is_open)


def test_alerts_are_listed_the_newest_first(store: Store) -> None:
    rows = [add(store, f"f{it}", "INC-2026-0001" if it < 2 else None, FIRING) for it in range(3)]
    with store.transaction() as tx:
        tx.alerts.bump({rows[0]: 1}, NOON + MINUTE)
    assert [it.id for it in store.queries.alerts()] == [rows[2], rows[1], rows[0]]
    assert [it.id for it in store.queries.alerts(incident="INC-2026-0001")] == [rows[1], rows[0]]
    assert [it.id for it in store.queries.alerts(limit=1)] == [rows[2]]
    assert store.queries.alerts(incident="INC-2026-0002") == []


def test_outbox_is_listed_the_newest_first(store: Store) -> None:
    first, second = declared(store), declared(store)
    listed = store.queries.outbox.rows()
    assert [it.id for it in listed] == sorted((it.id for it in listed), reverse=True)
    assert {it.incident for it in store.queries.outbox.rows(incident=first.id)} == {first.id}
    assert [it.incident for it in store.queries.outbox.rows(limit=1)] == [second.id]


def test_pages_are_what_is_sent_to_people(store: Store) -> None:
    declared(store).send(c.Acknowledge())
    assert {type(it.effect) for it in store.queries.outbox.rows()} > {f.SendPage, f.AcknowledgePage}
    listed = store.queries.outbox.pages()
    assert [it.effect.reach.person for it in listed if isinstance(it.effect, f.SendPage)] == ["alice", "dana"]
    assert [it.id for it in store.queries.outbox.pages(limit=1)] == [listed[0].id]


def people(rows: list[OutboxRow]) -> list[str]:
    return [it.effect.reach.person for it in rows if isinstance(it.effect, f.SendPage)]


def test_pages_to_one_person_are_found_among_many_newer_ones_by_whatever_way(store: Store) -> None:
    declared(store).send(c.PageByHand(target="bob", reason="have a look")).send(c.Tick(), after=2)  # e-mail follows
    for _ in range(5):
        declared(store)
    assert people(store.queries.outbox.pages(limit=1, person="bob")) == ["bob"]
    assert {it.provider for it in store.queries.outbox.pages(person="bob")} >= {"pagerduty", "email"}
    everybodys = store.queries.outbox.pages(limit=1000)
    for person in ("alice", "bob", "dana", "erin", "bo", "bobby"):
        assert store.queries.outbox.pages(person=person) == [it for it in everybodys if people([it]) == [person]]
    assert people(store.queries.outbox.pages(person="dana")) == ["dana"] * 6  # notifications too


def test_pages_that_nobody_has_answered_are_those_of_incidents_that_nobody_has_acknowledged(store: Store) -> None:
    first, answered, last = (declared(store) for _ in range(3))
    answered.send(c.Acknowledge())
    rows = store.queries.outbox.unanswered_pages("alice")
    assert [it.incident for it in rows if it.provider == "pagerduty"] == [last.id, first.id]
    assert store.queries.outbox.unanswered_pages("alice", limit=1)[0].incident == last.id
    assert store.queries.outbox.unanswered_pages("dana") == []  # is only told


def test_newest_test_pages_of_each_person_are_found_at_once(store: Store) -> None:
    declared(store)
    way = ContactMethod(via="inbox")
    with store.transaction() as tx:
        for person, count in (("alice", 60), ("bob", 2)):
            for number in range(count):
                key = f"test-{person}-{number}"
                tx.page_tests.send(f.SendPageTest(key, Reach(person, way), asked_by="dana"), NOON, NOON)
        tx.page_tests.send(f.EndPageTest("test-bob-1", Reach("bob", way)), NOON, NOON)
    found = store.queries.desk.page_tests_by_person()
    assert found == {person: store.queries.desk.page_tests(person) for person in ("alice", "bob")}
    assert [it.key for it in found["bob"]] == ["test-bob-1", "test-bob-0"]
    assert [found["alice"][0].key, len(found["alice"])] == ["test-alice-59", 50]


def test_newest_event_is_the_newest_of_all_incidents(store: Store) -> None:
    assert store.queries.recorded_until() is None
    declared(store, now=NOON + MINUTE)
    declared(store)
    assert store.queries.recorded_until() == NOON + MINUTE


def bearer(store: Store, hash_: str) -> tuple[str, str] | None:
    token = store.queries.accounts.token(hash_)
    return (token.name, token.scope) if token else None


def test_bearer_of_a_token_is_known_by_its_hash(store: Store) -> None:
    with store.transaction() as tx:
        tx.facts.set_token("5f4d", "grafana", "intake", NOON)
        tx.facts.set_token("77aa", "alice", "admin", NOON)
        tx.facts.set_token("5f4d", "somebody else", "admin", NOON)  # a token never changes its bearer
    assert bearer(store, "5f4d") == ("grafana", "intake")
    assert bearer(store, "77aa") == ("alice", "admin")
    assert bearer(store, "0000") is None


def test_new_token_of_a_name_ends_the_old_one(store: Store) -> None:
    with store.transaction() as tx:
        tx.facts.set_token("5f4d", "grafana", "intake", NOON)
        tx.facts.set_token("77aa", "grafana", "intake", NOON)
    assert (bearer(store, "5f4d"), bearer(store, "77aa")) == (None, ("grafana", "intake"))


def test_fact_about_the_installation_can_change(store: Store) -> None:
    assert store.queries.meta("checked_at") is None
    for value in ("12:00", "12:01"):
        with store.transaction() as tx:
            tx.facts.set_meta("checked_at", value)
    assert store.queries.meta("checked_at") == "12:01"


def test_stored_sop_never_changes(store: Store) -> None:
    with store.transaction() as tx:
        tx.facts.keep_sop("5f4dcc3b", "{}", NOON)
        tx.facts.keep_sop("5f4dcc3b", "{1}", NOON)
        assert (tx.facts.sop_content("5f4dcc3b"), tx.facts.sop_content("unknown")) == ("{}", None)
    assert (store.queries.sop_content("5f4dcc3b"), store.queries.sop_content("unknown")) == ("{}", None)


@pytest.mark.parametrize("at", ["0002-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"])
def test_any_instant_comes_back_to_the_microsecond(store: Store, at: str) -> None:
    declared(store, now=NOON)
    instant = datetime.fromisoformat(at)
    rows_of(store, "UPDATE incidents SET wake_at = ?", to_column(instant))
    assert store.queries.next_wake_at() == instant


def test_text_with_a_nul_is_asked_for_and_kept_without_a_fault(store: Store) -> None:
    with pytest.raises(NotFound):
        store.queries.incident("INC-2026-0001\0")
    with store.transaction() as tx:
        tx.facts.set_meta("said", "a\0b")
    said = store.queries.meta("said")
    assert said in ("a\0b", "a\ufffdb")  # PostgreSQL has no NUL in texts


def test_newest_events_of_incidents_are_told_by_number(many: Store) -> None:
    seq = many.queries.incident("INC-2026-0002").seq
    assert many.queries.newest_events(["INC-2026-0002", "INC-2026-9999"]) == {"INC-2026-0002": seq}
    assert many.queries.newest_events([]) == {}


def test_open_incidents_are_counted_by_rank(many: Store) -> None:
    assert many.queries.open_counts() == {1: 1, 2: 2, 3: 1, 5: 1}


def test_incidents_opened_since_an_instant_come_the_newest_first(many: Store) -> None:
    found = many.queries.opened_since(NOON + 2 * MINUTE, 4)
    assert [it.id for it in found] == number(7, 6, 4, 3)


def test_recent_events_come_the_newest_first_between_two_numbers_and_of_some_kinds(store: Store) -> None:
    response = declared(store, SEV1)
    for text in ("one", "two", "three"):
        response.send(c.AddNote(text=text))
    last = response.incident.seq
    ask = store.queries.recent_events
    assert [it.seq for it in ask(response.id, limit=2)] == [last, last - 1]
    assert [it.seq for it in ask(response.id, before=last, limit=1)] == [last - 1]
    assert [it.seq for it in ask(response.id, after=last - 2, limit=9)] == [last, last - 1]
    kinds = ["incident_opened", "assessed"]
    assert [it.event.__struct_config__.tag for it in ask(response.id, kinds=kinds, limit=9)] == [
        "assessed",
        "incident_opened",
    ]
