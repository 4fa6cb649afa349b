"""Which deliveries leave, and what came of them? The outbox's side of the engine, inside the writer's transactions."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.effects import AnyEffect, ChannelEffect, CounterpartEffect, OfPageTest, PageEffect, SendPage
from tocsin.engine.backoff import RETRY_FOR, is_given_up, is_too_late, retry_at
from tocsin.engine.desk import ENGINE, Desk
from tocsin.errors import TocsinError
from tocsin.integrations.wire import Again, Busy, Done, Never, Verdict
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.leased import Decoded
from tocsin.store.rows import Delivery, Only
from tocsin.store.storms import FRESH_FOR, TOLD_LATER, Counted, Ended
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

GIVEN_UP = "given up after 24 h"
_NOT_NEEDED = "no longer needed"
_SHOWN_ANEW = "a later one shows it anew"
_SOON = timedelta(seconds=1)


class Claim(Struct, frozen=True):
    """Who leases for which provider, and at most how many; `but` are rows that this node can't read."""

    node: str
    provider: str
    limit: int
    but: frozenset[int] = frozenset()
    only: Only = Only.ANYTHING


def lease(tx: Transaction, now: datetime, claim: Claim) -> Decoded:
    """Lease deliveries that may leave now; what nobody needs any more is settled instead."""
    leased = tx.outbox.lease(claim.provider, claim.node, now, claim.limit, claim.but, claim.only)
    needed = [delivery for delivery in leased.deliveries if not _is_left_out(tx, now, delivery)]
    left = tuple(tx.outbox.with_what_waits(delivery) for delivery in needed)
    if leased.unreadable:
        tx.outbox.give_back(leased.unreadable)
    return Decoded(left, leased.unreadable)


def _is_left_out(tx: Transaction, now: datetime, delivery: Delivery) -> bool:
    """Whether the delivery is pointless by now, and has been settled as such."""
    if tx.outbox.was_never_sent(delivery):
        reason = "what it follows was never sent"
    elif not delivery.counted and now - delivery.created_at > FRESH_FOR and tx.outbox.is_outdated(delivery):
        # An outage lasts, and the ladder goes on: who is called once need not be called for each round of it.
        reason = TOLD_LATER
    elif tx.outbox.is_superseded(delivery):
        reason = _SHOWN_ANEW
    else:
        return False
    return tx.outbox.leave_out(delivery, now, reason)


def take_back(tx: Transaction, now: datetime, delivery: Delivery) -> None:
    """The last look kept the delivery from leaving: nobody needs it any more, or it isn't this node's any more."""
    if tx.outbox.is_stopped(delivery):
        tx.outbox.leave_out(delivery, now, _NOT_NEEDED)
    else:
        tx.outbox.put_off(delivery, now + _SOON)


def settle(desk: Desk, tx: Transaction, now: datetime, delivery: Delivery, verdict: Verdict) -> bool:
    """Write down what came of a delivery, and give the receipts to the incident; whether it goes another way as well.

    Nothing is written where another node has begun a later attempt: that one's outcome counts (invariant 9).
    """
    is_late = False
    match verdict:
        case Done(receipts=receipts):
            is_ours = tx.outbox.settle(delivery, "done", now, "")
        case Never(reason=reason, receipts=receipts):
            is_known = isinstance(delivery.effect, ChannelEffect) and tx.outbox.is_told(delivery, reason)
            receipts = () if is_known else receipts
            is_ours = tx.outbox.settle(delivery, "failed", now, reason)
        case Again() if tx.outbox.is_stopped(delivery):
            is_ours, receipts = tx.outbox.settle(delivery, "suppressed", now, _NOT_NEEDED), ()
        case Again(reason=reason) if is_given_up(delivery.created_at, now):
            is_ours = tx.outbox.settle(delivery, "failed", now, f"{GIVEN_UP}: {reason}")
            receipts = failure_of(delivery.effect, reason)
        case Again(reason=reason, after=after):
            is_untaken = isinstance(verdict, Busy)
            # Who takes no more is left alone for longer each time, though nothing came of it; a wait for the turn isn't
            # a failure.
            failures = delivery.attempts if is_untaken else delivery.tries
            due_at = retry_at(delivery.key, failures, now, after)
            is_ours = tx.outbox.postpone(delivery, due_at, reason, is_untaken=is_untaken)
            receipts = _delay_of(delivery, reason, due_at)
            is_late = bool(receipts)
        case _:
            raise TypeError(f"{type(verdict).__name__} is not the end of a delivery")
    if is_ours:
        _tell(desk, tx, now, delivery, receipts)
    return is_ours and is_late


