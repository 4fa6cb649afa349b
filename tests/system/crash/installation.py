"""What is tried in a round? A database, the nodes on it that are killed at their points, and the vendors."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx2
import msgspec

from tests.fakes.moods import Mood
from tests.system.crash.databases import Database
from tests.system.crash.node import Node
from tests.system.crash.zygote import VendorsOrder, zygote
from tests.system.server import environment
from tests.system.waiting import until

_UNTIL_ALL_IS_SENT_SECONDS = 180.0  # a lease to wait for, a message a second, and vendors that are ill
_NEWEST = "SELECT max(id) AS id FROM outbox"
_FIRST_WAITING = "SELECT min(id) AS id FROM outbox WHERE status IN ('pending', 'leased', 'counted')"


class Installation:
    """Servers on one database; each newly started one dies at the next of `dooms`, and lives once there is none.

    All find `environ` in their environment; `each`, where it is given, is what one after the other finds beside it.
    """

    def __init__(
        self,
        directory: Path,
        database: Database,
        *,
        nodes: int = 1,
        dooms: Iterable[int] = (),
        each: Sequence[Mapping[str, str]] = (),
        **environ: str,
    ) -> None:
        self.database = database
        self.sent = directory / "sent.jsonl"
        self._dooms = iter(dooms)
        self._mending = threading.Lock()
        told = directory / "vendors.url"
        order = VendorsOrder(
            directory=str(directory), log=str(directory / "vendors.log"), sent=str(self.sent), told=str(told)
        )
        self._vendors = zygote().bear(order)
        until(lambda: told.exists() and told.read_text().count("\n") == 2, "the vendors are there")
        self.vendors_url, self.mail_server = told.read_text().split()
        given = environment(
            directory / "tocsin.db",
            TOCSIN_DATABASE=database.url,
            TOCSIN_PAGERDUTY_EVENTS_URL=self.vendors_url,
            TOCSIN_SLACK_API_URL=self.vendors_url,
            **environ,
        )
        own = each or [{}] * nodes
        self.nodes = [Node(directory, f"node-{number}", {**given, **more}) for number, more in enumerate(own, 1)]

    def __enter__(self) -> Self:
        self.token()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.end()
        self._vendors.kill()
        self.database.close()

    def urls(self) -> list[str]:
        """Where it can be asked: the nodes that nobody has stopped."""
        return [node.url for node in self.nodes if not node.is_paused]

    def token(self) -> str:
        """An admin token, once a server has lived long enough to make one."""
        return until(self._token, "there is a token")

    def _token(self) -> str:
        self.mend()
        found = [path for node in self.nodes for path in self.database.token_files(node.home)]
        return found[0].read_text().strip() if found else ""

    def feel(self, moods: dict[str, list[Mood]]) -> None:
        """Tell the vendors how to behave."""
        body = msgspec.json.encode(moods)
        httpx2.put(f"{self.vendors_url}/moods", content=body, trust_env=False, timeout=30).raise_for_status()

    def mend(self) -> None:
        """Start what is dead."""
        with self._mending:
            for node in self.nodes:
                if not node.is_alive:
                    escaped = node.bury()
                    node.start(next(self._dooms, None) if escaped is None else escaped)

    def settle(self) -> int:
        """Wait until everything is sent that is to be sent by now; the last row of it. Starts what dies meanwhile.

        Ladders and reminders go on, so that there may be no moment at which nothing waits at all.
        """
        newest = self.database.ask(_NEWEST)[0][0]["id"] or 0
        until(lambda: self._is_sent(newest), "everything is sent", within=_UNTIL_ALL_IS_SENT_SECONDS)
        return int(newest)

    def _is_sent(self, newest: int) -> bool:
        self.mend()
        waiting = self.database.ask(_FIRST_WAITING)[0][0]["id"]
        return waiting is None or waiting > newest

    def come_to_rest(self) -> int:
        """Settle, and stop the nodes: what is read from then on is of one moment."""
        newest = self.settle()
        for node in self.nodes:
            node.pause()
        return newest

    @property
    def deaths(self) -> list[str]:
        """The points at which servers were killed."""
        return [point for node in self.nodes for point in node.deaths]

    @property
    def faults(self) -> list[str]:
        """What servers did that they should not."""
        return [fault for node in self.nodes for fault in (*node.faults, *node.bugs())]
