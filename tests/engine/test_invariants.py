"""Does anything that may happen break a promise? Random responses, faults and crashes, and what must hold after each.

What holds is read from the file and from what reached PagerDuty, by code that shares nothing with the engine's own.
"""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.engine.alerts import NOON, firing, resolved
from tests.engine.pagerduty import always, events
from tests.engine.rehearsal import Rehearsal
from tests.searching import examples
from tests.store.file import rows_of
from tocsin.domain import commands as c
from tocsin.domain.apply import fold
from tocsin.domain.deadlines import deadlines
from tocsin.domain.incident import PageStatus
from tocsin.domain.storm import STORM
from tocsin.errors import Refused
from tocsin.simulate.sandbox.recording import RecordedRequest, Response
from tocsin.sop.words import Severity, Trigger
from tocsin.store.codec import to_column

NAMES = st.sampled_from(["Latency", "ErrorRate"])
INSTANCES = st.sampled_from(["web-1", "web-2"])
SEVERITIES = st.sampled_from(Severity)
PEOPLE = st.sampled_from(["alice", "bob", "erin"])
COMMANDS = st.sampled_from(
    [
        c.Acknowledge(),
        c.Mitigate(),
        c.Resolve(),
        c.Reopen(reason="it is back"),
        c.Cancel(reason="a drill"),
        c.AddTeam(team="backend"),
        c.PageByHand(target="bob", reason="have a look"),
        c.PostUpdate(text="We are on it"),
        *(
            c.Assess(severity=severity, reason="as the table says", trigger=Trigger.SLA_AT_RISK)
            for severity in Severity
        ),
    ]
)


def as_it_should(request: RecordedRequest) -> Response | None:
    return None


MODES = st.sampled_from(
    [
        as_it_should,
        always(Response(500)),
        always(Response(429, headers={"retry-after": "90"})),
        always(Response(400, b'{"status": "invalid event"}')),
        always(Response(504, is_processed=True)),
    ]
)


class Engine(RuleBasedStateMachine):
    """A server among people, monitoring, a provider with its moods, and crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.server = Rehearsal(Path(self.directory.name) / "tocsin.db")
        self.ids: list[str] = []

    @property
    def minute(self) -> float:
        return (self.server.now - NOON) / timedelta(minutes=1)

    @rule(name=NAMES, instance=INSTANCES, severity=st.sampled_from(["critical", "warning", "info"]))
    def alert_fires(self, name: str, instance: str, severity: str) -> None:
        self.server.take(firing(name, at=self.minute, instance=instance, severity=severity)).work()
        self.ids = [it.id for it in self.server.incidents(is_open=None)]

    @rule(name=NAMES, instance=INSTANCES, severity=st.sampled_from(["critical", "warning", "info"]))
    def alert_resolves(self, name: str, instance: str, severity: str) -> None:
        self.server.take(resolved(name, at=self.minute, instance=instance, severity=severity)).work()

    @rule(severity=st.none() | SEVERITIES)
    def somebody_declares(self, severity: Severity | None) -> None:
        self.ids.append(self.server.declare(severity).id)
        self.server.work()

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), command=COMMANDS, by=PEOPLE)
    def somebody_commands(self, data: st.DataObject, command: c.Change, by: str) -> None:
        try:
            self.server.change(data.draw(st.sampled_from(sorted(self.ids))), command, by)
        except Refused:
            return
        self.server.work()

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.server.at(self.minute + minutes)

    @rule(mode=MODES)
    def pagerduty_changes_its_mood(self, mode: object) -> None:
        self.server.sandbox.script = mode  # type: ignore[assignment]  # one of MODES

    @rule(severity=SEVERITIES, is_sent=st.booleans())
    def server_dies_while_sending(self, severity: Severity, is_sent: bool) -> None:
        """A page is decided and leased; it leaves or not, and nobody writes down what came of it."""
        self.ids.append(self.server.declare(severity).id)
        for delivery in self.server.lease():
            if is_sent:
                self.server.send(delivery)
        self.server.restart().work()

    @invariant()
    def state_is_the_fold_of_a_dense_timeline(self) -> None:
        for id_ in self.ids:
            timeline = self.server.queries.timeline(id_)
            assert fold(timeline) == self.server.queries.incident(id_)
            assert [it.seq for it in timeline] == list(range(1, len(timeline) + 1))
            instants = [it.at for it in timeline]
            assert instants == sorted(instants)

    @invariant()
    def every_deadline_is_kept_and_the_next_one_is_stored(self) -> None:
        stored = dict(rows_of(self.server.path, "SELECT id, wake_at FROM incidents"))
        for id_ in self.ids:
            coming = deadlines(self.server.sop, self.server.queries.incident(id_))
            assert stored[id_] == (to_column(coming[0].at) if coming else None)
            assert all(deadline.at > self.server.now for deadline in coming)

    @invariant()
    def group_of_alerts_has_one_open_incident(self) -> None:
        groups = [it.group_key for it in self.server.incidents() if it.group_key]
        assert len(groups) == len(set(groups))

    @invariant()
    def page_has_one_key_and_nothing_rings_after_its_end(self) -> None:
        ended: set[str] = set()
        for event in events(self.server.sandbox):
            assert event.action != "trigger" or event.key not in ended
            if event.action != "trigger":
                ended.add(event.key)
        pages = {f"tocsin-k3x9-{key}" for id_ in self.ids for key in self.server.queries.incident(id_).pages}
        assert {event.key for event in events(self.server.sandbox)} <= pages

    @invariant()
    def nothing_is_left_leased_and_nothing_that_is_due_is_left_behind(self) -> None:
        left = """
            SELECT key FROM outbox AS it WHERE status = 'leased' OR (
                status = 'pending' AND due_at <= ? AND id IN (SELECT id FROM outbox_next) AND (
                    SELECT count(*) FROM outbox AS other
                    WHERE other.provider = it.provider AND other.recipient = it.recipient
                        AND other.status IN ('pending', 'counted')
                ) < ?
            )
        """
        # What waits among so many is a storm, and leaves when its turn comes.
        assert rows_of(self.server.path, left, to_column(self.server.now), STORM) == []

    def teardown(self) -> None:
        """Once PagerDuty is well, every page has come to its end."""
        self.server.sandbox.script = None
        self.server.restart().at(self.minute + 10)
        for id_ in self.ids:
            pages = self.server.queries.incident(id_).pages.values()
            assert PageStatus.PENDING not in [page.status for page in pages]
        assert not any(row.status == "pending" for row in self.server.queries.outbox.rows(limit=10_000))
        self.server.store.close()
        self.directory.cleanup()


Engine.TestCase.settings = settings(
    deadline=None,
    max_examples=500 if os.environ.get("TOCSIN_HYPOTHESIS") == "thorough" else examples(15),
    stateful_step_count=15,
)
TestEngine = Engine.TestCase
