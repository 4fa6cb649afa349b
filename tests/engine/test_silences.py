"""Does a silence keep people asleep, and never longer than it lasts? By the engine itself, on the test's clock."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.alerts import firing, minute, resolved
from tests.engine.disk import Disk
from tests.engine.rehearsal import Rehearsal
from tests.engine.server import deliver, server
from tests.engine.waiting import eventually
from tocsin.domain import commands as c
from tocsin.domain.alert import Alert
from tocsin.domain.silence import Silence
from tocsin.engine import silences
from tocsin.engine.desk import Actor
from tocsin.engine.unmuter import let_out
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.matchers import parse_matcher
from tocsin.store.audit import Audit

BOB = Actor("bob", "test")


def silence(rehearsal: Rehearsal, matcher: str, start: float, end: float, id_: str = "s-1") -> None:
    wanted = Silence(id_, (parse_matcher(matcher),), minute(start), minute(end), "bob", "moving disks")
    with rehearsal.store.transaction() as tx:
        silences.make(tx, rehearsal.now, wanted, by=BOB)


def expire(rehearsal: Rehearsal, id_: str = "s-1") -> None:
    with rehearsal.store.transaction() as tx:
        silences.expire(tx, rehearsal.now, id_, by=BOB)


def name_of(alert: Alert) -> str:
    return f'alertname="{alert.labels["alertname"]}"'


def incidents(rehearsal: Rehearsal) -> int:
    return len(rehearsal.incidents(is_open=None))


def breaches(rehearsal: Rehearsal) -> tuple[list[int], list[object]]:
    audit = Audit(rehearsal.store.apart())
    return audit.alerts_of_nobody(), list(audit.overdue_mutes(rehearsal.now))


def test_silenced_alert_is_recorded_and_wakes_nobody(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(30)
    (alert,) = rehearsal.queries.alerts()
    assert (alert.status, alert.incident, incidents(rehearsal)) == ("firing", None, 0)
    assert rehearsal.queries.desk.muted_counts() == {"s-1": 1}
    assert breaches(rehearsal) == ([], [])


def test_alert_that_still_fires_when_its_silence_ends_opens_its_incident_then(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(59.9)
    assert incidents(rehearsal) == 0
    rehearsal.at(61)
    assert rehearsal.only.opened_at == minute(60)
    assert rehearsal.pages()[0][0] == 60
    (alert,) = rehearsal.queries.alerts()
    assert alert.incident == rehearsal.only.id
    assert (rehearsal.queries.desk.muted_counts(), breaches(rehearsal)) == ({}, ([], []))


def test_alert_that_has_resolved_while_it_was_silenced_wakes_nobody_ever(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(30).take(resolved(at=30)).at(90)
    assert incidents(rehearsal) == 0
    assert rehearsal.queries.desk.muted_counts() == {}


def test_alert_that_fires_again_while_it_is_silenced_is_let_out_once(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(10).take(resolved(at=10)).at(20).take(firing(at=20)).at(25).take(firing(at=25))
    rehearsal.at(90)
    assert incidents(rehearsal) == 1
    assert breaches(rehearsal) == ([], [])


def test_repetitions_of_a_silenced_alert_are_counted(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(1).take(firing()).at(2).take(firing())
    (alert,) = rehearsal.queries.alerts()
    assert (alert.received, incidents(rehearsal)) == (3, 0)


def test_silence_that_is_ended_early_lets_out_at_once(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(10)
    expire(rehearsal)
    assert rehearsal.work().only.opened_at == minute(10)


def test_what_another_silence_mutes_as_well_waits_for_that_one(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(50)
    silence(rehearsal, name_of(firing()), 50, 120, id_="s-2")
    rehearsal.at(119)
    assert incidents(rehearsal) == 0
    assert rehearsal.at(121).only.opened_at == minute(120)


def test_alert_of_an_open_incident_is_never_silenced(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing())
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(resolved(at=1)).at(2).take(firing(at=2)).at(16)
    assert [person for _, person in rehearsal.pages()] == ["alice", "bob"]
    assert rehearsal.queries.desk.muted_counts() == {}


def test_silenced_alert_joins_no_open_incident_of_its_group_until_its_silence_ends(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(instance="a"))
    silence(rehearsal, 'instance="b"', 0, 10)
    rehearsal.take(firing(instance="b"))
    assert rehearsal.queries.alert_counts(rehearsal.only.id) == (1, 1)
    rehearsal.at(11)
    assert rehearsal.queries.alert_counts(rehearsal.only.id) == (2, 2)


def test_alert_that_matches_no_silence_of_a_batch_pages(rehearsal: Rehearsal) -> None:
    silence(rehearsal, 'instance="a"', 0, 60)
    rehearsal.take(firing(instance="a"), firing(instance="b"))
    assert rehearsal.queries.alert_counts(rehearsal.only.id) == (1, 1)


def test_silence_outlives_a_restart_and_so_does_its_end(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.take(firing()).at(10).restart().take(firing()).at(59)
    assert incidents(rehearsal) == 0
    rehearsal.restart().at(61)
    assert incidents(rehearsal) == 1


def test_pending_silence_mutes_from_its_start(rehearsal: Rehearsal) -> None:
    silence(rehearsal, name_of(firing()), 30, 60)
    assert len(rehearsal.take(firing()).incidents()) == 1


def test_alert_on_which_tocsin_fails_keeps_no_other_one_quiet(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    silence(rehearsal, 'job="db"', 0, 60)
    rehearsal.take(firing("Bad", job="db"), firing("Good", job="db"))
    with rehearsal.store.transaction() as tx:
        tx._connection.all("UPDATE alerts SET labels = '{' WHERE labels LIKE '%Bad%'")
    rehearsal.now = minute(61)
    with rehearsal.store.transaction() as tx:
        failed = let_out(rehearsal.desk, tx, rehearsal.now)
    assert len(failed) == 1
    assert incidents(rehearsal) == 1
    assert "its silence is over, and it could not be let out" in caplog.text


def test_alert_that_comes_back_to_an_incident_that_has_it_already_is_the_same(rehearsal: Rehearsal) -> None:
    id_ = rehearsal.take(firing()).only.id
    rehearsal.take(resolved(at=1))
    rehearsal.change(id_, c.Resolve())
    silence(rehearsal, name_of(firing()), 0, 60)
    rehearsal.at(5).take(firing(at=5))
    rehearsal.change(id_, c.Reopen(reason="it came back"))
    rehearsal.at(61)
    assert rehearsal.queries.alert_counts(id_) == (1, 1)
    assert breaches(rehearsal) == ([], [])


@pytest.mark.slow
@pytest.mark.anyio
async def test_running_server_lets_out_what_still_fires(path: Path, disk: Disk, sandbox: Sandbox) -> None:
    async with server(path, sandbox) as node:
        now = node.clock.now()
        matchers = (parse_matcher(name_of(firing())),)
        short = Silence("s-1", matchers, now, now + timedelta(minutes=3), "bob", "moving disks")
        await node.write(lambda tx, at: silences.make(tx, at, short, by=BOB))
        await deliver(node, firing())
        assert node.queries.incidents(is_open=None, limit=9) == []
        await eventually(lambda: node.queries.incidents(is_open=True, limit=9))
