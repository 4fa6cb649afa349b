"""Who calls the emergency contacts? One node for all of them: an alarm is claimed, told, and then left quiet.

A claim ends by itself soon, so that the call of a node that dies before it has told anybody is made by another.
"""

from collections.abc import Collection
from datetime import datetime

from tocsin.store import codec
from tocsin.store.connection import Connection


class Cries:
    """The alarms that the emergency contacts were called for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, alarms: Collection[str], now: datetime, until: datetime) -> frozenset[str]:
        """Those of the alarms that nobody has told, or is telling now; this node tells them until then."""
        sql = """
            INSERT INTO cries (alarm, quiet_until) VALUES (?, ?)
            ON CONFLICT (alarm) DO UPDATE SET quiet_until = excluded.quiet_until WHERE cries.quiet_until <= ?
            RETURNING alarm
        """
        at, end = codec.to_column(now), codec.to_column(until)
        rows = [row for alarm in sorted(alarms) for row in self._connection.all(sql, alarm, end, at)]
        return frozenset(alarm for (alarm,) in rows)

    def keep_quiet(self, alarms: Collection[str], until: datetime) -> None:
        """They were told: nobody is called for them again before `until`."""
        sql = "UPDATE cries SET quiet_until = ? WHERE alarm = ?"
        self._connection.many(sql, [(codec.to_column(until), alarm) for alarm in sorted(alarms)])
