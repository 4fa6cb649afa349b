"""When is a job missing, and when are we ourselves the reason? Looks at chosen instants, on both databases."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.engine.alerts import NOON
from tests.store.file import rows_of
from tocsin.domain.incident import Incident
from tocsin.engine.clock import Clock
from tocsin.engine.desk import Desk
from tocsin.engine.sops import Sops
from tocsin.engine.watch.heartbeats import Heartbeats, due_at
from tocsin.engine.writer import Writer
from tocsin.errors import NotFound
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.model import Heartbeat, Sop
from tocsin.sop.words import Severity
from tocsin.store.open import Store

pytestmark = pytest.mark.anyio

BACKUP = Heartbeat("backup", Duration.parse("10m"), Duration.parse("2m"), service="database", severity=Severity.SEV3)
REPORT = Heartbeat("report", Duration.parse("10m"), Duration.parse("2m"), page=False)
SOP = replace(default_sop(), heartbeats=(BACKUP, REPORT))


class Jobs:
    """The watch over the jobs, its instants chosen by the test: minutes since noon."""

    def __init__(self, store: Store, sop: Sop = SOP) -> None:
        self.store = store
        self.writer = Writer(store, Clock(), lambda: None)
        self.heartbeats = Heartbeats(Desk(Sops(sop), frozenset({"inbox"})), self.writer, 1.0)

    def look(self, *minutes: float) -> None:
        for at in minutes:
            with self.store.transaction() as tx:
                self.heartbeats.look(tx, NOON + timedelta(minutes=at))

    def watch(self, since: float, until: float) -> None:
        """Look every quarter of a minute."""
        self.look(*(since + number / 4 for number in range(int((until - since) * 4) + 1)))

    def call(self, name: str, at: float) -> None:
        with self.store.transaction() as tx:
            self.heartbeats.hear(tx, NOON + timedelta(minutes=at), name)

    def incidents(self) -> list[Incident]:
        return sorted(self.store.queries.incidents(is_open=True, limit=9), key=lambda it: it.title)


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


async def test_job_that_calls_in_time_is_never_missed(jobs: Jobs) -> None:
    for minute in range(0, 60, 10):
        jobs.watch(minute, minute + 10)
        jobs.call("backup", minute + 10)
        jobs.call("report", minute + 10)
    assert jobs.incidents() == []


async def test_job_that_does_not_call_is_an_incident_as_the_sop_says_and_its_call_clears_it(jobs: Jobs) -> None:
    jobs.watch(0, 12)
    assert jobs.incidents() == []
    jobs.watch(12.25, 14)
    backup, report = jobs.incidents()
    assert (backup.service, backup.provisional, backup.pages_unassessed) == ("database", Severity.SEV3, True)
    assert backup.title == "backup has not called for more than 10 min"
    assert (report.service, report.provisional, report.pages_unassessed) == ("website", None, False)
    jobs.call("backup", 15)
    backup, report = jobs.incidents()
    assert (backup.is_clear, report.is_clear) == (True, False)


async def test_job_that_falls_silent_again_fires_again(jobs: Jobs) -> None:
    jobs.watch(0, 13)
    jobs.call("backup", 14)
    jobs.watch(13.25, 30)
    backup, _ = jobs.incidents()
    assert not backup.is_clear


@pytest.mark.parametrize("outage", [5.0, 60.0, 3000.0])
async def test_own_downtime_extends_every_limit_by_itself_and_no_more(jobs: Jobs, outage: float) -> None:
    jobs.watch(0, 5)
    jobs.watch(5 + outage, 12 + outage)
    assert jobs.incidents() == []
    jobs.watch(12 + outage, 12.5 + outage)
    assert len(jobs.incidents()) == 2


async def test_each_of_several_downtimes_counts(jobs: Jobs) -> None:
    jobs.watch(0, 2)
    jobs.watch(22, 24)
    jobs.watch(44, 46)
    monitor = jobs.store.queries.monitors()[0]
    assert monitor.excused_for == timedelta(minutes=40)
    assert due_at(BACKUP, monitor) == NOON + timedelta(minutes=52)
    jobs.watch(46.25, 52)
    assert jobs.incidents() == []
    jobs.watch(52, 53)
    assert len(jobs.incidents()) == 2


async def test_two_nodes_that_look_find_a_job_missing_once(store: Store) -> None:
    one, other = Jobs(store), Jobs(store)
    for minute in range(15):
        one.look(minute, minute + 0.25, minute + 0.5, minute + 0.75)
        other.look(minute + 0.1, minute + 0.35, minute + 0.6, minute + 0.85)
    assert len(one.incidents()) == 2
    assert {it.received for it in store.queries.alerts()} == {1}


async def test_job_that_the_sop_no_longer_expects_is_cleared_and_forgotten(jobs: Jobs) -> None:
    jobs.watch(0, 13)
    Jobs(jobs.store, replace(SOP, heartbeats=(REPORT,))).look(13.5)
    backup, report = jobs.incidents()
    assert (backup.is_clear, report.is_clear) == (True, False)
    assert [it.name for it in jobs.store.queries.monitors()] == ["report"]
    Jobs(jobs.store, default_sop()).look(14)
    assert all(it.is_clear for it in jobs.incidents())
    assert jobs.store.queries.monitors() == []


async def test_without_heartbeats_nothing_is_written(store: Store) -> None:
    Jobs(store, default_sop()).look(0, 1)
    assert rows_of(store, "SELECT count(*) FROM meta WHERE name = 'monitors_looked_at'") == [(0,)]


async def test_job_that_nobody_expects_is_refused_by_name(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match=r"heartbeat: there is no 'cleanup'; \[\[heartbeats\]\] of the SOP names them"):
        await jobs.heartbeats.call("cleanup")
