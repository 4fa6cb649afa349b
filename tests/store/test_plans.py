"""Does a question cost more where there is more? SQLite's plans of what is asked all the time: no table is read whole.

PostgreSQL plans by what is in the tables; `python -m bench.waiting --postgres` shows what that comes to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.store.response import NOON, SEV3, declared, from_alert
from tocsin.store.audit import Audit
from tocsin.store.connection import Row
from tocsin.store.file import open_writer
from tocsin.store.queries import Queries
from tocsin.store.rows import Only
from tocsin.store.sqlite import SqliteConnection, SqliteStore
from tocsin.store.transaction import Transaction
from tocsin.store.vitals import Vitals

DAY = timedelta(days=1)
WHOLE = re.compile(r"SCAN (incidents|events|alerts|outbox)( AS \w+)?$")
SORTED = "USE TEMP B-TREE FOR ORDER BY"


class Planned(SqliteConnection):
    """A connection that writes down how SQLite goes about each statement."""

    plans: list[str]

    def all(self, sql: str, *values: Any) -> list[Row]:
        self.plans += [row[3] for row in super().all(f"EXPLAIN QUERY PLAN {sql}", *values)]
        return super().all(sql, *values)

    def many(self, sql: str, rows: Iterable[Row]) -> int:
        listed = list(rows)
        for row in listed[:1]:
            self.plans += [line[3] for line in super().all(f"EXPLAIN QUERY PLAN {sql}", *row)]
        return super().many(sql, listed)


@pytest.fixture
def planned(path: Path) -> Iterator[Planned]:
    with closing(SqliteStore(path)) as store:
        declared(store)
        from_alert(store)
    with closing(open_writer(path)) as connection, connection:
        planned = Planned(connection)
        planned.plans = []
        yield planned


Ask = Callable[[Planned], object]

QUESTIONS: dict[str, Ask] = {
    "when is somebody to be woken": lambda it: Queries(it).next_wake_at(),
    "who is to be woken": lambda it: Transaction(it).incidents.due(NOON + DAY, 200),
    "how do they stand": lambda it: Transaction(it).incidents.several(["INC-2026-0001"]),
    "what do patterns count": lambda it: Transaction(it).incidents.recent("website", SEV3, NOON - DAY, ""),
    "until when is recorded": lambda it: Queries(it).recorded_until(),
    "what was a dead node delivering": lambda it: Transaction(it).outbox.release_expired(),
    "what was the last server delivering": lambda it: Transaction(it).outbox.release_all(),
    "what waits in vain": lambda it: Transaction(it).waiting.stranded(["pagerduty"]),
    "does anything wait in vain": lambda it: Transaction(it).waiting.is_stranded(["pagerduty"]),
    "which pages wait": lambda it: Transaction(it).waiting.pages(),
    "what has waited for long": lambda it: Transaction(it).waiting.since_before("pagerduty", NOON),
    "what waits for an ill provider": lambda it: Queries(it).outbox.waiting_pages("pagerduty"),
    "how much waits": lambda it: Vitals(it).waiting(),
    "what is stuck": lambda it: Vitals(it).overdue("pagerduty", NOON + DAY),
    "which leases are forgotten": lambda it: Vitals(it).forgotten_leases(DAY),
    "how many are open": lambda it: Vitals(it).open_incidents(),
    "whom has nobody acknowledged": lambda it: Vitals(it).unanswered(),
    "how many are held": lambda it: Vitals(it).held(),
    "who was reached for": lambda it: Vitals(it).reached_for(NOON - DAY, 100),
    "which groups have two": lambda it: Audit(it).groups_with_two_open_incidents(),
    "who is overdue": lambda it: Audit(it).overdue(NOON + DAY),
    "what is unsettled": lambda it: Audit(it).unsettled(NOON + DAY),
    "whom nothing will wake": lambda it: Audit(it).triggered_without_a_deadline("", 300),
    "whose turn is it": lambda it: Audit(it).open_incidents("", 300),
    "which pages are lost": lambda it: Audit(it).lost_pages(Queries(it).incident("INC-2026-0001")),
    "what is open": lambda it: Queries(it).incidents(is_open=True, limit=100, offset=1),
    "what is over": lambda it: Queries(it).incidents(is_open=False, limit=100, offset=1),
    "what is there": lambda it: Queries(it).incidents(is_open=None, limit=100, offset=1),
    "what is held": lambda it: Queries(it).held(100, 1),
    "what happened": lambda it: Queries(it).timeline("INC-2026-0001"),
    "what happened lately": lambda it: Queries(it).recent_events("INC-2026-0001", limit=20),
    "what was opened lately": lambda it: Queries(it).opened_since(NOON - DAY, 20),
    "how far have they come": lambda it: Queries(it).newest_events(["INC-2026-0001"]),
    "how many of each rank": lambda it: Queries(it).open_counts(),
    "which alerts has it": lambda it: Queries(it).alerts(incident="INC-2026-0001", limit=20),
    "what was sent for it": lambda it: Queries(it).outbox.rows(incident="INC-2026-0001"),
    "what was sent to somebody": lambda it: Queries(it).outbox.pages(person="alice"),
    "what has somebody not answered": lambda it: Queries(it).outbox.unanswered_pages("alice"),
    "which tests were sent": lambda it: Queries(it).desk.page_tests_by_person(),
    "how many alerts has it": lambda it: Queries(it).alert_counts("INC-2026-0001"),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_question_is_answered_from_an_index(planned: Planned, ask: Ask) -> None:
    ask(planned)
    assert planned.plans
    assert [line for line in planned.plans if WHOLE.match(line)] == []


def lease(asked: Planned, only: Only) -> object:
    return Transaction(asked).outbox.lease("pagerduty", "node-1", NOON + DAY, 16, only=only)


def next_delivery(asked: Planned, only: Only) -> object:
    return Queries(asked).outbox.next_delivery_at("pagerduty", only=only)


LISTS: dict[str, Ask] = {
    **{f"the next to leave: {it}": partial(lease, only=it) for it in Only},
    **{f"when the next leaves: {it}": partial(next_delivery, only=it) for it in Only},
    "the next to be woken": QUESTIONS["who is to be woken"],
    "the gravest that nobody has acknowledged": QUESTIONS["whom has nobody acknowledged"],
}


@pytest.mark.parametrize("ask", LISTS.values(), ids=LISTS)
def test_head_of_a_long_queue_is_found_without_sorting_it(planned: Planned, ask: Ask) -> None:
    ask(planned)
    assert [line for line in planned.plans if line == SORTED or WHOLE.match(line)] == []
