"""Which nodes are there, and who goes on with what a dead one was delivering? A beat every few seconds sees to it."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime

from tocsin import __version__
from tocsin.engine.desk import Desk
from tocsin.engine.dispatch import give_up_stranded
from tocsin.engine.meters import Meters
from tocsin.engine.writer import Writer
from tocsin.errors import TocsinError
from tocsin.store.rows import Member
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5  # with leases of 20 s, a dead node's pages leave within 30


def this_member(url: str, desk: Desk) -> Member:
    """This process as a node: a name that no other process has or had."""
    host, pid = socket.gethostname(), os.getpid()
    name = f"{host}-{pid}-{secrets.token_hex(3)}"
    return Member(name, host, pid, __version__, url, desk.sops.version, tuple(sorted(desk.methods)))


class Membership:
    """Tells that this node lives, renews its leases, and gives back those that have run out."""

    def __init__(
        self, member: Member, desk: Desk, writer: Writer, under_way: Callable[[], list[int]], meters: Meters
    ) -> None:
        self.member = member
        self._desk = desk
        self._writer = writer
        self._under_way = under_way
        self._meters = meters
        self._served: frozenset[str] = desk.methods  # by the nodes that live, the last time that was looked at

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self._see_who_serves(await self._writer.write(self.beat))
            except Exception as error:  # a loop that ends would lose the leases
                is_bug = not isinstance(error, TocsinError)
                logger.critical("the node could not tell that it lives: %s", error, exc_info=is_bug)
            await asyncio.sleep(BEAT_SECONDS)

    async def _see_who_serves(self, served: frozenset[str]) -> None:
        """The last node that served a provider may be gone: what waits for that goes another way."""
        if not served >= self._served:
            await self._writer.write(lambda tx, now: give_up_stranded(self._desk, tx, now))
        self._served = served

    def beat(self, tx: Transaction, now: datetime) -> frozenset[str]:
        """One beat; the providers that are served by the nodes that live.

        What is being delivered is renewed before anything is given back, so it never is.
        """
        tx.nodes.seen(self.member)
        tx.nodes.forget_lost()
        tx.outbox.renew(self.member.id, self._under_way())
        for key in tx.outbox.release_expired():
            self._meters.leases_taken_over += 1
            logger.warning("%s: whoever was delivering it has not been heard of; it is delivered again", key)
        return self._desk.methods.union(*(member.providers for member in tx.nodes.living()))

    async def leave(self) -> None:
        """Tell the others that this node has ended in order; where that can't be told, silence will."""
        with contextlib.suppress(TocsinError):
            await self._writer.write(lambda tx, now: tx.nodes.gone(self.member.id))
