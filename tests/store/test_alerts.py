"""What is remembered of alerts? One row for each alert in each incident; the newest is the alert's present."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.store.response import NOON, declared, from_alert
from tocsin.domain import commands as c
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.store.alerts import NewAlert
from tocsin.store.codec import to_column
from tocsin.store.connection import Stale
from tocsin.store.open import Store
from tocsin.store.rows import KnownAlert, StoredAlert

MINUTE = timedelta(minutes=1)
FIRING = Alert(
    labels={"alertname": "HighErrorRate", "path": "/käse?q='\"", "nul": "a\x00b"},
    annotations={"summary": "5xx above 2 % — „hoch“"},
    status=AlertStatus.FIRING,
    starts_at=NOON - timedelta(microseconds=1),
    generator_url="https://prometheus.example.org/graph?g0.expr=up",
)
RESOLVED = replace(FIRING, status=AlertStatus.RESOLVED, ends_at=NOON + MINUTE)


def add(store: Store, print_: str, incident: str | None, alert: Alert = FIRING) -> int:
    with store.transaction() as tx:
        tx.alerts.add([NewAlert(print_, alert, incident)], NOON)
        return tx.alerts.known([print_])[print_].id


def known(store: Store, *prints: str) -> dict[str, KnownAlert]:
    with store.transaction() as tx:
        return tx.alerts.known(prints)


def only(store: Store) -> StoredAlert:
    (stored,) = store.queries.alerts()
    return stored


def test_alert_comes_back_as_it_was_seen(store: Store) -> None:
    id_ = add(store, "f1", "INC-2026-0001", RESOLVED)
    assert only(store) == StoredAlert(
        id=id_,
        fingerprint="f1",
        incident="INC-2026-0001",
        status="resolved",
        starts_at=NOON - timedelta(microseconds=1),
        ends_at=NOON + MINUTE,
        first_seen_at=NOON,
        last_seen_at=NOON,
        received=1,
        labels=FIRING.labels,
        annotations=FIRING.annotations,
        generator_url=FIRING.generator_url,
    )


def test_repeated_alert_is_counted(store: Store) -> None:
    id_ = add(store, "f1", None)
    with store.transaction() as tx:
        tx.alerts.bump({id_: 1}, NOON)
        tx.alerts.bump({id_: 2}, NOON + MINUTE)
        tx.alerts.bump({}, NOON + 2 * MINUTE)
    stored = only(store)
    assert (stored.received, stored.first_seen_at, stored.last_seen_at) == (4, NOON, NOON + MINUTE)


def test_alert_that_resolves_and_fires_again_is_the_same_alert(store: Store) -> None:
    add(store, "f1", None)
    with store.transaction() as tx:
        tx.alerts.change(tx.alerts.known(["f1"])["f1"], RESOLVED, NOON + MINUTE)
    assert (only(store).status, only(store).ends_at, only(store).received) == ("resolved", NOON + MINUTE, 2)
    with store.transaction() as tx:
        tx.alerts.change(tx.alerts.known(["f1"])["f1"], replace(FIRING, starts_at=NOON + 2 * MINUTE), NOON + 3 * MINUTE)
    stored = only(store)
    assert (stored.status, stored.starts_at, stored.ends_at) == ("firing", NOON + 2 * MINUTE, None)
    assert (stored.last_seen_at, stored.received) == (NOON + 3 * MINUTE, 3)


def test_known_alert_says_whether_its_incident_is_open(store: Store) -> None:
    open_, over = from_alert(store), declared(store).send(c.Cancel(reason="a drill"))
    ids = [add(store, "f1", open_.id), add(store, "f2", over.id, RESOLVED), add(store, "f3", None)]
    start, end = to_column(FIRING.starts_at), to_column(NOON + MINUTE)
    assert known(store, "f1", "f2", "f3", "unknown") == {
        "f1": KnownAlert(ids[0], open_.id, True, "firing", start, None),
        "f2": KnownAlert(ids[1], over.id, False, "resolved", start, end),
        "f3": KnownAlert(ids[2], None, False, "firing", start, None),
    }
    assert known(store) == {}


def test_newest_row_is_the_alerts_present(store: Store) -> None:
    add(store, "f1", "INC-2026-0001", RESOLVED)
    newer = add(store, "f1", "INC-2026-0002")
    assert known(store, "f1")["f1"].id == newer


def test_ten_thousand_alerts_are_looked_up_at_once(store: Store) -> None:
    add(store, "f9999", None)
    assert list(known(store, *(f"f{number}" for number in range(10_000)))) == ["f9999"]


def test_alerts_of_an_incident_are_counted_and_it_is_clear_once_none_fires(store: Store) -> None:
    for number, alert in enumerate((FIRING, RESOLVED, FIRING)):
        add(store, f"f{number}", "INC-2026-0001", alert)
    add(store, "f9", "INC-2026-0002", RESOLVED)
    with store.transaction() as tx:
        assert [tx.alerts.count(f"INC-2026-000{number}") for number in (1, 2, 3)] == [3, 1, 0]
        assert [tx.alerts.is_clear(f"INC-2026-000{number}") for number in (1, 2, 3)] == [False, True, True]


def test_alerts_of_a_storm_are_remembered_at_once(store: Store) -> None:
    storm = [NewAlert(f"f{number}", FIRING, "INC-2026-0001", times=2) for number in range(3)]
    with store.transaction() as tx:
        tx.alerts.add(storm, NOON)
        tx.alerts.add([], NOON)
    assert [(it.fingerprint, it.received, it.labels) for it in store.queries.alerts()] == [
        ("f2", 2, FIRING.labels),
        ("f1", 2, FIRING.labels),
        ("f0", 2, FIRING.labels),
    ]


def test_alert_that_another_node_has_attached_meanwhile_is_stale(store: Store) -> None:
    add(store, "f1", "INC-2026-0001")
    with store.transaction() as tx, pytest.raises(Stale), tx.savepoint():
        tx.alerts.add([NewAlert("f1", FIRING, "INC-2026-0001")], NOON)
