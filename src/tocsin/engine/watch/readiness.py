"""Does this node do its work? Asked anew each time, within a few seconds, whatever hangs."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tocsin.engine.watch.alarms import Alarm
from tocsin.errors import Overloaded, TocsinError
from tocsin.store.rows import SeenMember

_PATIENCE_SECONDS = 5.0
_AUDITED_WITHIN_SECONDS = 180.0


class Readiness(Struct, frozen=True):
    """Whether the node is ready, and if not, why; `nodes` are all that have told of themselves, when last looked.

    `seen` is what was found wrong just now; it names nothing that not everybody may know, as alarms do.
    """

    seen: tuple[str, ...]
    node: str
    nodes: tuple[SeenMember, ...]
    alarms: tuple[Alarm, ...]

    @property
    def why(self) -> tuple[str, ...]:
        """What keeps it from its work; empty when it is ready."""
        return (*self.seen, *(alarm.text for alarm in self.alarms if alarm.kind.keeps_from_work))

    @property
    def why_in_kinds(self) -> tuple[str, ...]:
        """The same for whoever may be anybody: of alarms only their kinds."""
        kinds = dict.fromkeys(str(alarm.kind) for alarm in self.alarms if alarm.kind.keeps_from_work)
        return (*self.seen, *kinds)

    @property
    def is_ready(self) -> bool:
        """Whether nothing keeps it from its work."""
        return not self.why


class Check:
    """Looks at what the alarms of a node don't tell of its readiness: that it can write, and is audited."""

    def __init__(self, write: Callable[[], Awaitable[None]], seconds_since_audit: Callable[[], float]) -> None:
        self._write = write
        self._seconds_since_audit = seconds_since_audit

    async def seen(self) -> tuple[str, ...]:
        """What is found wrong just now, beside the alarms."""
        reasons = [await self._why_not_writable()]
        if self._seconds_since_audit() > _AUDITED_WITHIN_SECONDS:
            reasons.append("the auditor has not finished for three minutes")
        return tuple(reason for reason in reasons if reason)

    async def _why_not_writable(self) -> str:
        """Without the place of the database: whoever asks may be anybody."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._write()
        except TimeoutError:
            return f"the database has not taken a write for {_PATIENCE_SECONDS:g} s"
        except Overloaded as error:
            return str(error)
        except TocsinError:
            return "the database can't be written; the server's log says why"
        return ""
