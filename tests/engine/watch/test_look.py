"""What does a look show, and which troubles follow from it? Rows forged in both databases."""

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.alerts import NOON
from tests.store.file import rows_of
from tests.store.response import SEV1, SEV2, SOP, declared
from tocsin.domain import commands as c
from tocsin.engine.sops import Sops
from tocsin.engine.watch.alarms import Trouble
from tocsin.engine.watch.look import Look, Observer
from tocsin.engine.watch.troubles import troubles
from tocsin.store.codec import to_column
from tocsin.store.open import Store
from tocsin.store.rows import Token

MINUTE = timedelta(minutes=1)
BUSY = {"pagerduty": 3.0, "slack": 3.0, "inbox": 3.0}
IDLE = dict.fromkeys(BUSY, 90.0)


def look(store: Store, after: timedelta = timedelta()) -> Look:
    """The first look of a watchman, that long after noon."""
    return Observer(Sops(SOP), lambda: NOON + after, 1.0).look(store.apart())


def found(seen: Look, idle: dict[str, float] = BUSY, behind: timedelta = timedelta()) -> dict[Trouble, list[str]]:
    of_a_kind = troubles(seen, idle=idle, behind=behind, speed=1.0)
    return {kind: list(texts.values()) for kind, texts in of_a_kind.items() if texts}


def forge(store: Store, sql: str, *values: Any) -> None:
    rows_of(store, sql, *values)


def test_all_is_well_while_pages_wait_for_less_than_a_minute(store: Store) -> None:
    declared(store, SEV1)
    declared(store, SEV2)
    seen = look(store)
    assert found(seen, IDLE) == {}
    assert seen.open_incidents == {"SEV1": 1, "SEV2": 1}
    assert [(it.provider, it.oldest_at) for it in seen.waiting if it.provider == "pagerduty"] == [("pagerduty", NOON)]
    assert [it.severity for it in seen.unanswered] == ["SEV1", "SEV2"]


def test_empty_database_shows_nothing(store: Store) -> None:
    assert look(store) == Look(NOON)


def test_deadline_that_is_late_is_told(store: Store) -> None:
    response = declared(store)
    forge(store, "UPDATE incidents SET wake_at = ?", to_column(NOON - 10 * MINUTE))
    forge(store, "UPDATE outbox SET status = 'done'")
    assert found(look(store)) == {Trouble.WAKER: ["deadlines are 0:10:00 late"]}
    assert response.id


def test_delivery_that_is_due_is_stuck_only_while_nothing_leaves_for_its_provider(store: Store) -> None:
    declared(store)
    forge(store, "UPDATE outbox SET status = 'done' WHERE provider != 'pagerduty'")
    forge(store, "UPDATE incidents SET wake_at = NULL")
    seen = look(store, 2 * MINUTE)
    assert found(seen, BUSY) == {}
    (text,) = found(seen, IDLE)[Trouble.OUTBOX]
    assert text.endswith("has been due since 12:00:00 UTC, and nothing leaves for pagerduty")


def test_lease_that_nobody_gives_back_is_stuck(store: Store) -> None:
    declared(store)
    with store.transaction() as tx:
        (leased,) = tx.outbox.lease("pagerduty", "node-1", NOON, 1).deliveries
    forge(store, "UPDATE outbox SET leased_until = 5 WHERE status = 'leased'")
    assert found(look(store)) == {Trouble.OUTBOX: [f"{leased.key}: given up by a node, and taken over by none"]}


def test_provider_that_takes_nothing_is_told_and_loses_no_page_by_itself(store: Store) -> None:
    declared(store)
    forge(store, "UPDATE outbox SET due_at = ? WHERE provider = 'pagerduty'", to_column(NOON + 9 * MINUTE))
    forge(store, "UPDATE outbox SET status = 'done' WHERE provider != 'pagerduty'")
    forge(store, "UPDATE incidents SET wake_at = NULL")
    told = found(look(store, 6 * MINUTE), IDLE)
    assert told == {Trouble.PROVIDER: ["pagerduty has not taken what waits since 12:00:00 UTC (1 waiting)"]}