def follow(desk: Desk, tx: Transaction, now: datetime, lead: int) -> bool:
    """Let some of what is counted in a page end as that has ended; whether there was any.

    Taken, they have been told as well; refused, they go on to their next contact method; withdrawn, or given up for its
    age, each waits for itself again.
    """
    end = tx.storms.end_of(lead)
    match end:
        case None:
            return False
        case Ended(status="done"):
            told = tx.storms.end(lead, "done", now, f"counted in {end.page or end.key}")
            for it in (it for it in told if it.page):
                receipt = c.ReportPageAccepted(key=it.page, via=end.way, counted_in=end.page)
                _tell(desk, tx, now, it, (receipt,))
        case Ended(status="failed", note=reason) if not reason.startswith(GIVEN_UP):
            told = tx.storms.end(lead, "failed", now, reason)
            for it in (it for it in told if it.page):
                _tell(desk, tx, now, it, (c.ReportPageFailed(key=it.page, via=end.way, reason=reason),))
        case _:
            told = []
            tx.storms.free(lead)
    return bool(told)


def _tell(
    desk: Desk, tx: Transaction, now: datetime, delivery: Delivery | Counted, receipts: tuple[c.Receipt, ...]
) -> None:
    for receipt in receipts:
        try:
            with tx.savepoint():
                desk.change(tx, now, delivery.incident, receipt, ENGINE)
        except (Stale, InTheWay):
            raise  # another node's decision came first: all of it is done again
        except Exception as error:
            tx.refuse_if_undone()  # the database has gone away: then nothing of it is written, and all is done again
            # An incident that can't take it must not keep the row leased, and its lane waiting, for ever.
            is_bug = not isinstance(error, TocsinError)
            logger.critical("%s: its incident could not be told of it: %s", delivery.key, error, exc_info=is_bug)


def served_by_anybody(desk: Desk, tx: Transaction) -> frozenset[str]:
    """The providers that this node serves, or another one that lives."""
    return desk.methods.union(*(member.providers for member in tx.nodes.living()))


def give_up_stranded(desk: Desk, tx: Transaction, now: datetime) -> None:
    """What waits in vain has failed: nobody serves its provider any more, or its person has left (invariant 19)."""
    for delivery in tx.waiting.stranded(served_by_anybody(desk, tx)):
        _fail(desk, tx, now, delivery, "its provider is not set up any more")
    for delivery in tx.waiting.pages():
        if _person_of(delivery) not in desk.sops.current.people:
            _fail(desk, tx, now, delivery, f"{_person_of(delivery)} is not one of the organisation's people any more")


def _fail(desk: Desk, tx: Transaction, now: datetime, delivery: Delivery, reason: str) -> None:
    settle(desk, tx, now, delivery, Never(reason, failure_of(delivery.effect, reason)))


def _person_of(delivery: Delivery) -> str | None:
    return delivery.effect.reach.person if isinstance(delivery.effect, SendPage) else None


def give_up_old(desk: Desk, tx: Transaction, now: datetime, claim: Claim, reason: str) -> None:
    """Deliveries that an ill provider has not even been offered have waited for long enough as well."""
    for delivery in tx.waiting.since_before(claim.provider, now - RETRY_FOR, claim.but):
        settle(desk, tx, now, delivery, Never(f"{GIVEN_UP}: {reason}", failure_of(delivery.effect, reason)))


def hand_over(desk: Desk, tx: Transaction, now: datetime, pages: Sequence[Delivery], reason: str) -> None:
    """Pages that wait for an ill provider go another way as well, at once; it is offered them when it is well again."""
    for delivery in pages:
        _tell(desk, tx, now, delivery, _failure_for_now(delivery.effect, reason))


def _delay_of(delivery: Delivery, reason: str, due_at: datetime) -> tuple[c.Receipt, ...]:
    """A page that would wait for its provider for too long goes another way as well."""
    return _failure_for_now(delivery.effect, reason) if is_too_late(delivery.created_at, due_at) else ()


def _failure_for_now(effect: AnyEffect, reason: str) -> tuple[c.Receipt, ...]:
    if not isinstance(effect, SendPage):
        return ()
    return (c.ReportPageFailed(key=effect.key, via=effect.way, reason=reason, is_retried=True),)


def failure_of(effect: AnyEffect, reason: str) -> tuple[c.Receipt, ...]:
    """The receipt that tells an incident that an effect failed for good."""
    if isinstance(effect, SendPage):
        return (c.ReportPageFailed(key=effect.key, via=effect.way, reason=reason),)
    if isinstance(effect, PageEffect | OfPageTest | CounterpartEffect):
        return ()  # the page itself was delivered; that its end was not, or a test, is noted in the outbox
    return (c.ReportChannelFailed(action=type(effect).__name__, reason=reason),)
