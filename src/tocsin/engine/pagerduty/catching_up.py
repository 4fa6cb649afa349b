"""What was missed? The REST API is asked for the state of each page that nobody has answered, and who is who there.

What is to be asked follows from the incidents that are open, so that nothing is kept, and a death in the middle loses
nothing: at the start all pages of open incidents are asked about, later those without an answer. What is heard twice is
done once. Real time throughout, and nothing that pages waits for it.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from tocsin.domain.incident import Incident, PageStatus, Status
from tocsin.engine.pagerduty.hearing import HEARD_AT, Hearing
from tocsin.engine.parts import Parts
from tocsin.engine.sender import Send
from tocsin.errors import TocsinError, Unreachable
from tocsin.integrations.pagerduty import rest
from tocsin.integrations.pagerduty.outbound import PROVIDER, dedup_key
from tocsin.integrations.pagerduty.rest import RestAccount, User
from tocsin.integrations.pagerduty.words import Word
from tocsin.integrations.wire import Reply, Request
from tocsin.store.heard import KEPT_FOR
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

ASKED_AT = "pagerduty_asked_at"  # the fact: when some node began to ask last
_REACHES_BACK = KEPT_FOR - timedelta(days=1)  # what is older was heard, and may be forgotten
_MOST_INCIDENTS = 200
_MOST_PAGES = 100  # asked about in one round, those of the gravest incidents first
_STAFF_EVERY_SECONDS = 3600.0
_STAFF_AGAIN_SECONDS = 60.0  # where somebody's user isn't known


class Pace(Struct, frozen=True):
    """How often is asked about pages without an answer, in seconds: with webhooks for what they lost, else for all."""

    with_webhooks: float = 60.0
    without: float = 5.0
    after_a_fault: float = 30.0
    apart: float = 0.25  # between two requests: a quarter of the 960 a minute that a token has


PACE = Pace()


class _Busy(Exception):
    """It wants to be left alone for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it takes no more requests for {seconds:.0f} s")
        self.seconds = seconds


class CatchUp:
    """Asks PagerDuty, for one node; several nodes take turns."""

    def __init__(self, account: RestAccount, hearing: Hearing, parts: Parts, send: Send, pace: Pace = PACE) -> None:
        self._account = account
        self._hearing = hearing
        self._parts = parts
        self._send = send
        self._pace = pace
        self._every = pace.without  # until a webhook has ever come
        self._is_first = True
        self._staff_at: float | None = None
        self._sent_at = 0.0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            pause = await self.pause_after_a_round()
            await asyncio.sleep(pause)

    async def pause_after_a_round(self) -> float:
        """Ask once, and say for how many seconds nobody is to be asked then; never raises what can be expected."""
        try:
            await self.round()
        except _Busy as busy:
            logger.info("PagerDuty's REST API: %s", busy)
            return busy.seconds
        except Exception as error:  # a loop that ends would be silence
            is_bug = not isinstance(error, TocsinError)
            logger.warning("what was missed in PagerDuty could not be asked: %s", error, exc_info=is_bug)
            return self._pace.after_a_fault
        return self._every

    async def round(self) -> None:
        """Ask once; raises Unreachable where PagerDuty doesn't answer as documented."""
        await self._learn_who_is_who()
        pages = await self._parts.store.read(self._look)
        if pages and (self._is_first or await self._parts.writer.write(self._is_our_turn)):
            for page in pages:
                await self._hear_of(page)
        self._is_first = False

    def _look(self, queries: Queries) -> list[str]:
        """The keys of the pages to ask about: all at first, then those without an answer."""
        self._every = self._pace.with_webhooks if queries.meta(HEARD_AT) else self._pace.without
        incidents = queries.incidents(is_open=True, limit=_MOST_INCIDENTS)
        found = (key for incident in incidents for key in _pages_of(incident, are_all=self._is_first))
        return list(islice(found, _MOST_PAGES))

    def _is_our_turn(self, tx: Transaction, now: datetime) -> bool:
        """Whether no other node has begun to ask since our last turn; then it is ours."""
        said = tx.facts.meta(ASKED_AT)
        apart = timedelta(seconds=self._every / 2) * self._parts.clock.speed
        if said is not None and now - apart < datetime.fromisoformat(said) <= now:
            return False
        tx.facts.set_meta(ASKED_AT, now.isoformat())
        return True

    async def _hear_of(self, page: str) -> None:
        key = dedup_key(page, self._hearing.installation)
        for incident in rest.counterparts_in(await self._ask(rest.incidents_of(self._account, key))):
            since = self._parts.clock.real_now() - _REACHES_BACK
            notes = rest.notes_in(await self._ask(rest.notes_of(self._account, incident.id)), incident, key, since)
            await self._hear((*notes, *rest.words_of(incident, key, since)))

    async def _hear(self, words: Sequence[Word]) -> None:
        def work(tx: Transaction, now: datetime) -> None:
            for word in words:
                self._hearing.hear(tx, now, word)

        await self._parts.writer.write(work)

    async def _learn_who_is_who(self) -> None:
        """Ask for the users now and then, and soon where somebody isn't known."""
        staff, now = self._hearing.staff, time.monotonic()
        every = _STAFF_AGAIN_SECONDS if staff.is_wanting else _STAFF_EVERY_SECONDS
        if not staff.has_addresses or (self._staff_at is not None and now - self._staff_at < every):
            return
        self._staff_at = now
        try:
            staff.learn(await self._users())
        except Unreachable as error:  # a token may be kept from them: pages are asked about all the same
            logger.warning("who is who in PagerDuty could not be asked: %s", error)

    async def _users(self) -> list[User]:
        users: list[User] = []
        is_more = True
        while is_more and len(users) < rest.MOST_RECORDS:
            part = rest.answer(await self._ask(rest.users_from(self._account, len(users))), rest.Users)
            users += part.users
            is_more = part.more and bool(part.users)
        return users

    async def _ask(self, request: Request) -> Reply:
        """The reply, one request after the other; raises _Busy where it wants to be left alone."""
        await asyncio.sleep(max(0.0, self._sent_at + self._pace.apart - time.monotonic()))
        self._sent_at = time.monotonic()
        reply = await self._send(request)
        if reply.status == 429:
            wait = rest.wait_after(reply)
            raise _Busy(max(1.0, wait.total_seconds()) if wait is not None else self._pace.after_a_fault)
        if reply.status in (401, 403):
            raise Unreachable(f"{rest.refusal(reply)}; see `tocsin doctor`")
        return reply


def _pages_of(incident: Incident, *, are_all: bool) -> Iterator[str]:
    """The pages that PagerDuty may have: of an open incident all, or those that somebody has to answer."""
    for key, page in incident.pages.items():
        # What counts as failed here may have rung there after all.
        has_failed = page.status is PageStatus.FAILED and page.demands_answer and incident.status is Status.TRIGGERED
        is_asked = are_all or has_failed or key in incident.open_pages
        if is_asked and PROVIDER in {way.via for way in page.ways}:
            yield key
