"""Which deliveries leave, and what came of them? The outbox's side of the engine, inside the writer's transactions."""

import logging
from datetime import datetime, timedelta

from tocsin.domain import commands as c
from tocsin.domain.effects import AnyEffect, PageEffect, SendPage
from tocsin.domain.incident import PageStatus
from tocsin.engine.backoff import is_given_up, retry_at
from tocsin.engine.desk import ENGINE, Desk
from tocsin.errors import TocsinError
from tocsin.integrations.wire import Again, Done, Never, Verdict
from tocsin.store.rows import Delivery
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

FAIL_OVER_AFTER = timedelta(seconds=30)


def lease(tx: Transaction, now: datetime, provider: str, limit: int) -> list[Delivery]:
    """Lease up to `limit` deliveries that may leave now; what nobody needs any more is settled instead."""
    leased = tx.lease(provider, now, limit)
    pointless = {it.id for it in leased if tx.was_never_sent(it)}
    for id_ in pointless:
        tx.settle(id_, "suppressed", now, "what it follows was never sent")
    return [it for it in leased if it.id not in pointless]


def settle(desk: Desk, tx: Transaction, now: datetime, delivery: Delivery, verdict: Verdict) -> None:
    """Write down what came of a delivery, and give the receipts to the incident."""
    match verdict:
        case Done(receipts=receipts):
            tx.settle(delivery.id, "done", now, "")
        case Never(reason=reason, receipts=receipts):
            tx.settle(delivery.id, "failed", now, reason)
        case Again(reason=reason, after=after):
            receipts = ()
            if is_given_up(delivery.created_at, now):
                tx.settle(delivery.id, "failed", now, f"given up after 24 h: {reason}")
                receipts = failure_of(delivery.effect, reason)
            elif _is_still_needed(tx, delivery):
                due_at = retry_at(delivery.key, delivery.attempts, now, after)
                tx.postpone(delivery.id, due_at, reason)
                receipts = _delay_of(delivery, reason, due_at)
            else:
                tx.settle(delivery.id, "suppressed", now, "no longer needed")
        case _:
            raise TypeError(f"{type(verdict).__name__} is not the end of a delivery")
    for receipt in receipts:
        try:
            with tx.savepoint():
                desk.change(tx, now, delivery.incident, receipt, ENGINE)
        except Exception:
            # An incident that can't take it must not keep the row leased, and its lane waiting, for ever.
            logger.critical("%s: its incident could not be told of it", delivery.key, exc_info=True)


def give_up_stranded(desk: Desk, tx: Transaction, now: datetime) -> None:
    """Deliveries of a provider that nobody serves any more would wait for ever: they have failed."""
    for delivery in tx.stranded(desk.methods):
        reason = "its provider is not set up any more"
        settle(desk, tx, now, delivery, Never(reason, failure_of(delivery.effect, reason)))


def _delay_of(delivery: Delivery, reason: str, due_at: datetime) -> tuple[c.Receipt, ...]:
    """A page that would wait for its provider for too long goes another way as well (reliability figure F6)."""
    effect = delivery.effect
    if not isinstance(effect, SendPage) or due_at - delivery.created_at < FAIL_OVER_AFTER:
        return ()
    return (c.ReportPageFailed(key=effect.key, via=effect.provider, reason=reason, is_retried=True),)


def _is_still_needed(tx: Transaction, delivery: Delivery) -> bool:
    effect = delivery.effect
    if not isinstance(effect, SendPage):
        return True
    try:
        return tx.incident(delivery.incident).pages[effect.key].status is not PageStatus.ANSWERED
    except TocsinError:
        return True  # nobody knows: then it must leave


def failure_of(effect: AnyEffect, reason: str) -> tuple[c.Receipt, ...]:
    """The receipt that tells an incident that an effect failed for good."""
    if isinstance(effect, SendPage):
        return (c.ReportPageFailed(key=effect.key, via=effect.provider, reason=reason),)
    if isinstance(effect, PageEffect):
        return ()  # the page itself was delivered; that its end was not, is noted in the outbox
    return (c.ReportChannelFailed(action=type(effect).__name__, reason=reason),)
