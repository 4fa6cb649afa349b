"""Which silences are there, what does each mute, and when must that be looked at? As both databases tell it."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.domain.test_silences import BACKUP, HOUR, silence
from tests.store.file import rows_of
from tests.store.response import NOON
from tocsin.domain.alert import Alert, AlertStatus
from tocsin.domain.silence import Silence
from tocsin.engine import silences
from tocsin.engine.desk import Actor
from tocsin.errors import InvalidInput, NotFound, Refused
from tocsin.store.alerts import NewAlert
from tocsin.store.audit import Audit
from tocsin.store.connection import Stale
from tocsin.store.open import Store
from tocsin.store.rows import KeptSilence, MutedAlert

LATER = replace(silence('job=~"db|\\"x\\""', 'instance!="a"'), ends_at=NOON + 3 * HOUR)


def made(store: Store, *them: Silence, at: datetime = NOON) -> list[KeptSilence]:
    with store.transaction() as tx:
        return [silences.make(tx, at, it, by=Actor("bob", "test")) for it in them]


def holding(store: Store, hours: float) -> list[str]:
    with store.transaction() as tx:
        return [it.id for it in tx.silences.holding(NOON + hours * HOUR)]


def muted(store: Store, silence: str, *names: str) -> list[int]:
    """Alerts of these names fire, have no incident, and are muted; the ids of their rows."""
    with store.transaction() as tx:
        known = tx.alerts.known(names)
        new = [NewAlert(name, firing(name), None) for name in names if name not in known]
        tx.alerts.add(new, NOON)
        tx.silences.mute(dict.fromkeys(names, silence))
        known = tx.alerts.known(names)
        return [known[name].id for name in names]


def due(store: Store, hours: float, limit: int = 10) -> list[MutedAlert]:
    with store.transaction() as tx:
        return tx.silences.due(NOON + hours * HOUR, limit)


def test_silence_comes_back_as_it_was_made(store: Store) -> None:
    first, second = made(store, BACKUP, LATER)
    assert first == KeptSilence(BACKUP, "bob", NOON, "bob", NOON)
    assert store.queries.desk.silence("s-1") == first
    assert store.queries.desk.silences(after=NOON, limit=9) == [first, second]
    assert store.queries.desk.silences(after=NOON + 2 * HOUR, limit=9) == [second]
    with pytest.raises(NotFound, match="silence: there is no 'x'"):
        store.queries.desk.silence("x")


def test_silences_hold_from_start_to_end_the_one_that_ends_last_first(store: Store) -> None:
    made(store, BACKUP, LATER)
    assert [holding(store, hours) for hours in (-1, 0, 1.9, 2, 3)] == [[], ["s-2", "s-1"], ["s-2", "s-1"], ["s-2"], []]


def test_silence_starts_at_the_earliest_when_it_is_made(store: Store) -> None:
    (it,) = made(store, replace(BACKUP, starts_at=NOON - HOUR))
    assert it.silence.starts_at == NOON


def test_silence_that_makes_no_sense_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="matchers: must hold one at least"):
        made(store, silence('a=~".*"'))
    assert store.queries.desk.silences(after=NOON, limit=9) == []


def test_there_is_an_end_to_how_many_there_may_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silences, "AT_MOST", 1)
    made(store, BACKUP)
    with pytest.raises(Refused, match="1 silences are to come already: expire some"):
        made(store, LATER)
    assert made(store, replace(LATER, starts_at=NOON + 2 * HOUR), at=NOON + 2 * HOUR)


def revised(store: Store, wanted: Silence, hours: float) -> KeptSilence:
    with store.transaction() as tx:
        return silences.revise(tx, NOON + hours * HOUR, wanted, former="s-1", by=Actor("dana", "test"))


def test_active_silence_is_prolonged_in_place(store: Store) -> None:
    made(store, BACKUP)
    it = revised(store, replace(BACKUP, id="s-9", ends_at=NOON + 5 * HOUR), 1)
    assert it.silence == replace(BACKUP, ends_at=NOON + 5 * HOUR)
    assert (it.made_by, it.changed_by, it.changed_at) == ("bob", "dana", NOON + HOUR)


def test_silence_of_other_matchers_takes_the_place_of_the_old_one(store: Store) -> None:
    made(store, BACKUP)
    it = revised(store, replace(LATER, starts_at=NOON), 1)
    assert (it.silence.id, it.silence.starts_at) == ("s-2", NOON + HOUR)
    assert store.queries.desk.silence("s-1").silence.ends_at == NOON + HOUR


def test_silence_that_can_not_be_changed_stays_when_its_successor_is_refused(store: Store) -> None:
    made(store, BACKUP)
    with pytest.raises(InvalidInput):
        revised(store, silence('a=~".*"'), 1)
    assert holding(store, 1) == ["s-1"]


def test_unknown_silence_can_not_be_changed_or_expired(store: Store) -> None:
    with pytest.raises(NotFound):
        revised(store, BACKUP, 1)
    with store.transaction() as tx, pytest.raises(NotFound):
        silences.expire(tx, NOON, "s-1", by=Actor("dana", "test"))


@pytest.mark.parametrize("hours", [-1, 1, 2])
def test_silence_that_is_expired_is_over_from_then_on(store: Store, hours: float) -> None:
    made(store, BACKUP, at=NOON - 2 * HOUR)
    with store.transaction() as tx:
        ended = silences.expire(tx, NOON + hours * HOUR, "s-1", by=Actor("dana", "test")).silence
    assert ended.ends_at == min(NOON + hours * HOUR, BACKUP.ends_at)
    assert ended.starts_at <= ended.ends_at
    assert holding(store, max(hours, 0)) == []


def test_silence_that_can_not_be_read_mutes_nothing_and_keeps_no_alert_out(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    made(store, BACKUP, LATER)
    explosive = '[{"name":"a","value":"(a+)+","is_regex":true}]'
    rows_of(store, "UPDATE silences SET matchers = ? WHERE id = 's-1'", explosive)
    assert holding(store, 1) == ["s-2"]
    assert "silence s-1 can't be read and mutes nothing" in caplog.text


# What is muted


def test_what_is_muted_is_due_when_its_silence_ends(store: Store) -> None:
    made(store, BACKUP, LATER)
    (seven,) = muted(store, "s-2", "seven")
    four, five = muted(store, "s-1", "four", "five")
    assert store.queries.desk.next_unmuting_at() == NOON + 2 * HOUR
    assert (due(store, 1.9), due(store, 2, limit=1)) == ([], [MutedAlert(four, "s-1")])
    assert [it.alert for it in due(store, 3)] == [four, five, seven]
    assert store.queries.desk.muted_counts() == {"s-1": 2, "s-2": 1}
    assert store.queries.desk.next_unmuting_at((four, five)) == NOON + 3 * HOUR


def test_end_of_a_silence_that_is_changed_is_when_it_is_due(store: Store) -> None:
    made(store, BACKUP)
    (four,) = muted(store, "s-1", "four")
    revised(store, replace(BACKUP, ends_at=NOON + 5 * HOUR), 1)
    assert store.queries.desk.next_unmuting_at() == NOON + 5 * HOUR
    with store.transaction() as tx:
        silences.expire(tx, NOON + HOUR, "s-1", by=Actor("dana", "test"))
    assert due(store, 1) == [MutedAlert(four, "s-1")]


def test_what_another_silence_mutes_now_waits_for_that_one(store: Store) -> None:
    made(store, BACKUP, LATER)
    muted(store, "s-1", "four")
    (four,) = muted(store, "s-2", "four")
    assert due(store, 2) == []
    assert due(store, 3) == [MutedAlert(four, "s-2")]


def test_what_is_muted_no_longer_is_never_due(store: Store) -> None:
    made(store, BACKUP)
    (four,) = muted(store, "s-1", "four")
    with store.transaction() as tx:
        tx.silences.unmute(four)
    found = (due(store, 9), store.queries.desk.next_unmuting_at(), store.queries.desk.muted_counts())
    assert found == ([], None, {})


def test_of_two_nodes_that_hear_of_a_silenced_alert_one_remembers_it(store: Store) -> None:
    muted(store, "s-1", "four")
    with store.transaction() as tx, pytest.raises(Stale), tx.savepoint():
        tx.alerts.add([NewAlert("four", firing("four"), None)], NOON)


def test_what_is_muted_in_a_backup_is_forgotten(store: Store) -> None:
    made(store, BACKUP)
    muted(store, "s-1", "four")
    with store.transaction() as tx:
        tx.silences.forget_muted()
        assert tx.alerts.known(["four"]) == {}
    assert due(store, 9) == []


def test_auditor_asks_for_what_was_let_out_too_late_and_for_what_nobody_has(store: Store) -> None:
    made(store, BACKUP)
    four, five = muted(store, "s-1", "four", "five")
    audit = Audit(store.apart())
    assert (audit.overdue_mutes(NOON + 2 * HOUR), audit.alerts_of_nobody()) == ([], [])
    assert audit.overdue_mutes(NOON + 3 * HOUR) == [(four, NOON + 2 * HOUR), (five, NOON + 2 * HOUR)]
    with store.transaction() as tx:
        tx.silences.unmute(four)
    assert audit.alerts_of_nobody() == [four]


def test_firing_and_silenced_alerts_are_told_of_with_what_mutes_them(store: Store) -> None:
    made(store, BACKUP)
    muted(store, "s-1", "four")
    ((alert, silence),) = store.queries.firing_alerts(9)
    assert (alert.fingerprint, alert.incident, silence) == ("four", None, "s-1")


def firing(name: str) -> Alert:
    return Alert({"alertname": name}, {}, AlertStatus.FIRING, NOON)
