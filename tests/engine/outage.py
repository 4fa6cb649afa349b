"""How does a test live through a provider's outage on its own clock? A rehearsal whose providers may be ill.

What leaves is decided by the engine's own throttles: health, rate and places, at the test's instants.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.engine.rehearsal import Rehearsal, attempt_at
from tocsin.engine import dispatch
from tocsin.engine.throttle import Throttle
from tocsin.integrations.wire import Outgoing, Request, Then, Verdict
from tocsin.sop.model import Sop
from tocsin.store.rows import Delivery


class Outage(Rehearsal):
    """A server on the test's clock, whose deliveries are throttled as in the engine's loops."""

    def __init__(self, path: Path, sop: Sop | None = None, *, slack: bool = False) -> None:
        super().__init__(path, sop, slack=slack)
        self.throttles = {name: Throttle(it.rate, it.places) for name, it in self.providers.items()}
        self._handed_over: set[int] = set()

    def _due(self) -> Iterator[datetime]:
        for name, throttle in self.throttles.items():
            room = throttle.room(0, self.now)
            at = (
                self.queries.outbox.next_delivery_at(name, (), room.only) if room.count else throttle.opens_at(self.now)
            )
            if at is not None:
                yield at
        wake_at = self.queries.next_wake_at()
        if wake_at is not None:
            yield wake_at

    def _deliver(self) -> bool:
        return any(self._deliver_by(name, throttle) for name, throttle in self.throttles.items())

    def _deliver_by(self, name: str, throttle: Throttle) -> bool:
        self._hand_over(name, throttle)
        room = throttle.room(0, self.now)
        leased = self._leased(name, throttle, dispatch.Claim("node-1", name, room.count, only=room.only))
        throttle.takes(len(leased), self.now)
        if room.count and not leased:
            throttle.is_drained()
        for delivery in leased:
            self.settle(delivery, self.send(delivery))
        return bool(leased)

    def _leased(self, name: str, throttle: Throttle, claim: dispatch.Claim) -> list[Delivery]:
        if not claim.limit:
            return []
        with self.store.transaction() as tx:
            if not throttle.breaker.is_closed:
                dispatch.give_up_old(self.desk, tx, self.now, claim, throttle.breaker.reason)
            return list(dispatch.lease(tx, self.now, claim).deliveries)

    def _hand_over(self, name: str, throttle: Throttle) -> None:
        if throttle.breaker.is_closed:
            return
        pages = self.queries.outbox.waiting_pages(name, self._handed_over).deliveries
        if pages:
            with self.store.transaction() as tx:
                dispatch.hand_over(self.desk, tx, self.now, pages, f"{name} is not well")
            self._handed_over |= {page.id for page in pages}

    def send(self, delivery: Delivery) -> Verdict:
        provider = self.providers[delivery.effect.provider]
        step: Outgoing | Verdict = provider.request_for(delivery.effect, attempt_at(delivery))
        while isinstance(step, Outgoing):
            assert isinstance(step, Request)
            verdict = provider.classify(delivery.effect, step, self._reply_to(step))
            self.throttles[provider.name].hears(verdict, delivery.key, self.now)
            step = verdict.request if isinstance(verdict, Then) else verdict
        return step
