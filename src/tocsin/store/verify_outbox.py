"""Is what is to be sent what was decided? Every row of the outbox against its digest, its effect and its incident."""

from collections.abc import Iterable, Iterator

from tocsin.domain.effects import AnyEffect, BriefNewcomer, OfPageTest, SendPage
from tocsin.domain.incident import Incident, Page
from tocsin.errors import StoreError
from tocsin.sop.words import Urgency
from tocsin.store import codec
from tocsin.store.chain import Sealed
from tocsin.store.connection import Row
from tocsin.store.incidents import RANKS
from tocsin.store.outbox import page_of
from tocsin.store.page_tests import columns_of_test

_WAITING = ("pending", "leased", "counted")
_ENDED = ("done", "failed", "suppressed")
_COUNTED = ("counted", "done", "failed")  # what may name the row in whose page it was told


def faults_of_deliveries(incident: Incident | None, rows: Iterable[Row]) -> Iterator[str]:
    """What is wrong with an incident's rows, and what has none: a way of a page, a number among an event's rows."""
    sent: set[tuple[str | None, str]] = set()
    numbers: dict[str, set[str]] = {}
    for row in rows:
        where = f"outbox {row[1]} ({row[2]})"
        yield from (f"{where}: {what}" for what in _faults_of_row(row))
        if incident is not None:
            yield from (f"{where}: {what}" for what in _faults_against(incident, row))
        sent.add((row[5], row[4]))
        event, _, number = row[2].rpartition("-")
        numbers.setdefault(event, set()).add(number)
    for key, page in incident.pages.items() if incident else ():
        for method in page.ways:
            if (key, f"{key}/{method.id}") not in sent:
                yield f"outbox: the page {key} has no row for {method.id}: it can never have left that way"
    for event, found in numbers.items():
        missing = next((n for n in range(len(found)) if str(n) not in found), None)
        if missing is not None:
            yield f"outbox: {event}-{missing} is missing"


def faults_of_test(row: Row) -> Iterator[str]:
    """What is wrong with the row of a test page, each as a sentence that names it."""
    where = f"outbox {row[1]} ({row[2]})"
    yield from (f"{where}: {what}" for what in (*_faults_of_row(row), *_faults_of_test(row)))


def _faults_of_test(row: Row) -> Iterator[str]:
    incident, _, key, provider, lane, page, rank, text, *_ = row
    try:
        effect = codec.effect_from(text)
    except StoreError as error:
        yield str(error)
        return
    if not isinstance(effect, OfPageTest):
        yield f"there is no incident {incident}"
    elif (incident, key, provider, lane, page, rank) != columns_of_test(effect):
        yield "it is not the row of the test page that its effect tells of"


def _faults_of_row(row: Row) -> Iterator[str]:
    incident, _, key, provider, lane, page, rank, effect, status, attempts, created_at, *rest = row
    settled_at, claimed_by, leased_until, stopped_at, digest, counted_in = rest
    sealed = Sealed(key, incident, provider, lane, page, effect, created_at)
    if digest is not None and digest != sealed.digest:
        yield "its digest is not that of the row: one of the two has been changed"
    if rank not in RANKS:
        yield f"rank is {rank}: must be one of 1 to {RANKS[-1]}"
    if status not in (*_WAITING, *_ENDED):
        yield f"status is {status!r}: must be one of {', '.join((*_WAITING, *_ENDED))}"
    elif (settled_at is None) == (status in _ENDED):
        yield f"it is {status}, {'and not settled' if settled_at is None else 'and settled all the same'}"
    if attempts < 0:
        yield f"attempts is {attempts}: must be 0 at least"
    if status == "leased" and (not attempts or claimed_by is None or leased_until is None):
        yield "it is leased by nobody"
    if (counted_in is None and status == "counted") or (counted_in is not None and status not in _COUNTED):
        yield f"it is {status}, and counted in {counted_in or 'nothing'}"
    if settled_at is not None and settled_at < created_at:
        yield "it was settled before it was decided"
    if stopped_at is not None and stopped_at < created_at:
        yield "it was stopped before it was decided"


def _faults_against(incident: Incident, row: Row) -> Iterator[str]:
    _, _, key, provider, lane, page, _, text, *_ = row
    try:
        effect = codec.effect_from(text)
    except StoreError as error:
        yield str(error)
        return
    if text != codec.to_json(effect):
        yield "its effect is written in another way than Tocsin writes"
    if (provider, lane, page) != (effect.provider, effect.lane, page_of(effect)):
        yield f"provider, lane or page are not the effect's: {effect.provider}, {effect.lane}, {page_of(effect)}"
    stem, _, tail = key.rpartition(f"{incident.id}-")
    seq, _, number = tail.partition("-")
    is_brief = isinstance(effect, BriefNewcomer) and tail.startswith(f"joined-{effect.user}-")
    if not is_brief and (stem or not (seq.isdigit() and number.isdigit()) or not 1 <= int(seq) <= incident.seq):
        yield "its key names no event of the incident"
    yield from _faults_of_page(incident, effect)


def _faults_of_page(incident: Incident, effect: AnyEffect) -> Iterator[str]:
    if not isinstance(effect, SendPage):
        return
    page = incident.pages.get(effect.key)
    if page is None:
        yield f"the incident knows of no page {effect.key}"
    elif not _is_of(page, effect) or (effect.incident, effect.title) != (incident.id, incident.title):
        yield f"it is not the page that was decided: {page.person}, for {incident.id}"


def _is_of(page: Page, effect: SendPage) -> bool:
    """Whether the effect is a try of the page."""
    is_way = effect.reach.method in page.ways
    return is_way and effect.reach.person == page.person and page.demands_answer == (effect.urgency is Urgency.PAGE)
