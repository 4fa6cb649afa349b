"""Which deliveries leave, and what came of them? The outbox's side of the engine, inside the writer's transactions."""

import logging
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.effects import AnyEffect, PageEffect, SendPage
from tocsin.engine.backoff import is_given_up, retry_at
from tocsin.engine.desk import ENGINE, Desk
from tocsin.integrations.wire import Again, Done, Never, Verdict
from tocsin.store.connection import InTheWay, Stale
from tocsin.store.outbox import Leased
from tocsin.store.rows import Delivery
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

FAIL_OVER_AFTER = timedelta(seconds=30)


class Claim(Struct, frozen=True):
    """Who leases for which provider, and at most how many; `but` are rows that this node can't read."""

    node: str
    provider: str
    limit: int
    but: frozenset[int] = frozenset()


def lease(tx: Transaction, now: datetime, claim: Claim) -> Leased:
    """Lease deliveries that may leave now; what nobody needs any more is settled instead."""
    leased = tx.outbox.lease(claim.provider, claim.node, now, claim.limit, claim.but)
    pointless = {it.id for it in leased.deliveries if tx.outbox.was_never_sent(it)}
    for delivery in leased.deliveries:
        if delivery.id in pointless:
            tx.outbox.settle(delivery, "suppressed", now, "what it follows was never sent")
    if leased.unreadable:
        tx.outbox.give_back(leased.unreadable)
    return Leased(tuple(it for it in leased.deliveries if it.id not in pointless), leased.unreadable)


def settle(desk: Desk, tx: Transaction, now: datetime, delivery: Delivery, verdict: Verdict) -> None:
    """Write down what came of a delivery, and give the receipts to the incident.

    Nothing is written where another node has begun a later attempt: that one's outcome counts (invariant 9).
    """
    match verdict:
        case Done(receipts=receipts):
            is_ours = tx.outbox.settle(delivery, "done", now, "")
        case Never(reason=reason, receipts=receipts):
            is_ours = tx.outbox.settle(delivery, "failed", now, reason)
        case Again() if tx.outbox.is_stopped(delivery):
            is_ours, receipts = tx.outbox.settle(delivery, "suppressed", now, "no longer needed"), ()
        case Again(reason=reason) if is_given_up(delivery.created_at, now):
            is_ours = tx.outbox.settle(delivery, "failed", now, f"given up after 24 h: {reason}")
            receipts = failure_of(delivery.effect, reason)
        case Again(reason=reason, after=after):
            due_at = retry_at(delivery.key, delivery.attempts, now, after)
            is_ours = tx.outbox.postpone(delivery, due_at, reason)
            receipts = _delay_of(delivery, reason, due_at)
        case _:
            raise TypeError(f"{type(verdict).__name__} is not the end of a delivery")
    if is_ours:
        _tell(desk, tx, now, delivery, receipts)


def _tell(desk: Desk, tx: Transaction, now: datetime, delivery: Delivery, receipts: tuple[c.Receipt, ...]) -> None:
    for receipt in receipts:
        try:
            with tx.savepoint():
                desk.change(tx, now, delivery.incident, receipt, ENGINE)
        except (Stale, InTheWay):
            raise  # another node's decision came first: all of it is done again
        except Exception:
            # An incident that can't take it must not keep the row leased, and its lane waiting, for ever.
            logger.critical("%s: its incident could not be told of it", delivery.key, exc_info=True)


def give_up_stranded(desk: Desk, tx: Transaction, now: datetime) -> None:
    """Deliveries of a provider that nobody serves any more would wait for ever: they have failed."""
    served = desk.methods.union(*(member.providers for member in tx.nodes.living()))
    for delivery in tx.outbox.stranded(served):
        reason = "its provider is not set up any more"
        settle(desk, tx, now, delivery, Never(reason, failure_of(delivery.effect, reason)))


def _delay_of(delivery: Delivery, reason: str, due_at: datetime) -> tuple[c.Receipt, ...]:
    """A page that would wait for its provider for too long goes another way as well (reliability figure F6)."""
    effect = delivery.effect
    if not isinstance(effect, SendPage) or due_at - delivery.created_at < FAIL_OVER_AFTER:
        return ()
    return (c.ReportPageFailed(key=effect.key, via=effect.provider, reason=reason, is_retried=True),)


def failure_of(effect: AnyEffect, reason: str) -> tuple[c.Receipt, ...]:
    """The receipt that tells an incident that an effect failed for good."""
    if isinstance(effect, SendPage):
        return (c.ReportPageFailed(key=effect.key, via=effect.provider, reason=reason),)
    if isinstance(effect, PageEffect):
        return ()  # the page itself was delivered; that its end was not, is noted in the outbox
    return (c.ReportChannelFailed(action=type(effect).__name__, reason=reason),)
