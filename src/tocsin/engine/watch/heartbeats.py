"""Which jobs have not called? Each must call in time; one that doesn't fires an alert, and its next call resolves it.

Deadlines are derived from the SOP and the last call, never stored. While nobody looked, nobody could have been heard:
after a downtime of our own every limit is longer by that, so that a restart is no mass alarm.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from tocsin.domain.alert import Alert, AlertStatus
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.intake import Intake
from tocsin.engine.writer import Writer
from tocsin.errors import NotFound, TocsinError
from tocsin.sop.model import HEARTBEAT_MISSED, Heartbeat
from tocsin.store.rows import Monitor
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5
_DOWN_AFTER = timedelta(seconds=30)  # in real time; a shorter gap is no downtime
_JOBS = Actor("heartbeat", "heartbeat")


def due_at(heartbeat: Heartbeat, monitor: Monitor) -> datetime:
    """By when the job must have called again."""
    return monitor.last_at + heartbeat.every + heartbeat.grace + monitor.excused_for


class Heartbeats:
    """Hears the jobs, and looks for those that are silent."""

    def __init__(self, desk: Desk, writer: Writer, speed: float) -> None:
        self._desk = desk
        self._writer = writer
        self._down_after = _DOWN_AFTER * speed

    @property
    def expected(self) -> dict[str, Heartbeat]:
        """The jobs that must call, by name."""
        return {it.name: it for it in self._desk.sops.current.heartbeats}

    async def run(self) -> None:
        """Look every few seconds, until cancelled; once, for what is left of earlier ones, where no job must call."""
        is_first = True
        while is_first or self.expected:
            is_first = False
            try:
                await self._writer.write(self.look)
            except Exception as error:  # a loop that ends would be silence
                is_bug = not isinstance(error, TocsinError)
                logger.critical("nobody could look for silent jobs: %s", error, exc_info=is_bug)
            await asyncio.sleep(_LOOK_SECONDS)

    async def call(self, name: str) -> None:
        """The job of that name calls; raises NotFound where the SOP expects none."""
        if name not in self.expected:
            raise NotFound(f"heartbeat: there is no {name!r}; [[heartbeats]] of the SOP names them")
        await self._writer.write(lambda tx, now: self.hear(tx, now, name))

    def hear(self, tx: Transaction, now: datetime, name: str) -> None:
        """The call of a job."""
        missed_at = tx.monitors.call(name, now)
        if missed_at is not None:
            self._tell(tx, now, _alert(name, missed_at, ended_at=now))

    def look(self, tx: Transaction, now: datetime) -> None:
        """One look, on whichever node: what is missing by now, and not by our own fault."""
        expected, known = self.expected, tx.monitors.all()
        if not expected and not known:
            return
        unwatched_for = tx.monitors.time_since_a_look(now)
        if unwatched_for > self._down_after:
            logger.warning("nobody listened for %s: every heartbeat is given that much more time", unwatched_for)
            tx.monitors.excuse(unwatched_for)
        tx.monitors.expect(expected.keys() - known.keys(), now)
        for name, monitor in tx.monitors.all().items():
            self._judge(tx, now, monitor, expected.get(name))

    def _judge(self, tx: Transaction, now: datetime, monitor: Monitor, heartbeat: Heartbeat | None) -> None:
        if heartbeat is None:
            tx.monitors.forget(monitor.name)
            if monitor.missed_at is not None:
                self._tell(tx, now, _alert(monitor.name, monitor.missed_at, ended_at=now))
        elif monitor.missed_at is None and now > due_at(heartbeat, monitor) and tx.monitors.miss(monitor, now):
            self._tell(tx, now, _alert(monitor.name, now, heartbeat=heartbeat))

    def _tell(self, tx: Transaction, now: datetime, alert: Alert) -> None:
        Intake(self._desk).take(tx, now, _JOBS, (alert,))


def _alert(
    name: str, missed_at: datetime, *, heartbeat: Heartbeat | None = None, ended_at: datetime | None = None
) -> Alert:
    """The alert of a silent job. Its labels are its identity: nothing that a change of the SOP could change."""
    summary = f"{name} has not called for more than {heartbeat.every.words}" if heartbeat else f"{name} called"
    return Alert(
        labels={"alertname": HEARTBEAT_MISSED, "heartbeat": name},
        annotations={"summary": summary},
        status=AlertStatus.RESOLVED if ended_at else AlertStatus.FIRING,
        starts_at=missed_at,
        ends_at=ended_at,
    )
