"""Is what is stored what has happened? Every state against the fold of its events, every row against what it is of.

It reads in the order of the incidents, bit by bit, so that a record of any length needs the same memory. What can't be
derived from the events has a digest of its own (`chain.py`). Faults come as sentences that name the row.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tocsin.domain.deadlines import wake_at
from tocsin.domain.incident import Incident
from tocsin.errors import StoreError
from tocsin.sop.model import Sop
from tocsin.sop.version import decode_stored, version_of
from tocsin.store import codec
from tocsin.store.connection import Reads, Row
from tocsin.store.incidents import columns_of
from tocsin.store.page_tests import is_test
from tocsin.store.snapshot import ROWS_AT_ONCE, ByIncident, in_order
from tocsin.store.verify_events import Timeline, clock
from tocsin.store.verify_outbox import faults_of_deliveries, faults_of_test

_EVENT = ("at", "actor", "via", "kind", "event", "hash")
_STATE = ("state", "seq", "is_open", "status", "severity", "severity_rank", "service", "title", "group_key")
_INCIDENT = (*_STATE, "opened_at", "held_at")
_SEALED = ("key", "provider", "lane", "page", "rank", "effect")
_DELIVERY = (
    *_SEALED,
    "status",
    "attempts",
    "created_at",
    "settled_at",
    "claimed_by",
    "leased_until",
    "stopped_at",
    "digest",
    "counted_in",
)


class Verification:
    """One look at the whole record, that many rows at once; the counts are of what has been looked at so far."""

    def __init__(self, reads: Reads, at_once: int = ROWS_AT_ONCE) -> None:
        self._reads = reads
        self._at_once = at_once
        self._sops: dict[str, Sop | str] = {}
        self._numbers: dict[int, int] = {}  # the highest that was given out, by year
        self.incidents = 0
        self.events = 0
        self.unchained = 0  # events of the first version, which had no hashes
        self.deliveries = 0

    def faults(self) -> Iterator[str]:
        """Everything that differs, in the order of the incidents, each as a sentence that names the row."""
        events = ByIncident(in_order(self._reads, _EVENT, "events", ("incident", "seq"), self._at_once))
        deliveries = ByIncident(in_order(self._reads, _DELIVERY, "outbox", ("incident", "id"), self._at_once))
        for id_, wakes_at, *stored in in_order(
            self._reads, ("wake_at", *_INCIDENT), "incidents", ("id",), self._at_once
        ):
            yield from _orphans(events.before(id_), deliveries.before(id_))
            timeline = Timeline(id_)
            for row in events.of(id_):
                yield from timeline.faults_of(row)
            yield from (f"incidents {id_}: {what}" for what in self._faults_of(timeline.incident, stored, wakes_at))
            rows = list(deliveries.of(id_))
            yield from faults_of_deliveries(timeline.incident, rows)
            self._count(timeline, len(rows))
        yield from _orphans(events.rest(), deliveries.rest())
        yield from self._faults_beside_incidents()

    def _count(self, timeline: Timeline, deliveries: int) -> None:
        self.incidents += 1
        self.events += timeline.events
        self.unchained += timeline.unchained
        self.deliveries += deliveries
        _, _, named = timeline.id.partition("-")
        year, _, number = named.partition("-")
        if year.isdecimal() and number.isdecimal():
            self._numbers[int(year)] = max(self._numbers.get(int(year), 0), int(number))

    def _faults_of(self, incident: Incident | None, stored: list[Any], wakes_at: int | None) -> Iterator[str]:
        if incident is None:
            yield "there are no events that it could follow from"
            return
        yield from _faults_of_columns(incident, stored)
        sop = self._sop(incident.sop_version)
        if isinstance(sop, str):
            yield sop
            return
        due_at = codec.optional_to_column(wake_at(sop, incident))
        if wakes_at != due_at:
            yield f"wake_at is {clock(wakes_at)}, but what falls due next is due at {clock(due_at)}"

    def _sop(self, version: str) -> Sop | str:
        """The SOP of that version, or what is wrong with it."""
        if version not in self._sops:
            self._sops[version] = self._stored_sop(version)
        return self._sops[version]

    def _stored_sop(self, version: str) -> Sop | str:
        rows = self._reads.all("SELECT content FROM sop_versions WHERE version = ?", version)
        if not rows:
            return f"its SOP, version {version}, is not stored"
        try:
            sop = decode_stored(rows[0][0].encode())
        except StoreError as error:
            return f"its SOP, version {version}: {error}"
        return sop if version_of(sop) == version else f"its SOP, version {version}, has been changed"

    def _faults_beside_incidents(self) -> Iterator[str]:
        rows = self._reads.all("SELECT value FROM meta WHERE name = 'unchained_events'")
        known = int(rows[0][0]) if rows else 0
        if self.unchained != known:
            yield f"events: {self.unchained} have no hash, but {known} are older than hashes are"
        lost = "SELECT id, incident FROM alerts WHERE incident NOT IN (SELECT id FROM incidents) ORDER BY id"
        yield from (f"alerts {id_}: there is no incident {incident}" for id_, incident in self._reads.all(lost))
        last = {row[0]: row[1] for row in self._reads.all("SELECT year, last FROM incident_numbers")}
        for year, number in self._numbers.items():
            if number > last.get(year, 0):
                yield f"incident_numbers {year}: INC-{year}-{number:04} is there already, and would be given out again"


def _orphans(events: Iterator[Row], deliveries: Iterator[Row]) -> Iterator[str]:
    yield from (f"events {incident}/{seq}: there is no such incident" for incident, seq, *_ in events)
    for row in deliveries:
        incident, id_, key, *_ = row
        if is_test(incident):
            yield from faults_of_test(row)
        else:
            yield f"outbox {id_} ({key}): there is no incident {incident}"


def _faults_of_columns(incident: Incident, stored: list[Any]) -> Iterator[str]:
    expected = columns_of(incident)
    for name, value in zip(_INCIDENT, stored, strict=True):
        if name == "state":
            yield from _faults_of_text(incident, value)
        elif value != expected[name]:
            yield f"{name} is {value!r}, but by its events it is {expected[name]!r}"


def _faults_of_text(incident: Incident, text: str) -> Iterator[str]:
    """Where the stored state differs. What an older Tocsin didn't write is not missing where it is as usual."""
    folded = codec.to_json(incident)
    if text == folded:
        return
    try:
        known, is_same = msgspec.json.decode(text), codec.incident_from(text) == incident
    except (msgspec.DecodeError, StoreError) as error:
        yield f"its state can't be read: {error}"
        return
    expected = msgspec.json.decode(folded)
    differing = [name for name, value in known.items() if name not in expected or value != expected[name]]
    if differing:
        name = differing[0]
        yield f"state.{name} is {known[name]!r}, but by its events it is {expected.get(name)!r}"
    elif not is_same:
        missing = next(name for name in expected if name not in known)
        yield f"state.{missing} is missing; by its events it is {expected[missing]!r}"
    elif msgspec.json.encode(known).decode() != text:
        yield "its state is written in another way than Tocsin writes"
