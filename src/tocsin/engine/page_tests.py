"""Does a person's pager work? Marked test pages by each of their contact methods, through the real outbox and sender.

A test is never an incident, and nothing escalates because of it. What came of it is what the outbox says of its row.
"""

import logging
from datetime import datetime, timedelta

from tocsin.domain.effects import EndPageTest, SendPageTest
from tocsin.domain.events import Reach
from tocsin.domain.react import RINGING
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.record import deed_of
from tocsin.errors import NotFound, Refused
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_APART = timedelta(minutes=1)  # of tests to one person
_AT_MOST = 60  # deliveries in an hour, to whomever: nobody is woken by the dozen for a joke
ENDS_AFTER = timedelta(minutes=10)  # what goes on ringing is resolved, if nobody has done so


def send(desk: Desk, tx: Transaction, now: datetime, person: str, *, by: Actor) -> tuple[SendPageTest, ...]:
    """Send a test by each usable contact method of the person. Raises NotFound and Refused."""
    if person not in desk.sops.current.people:
        raise NotFound(f"person: there is no {person!r}")
    methods = desk.contact_methods(person)
    if not methods:
        raise Refused("unreachable", f"{person} has no usable contact method: see `contact` in the SOP")
    _refuse_too_many(tx, now, person)
    logger.warning("%s has a test page sent to %s", by.name, person)
    stem = f"test-{person}-{now:%Y%m%dT%H%M%S%f}"
    sent = tuple(SendPageTest(f"{stem}-{n}", Reach(person, it), asked_by=by.name) for n, it in enumerate(methods))
    for effect in sent:
        tx.page_tests.send(effect, now, due_at=now)
        if effect.provider in RINGING:
            tx.page_tests.send(EndPageTest(effect.key, effect.reach), now, due_at=now + ENDS_AFTER)
    tx.audit.add(deed_of(by, "person.test_page", person), now)
    return sent


def _refuse_too_many(tx: Transaction, now: datetime, person: str) -> None:
    last_at = tx.page_tests.newest_at(person)
    if last_at is not None and now - last_at < _APART:
        seconds = (now - last_at).total_seconds()
        raise Refused("tested_just_now", f"{person} was sent a test page {seconds:.0f} s ago: wait a minute")
    if tx.page_tests.count_since(now - timedelta(hours=1)) >= _AT_MOST:
        raise Refused("too_many_tests", f"{_AT_MOST} test pages were sent within an hour: wait a while")
