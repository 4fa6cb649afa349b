"""Which nodes are there, and who goes on with what a dead one was delivering? A beat every few seconds sees to it."""

import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime

from tocsin import __version__
from tocsin.engine.desk import Desk
from tocsin.engine.dispatch import give_up_stranded, served_by_anybody
from tocsin.engine.loops import Every
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

    async def run(self) -> None:
        """Beat until cancelled."""
        failed = "the node could not tell that it lives"  # and would lose its leases
        await Every(BEAT_SECONDS, self._beat_and_give_up, failed, level=logging.CRITICAL).run()

    async def _beat_and_give_up(self) -> None:
        if await self._writer.write(self.beat):
            await self._writer.write(lambda tx, now: give_up_stranded(self._desk, tx, now))

    def beat(self, tx: Transaction, now: datetime) -> bool:
        """One beat; whether something waits for a provider that no node serves: the last one that did may be gone.

        What is being delivered is renewed before anything is given back, so it never is.
        """
        tx.nodes.seen(self.member)
        tx.nodes.forget_lost()
        tx.outbox.renew(self.member.id, self._under_way())
        for key in tx.outbox.release_expired():
            self._meters.leases_taken_over += 1
            logger.warning("%s: whoever was delivering it has not been heard of; it is delivered again", key)
        return tx.waiting.is_stranded(served_by_anybody(self._desk, tx))

    async def leave(self) -> None:
        """Tell the others that this node has ended in order; where that can't be told, silence will."""
        with contextlib.suppress(TocsinError):
            await self._writer.write(lambda tx, now: tx.nodes.gone(self.member.id))