def test_body_that_is_kept_aside_is_told_with_its_source(store: Store) -> None:
    with store.transaction() as tx:
        tx.quarantine.add("alertmanager", b"{", b"{", "KeyError: 'labels'", NOON)
    (text,) = found(look(store))[Trouble.QUARANTINE]
    assert text.startswith("1 body is kept aside, the newest from alertmanager")


def test_token_that_lets_alerts_in_is_told_of_before_it_ends_and_after(store: Store) -> None:
    day, ends_at = timedelta(days=1), NOON + timedelta(days=365)
    with store.transaction() as tx:
        for name, scope, uses in (("website", "intake", ["1"]), ("new", "intake read", []), ("eyes", "read", ["3"])):
            hash_ = {"website": "1", "new": "2", "eyes": "3"}[name]
            tx.accounts.add_token(Token(name, scope, hash_, created_by="alice", expires_at=ends_at), NOON)
            tx.accounts.note_tokens_used([(it, NOON) for it in uses])
        tx.accounts.add_token(Token("short", "intake", "4", created_by="alice", expires_at=NOON + day), NOON)
        tx.accounts.note_tokens_used([("4", NOON)])
    assert found(look(store, 17 * timedelta(hours=1))) == {}
    (soon,) = found(look(store, 20 * timedelta(hours=1)))[Trouble.INTAKE]
    assert soon.startswith("the token short lets alerts in and ends on 2026-")
    forge(store, "DELETE FROM tokens WHERE name = 'short'")
    assert found(look(store, 350 * day)) == {}
    (before,) = found(look(store, 352 * day))[Trouble.INTAKE]
    assert before.startswith("the token website lets alerts in and ends on ")
    (after,) = found(look(store, 400 * day))[Trouble.INTAKE]
    assert after.startswith("the token website lets alerts in and ended on ")


def test_clock_that_has_jumped_ahead_is_told(store: Store) -> None:
    told = found(look(store), behind=timedelta(hours=1))
    assert told == {Trouble.CLOCK: ["engine time is 1:00:00 behind, and catches up slowly"]}


def test_incident_that_nobody_could_be_reached_for_is_seen_until_somebody_answers(store: Store) -> None:
    response = declared(store)
    observer = Observer(Sops(SOP), lambda: NOON, 1.0)
    reads = store.apart()
    while pages := list(response.incident.open_pages.items()):
        for key, page in pages:
            response.send(c.ReportPageFailed(key=key, via=page.method.id, reason="refused"))
    assert [it.id for it in observer.look(reads).unreached] == [response.id]
    assert [it.id for it in observer.look(reads).unreached] == [response.id]
    response.send(c.Acknowledge())
    assert observer.look(reads).unreached == ()


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (
            "SELECT provider, count(*), min(created_at) FROM outbox WHERE status = 'pending' GROUP BY provider",
            "waiting",
        ),
        (
            "SELECT key FROM outbox WHERE status = 'pending' AND provider = 'slack' AND created_at < 9 "
            "ORDER BY created_at LIMIT 9",
            "outbox_waiting",
        ),
        ("SELECT key FROM outbox WHERE status = 'leased' AND leased_until < 9 ORDER BY leased_until", "leased"),
        ("SELECT id FROM incidents WHERE is_open = 1 AND id > 'INC' ORDER BY id LIMIT 9", "incidents_open_ids"),
        (
            "SELECT id FROM incidents WHERE is_open = 1 AND wake_at IS NULL AND status = 'triggered' AND id > 'INC' "
            "ORDER BY id LIMIT 9",
            "incidents_unwoken",
        ),
        (
            "SELECT incident, at FROM events WHERE kind IN ('step_fired', 'page_failed') AND at >= 9 "
            "ORDER BY at LIMIT 9",
            "events_reaching",
        ),
        ("SELECT id, wake_at FROM incidents WHERE wake_at < 9 ORDER BY wake_at LIMIT 9", "incidents_wake"),
    ],
)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_question_is_answered_from_an_index(store: Store, question: str, index: str) -> None:
    plan = " ".join(row[3] for row in rows_of(store, f"EXPLAIN QUERY PLAN {question}"))
    assert index in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan
