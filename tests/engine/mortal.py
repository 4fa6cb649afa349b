"""How does a test kill a server between a call and its record? A rehearsal that dies at one request, and starts anew.

The request reaches its vendor or doesn't; its answer comes to nobody, and nothing that was under way is written down.
"""

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self

from tests.engine.rehearsal import Rehearsal
from tocsin.integrations.wire import Reply, Request
from tocsin.sop.model import Sop


class Side(StrEnum):
    """On which side of the vendor's work the server dies."""

    BEFORE = "before"
    AFTER = "after"


class Death(NamedTuple):
    """At the `number`-th request of that name, from 1 on; a name is what a test makes of a request."""

    call: str
    number: int
    side: Side

    def __str__(self) -> str:
        return f"{self.side} {self.call} {self.number}"


class Killed(BaseException):
    """The process is gone: no handler of the product's may see it."""


class Mortal(Rehearsal):
    """Dies at each of `deaths`, one after the other; `calls` names every request so far, `died` the deaths."""

    def __init__(self, path: Path, sop: Sop, *deaths: Death) -> None:
        super().__init__(path, sop, slack=True)
        self.calls: list[str] = []
        self.died: list[str] = []
        self._left = list(deaths)

    def name_of(self, request: Request) -> str:
        """What the request is called in a `Death`."""
        return request.url

    def work(self) -> Self:
        """As it does; a server that dies is started again, and goes on."""
        try:
            return super().work()
        except Killed as death:
            self.died.append(str(death))
            self.restart()
        return self.work()

    def _reply_to(self, request: Request) -> Reply:
        name = self.name_of(request)
        self.calls.append(name)
        if not self._left or self._left[0][:2] != (name, self.calls.count(name)):
            return super()._reply_to(request)
        death = self._left.pop(0)
        if death.side is Side.AFTER:
            super()._reply_to(request)
        raise Killed(death)
