"""Where do a million incidents come from? A few real ones, multiplied: rows as the store writes them, in its own file.

The real ones are played by the engine on a clock of its own (`tests/engine/rehearsal.py`): alerts taken in, pages
delivered, people at work. A copy has its own number, its own alert and its own hours, and everything that follows from
them: hashes, digests, fingerprints. `tocsin verify` finds nothing wrong with it.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import msgspec
from msgspec import Struct
from tests.engine.alerts import firing
from tests.engine.rehearsal import Rehearsal

from tocsin.domain import commands as c
from tocsin.domain.alert import fingerprint
from tocsin.domain.events import NoteAdded, Recorded
from tocsin.engine.sops import Sops
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role, Severity
from tocsin.store import codec
from tocsin.store.chain import Sealed, link
from tocsin.store.connection import Row
from tocsin.store.copying import in_parts, inserting
from tocsin.store.rederive import rederive_if_older
from tocsin.store.sqlite import SqliteStore

HORIZON = timedelta(minutes=9)  # every real one was left alone for longer than that before its wake-up
_ALERT = "CheckoutFails"
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ID = "INC-2026-0001"
_COLUMNS = {
    "incidents": (
        *("id", "seq", "is_open", "status", "severity", "severity_rank", "service", "title", "group_key"),
        *("opened_at", "wake_at", "held_at", "state"),
    ),
    "events": ("incident", "seq", "at", "actor", "via", "kind", "event", "hash"),
    "outbox": (
        *("key", "incident", "provider", "lane", "page", "effect", "created_at", "digest", "rank", "status", "due_at"),
        *("attempts", "settled_at", "note", "claimed_by", "leased_until", "stopped_at", "recipient", "counted_in"),
    ),
    "alerts": (
        *("labels", "fingerprint", "incident", "status", "starts_at", "ends_at", "first_seen_at", "last_seen_at"),
        *("received", "annotations", "generator_url"),
    ),
}
_ROWS = {
    table: f"SELECT {', '.join(columns)} FROM {table} ORDER BY {'seq' if table == 'events' else 'id'}"  # noqa: S608
    for table, columns in _COLUMNS.items()
}
_INSTANTS = {"at", *(name for columns in _COLUMNS.values() for name in columns if name.endswith("_at"))}


class Due(Struct, frozen=True):
    """So many wake-ups lie within the second that begins at `at`."""

    count: int
    at: datetime


class Plan(Struct, frozen=True):
    """What a database shall hold: incidents whose wake-ups lie evenly from `now + quiet` to `now + HORIZON`.

    The first of them are `due` otherwise. Nothing is recorded later than `now`. `ended` more incidents are over, and
    nothing wakes them.
    """

    incidents: int
    now: datetime
    quiet: timedelta = timedelta(minutes=1)
    due: tuple[Due, ...] = ()
    ended: int = 0


class _Original(Struct, frozen=True):
    """A real incident: the rows of each table as texts with gaps, which are JSON once they are filled in."""

    rows: dict[str, list[str]]
    instants: list[int]  # every one that stands in the rows
    wakes_at: int  # 0 where nothing wakes it


def seed(path: Path, plan: Plan) -> None:
    """Make a new database of that plan; it is not synced, for nobody would miss it."""
    originals, over = _originals()
    with closing(SqliteStore(path)) as store:
        rederive_if_older(store)  # of nothing: notes that nothing is older than the schema
        sops = Sops(default_sop())
        with store.transaction() as tx:
            tx.facts.keep_sop(sops.version, sops.content, plan.now)
    with closing(apsw.Connection(str(path))) as connection:
        for name, value in (("journal_mode", "off"), ("synchronous", "off"), ("cache_size", -500_000)):
            connection.pragma(name, value)
        with connection:
            _fill(connection, _copies(plan, originals, over))


def _copies(plan: Plan, originals: Sequence[_Original], over: _Original) -> Iterator[tuple[_Original, int]]:
    """Which original each incident is a copy of, and how many microseconds later it happens.

    Those of one kind are woken in the order in which they were opened, as they are all left alone for equally long;
    what is woken next is some of each kind, from as many places among the numbers.
    """
    kinds = len(originals)
    turns = plan.incidents // kinds
    wake_ups = list(_wake_ups(plan))
    for number in range(turns * kinds):
        turn, kind = divmod(number, kinds)
        place = (turn + turns * kind // kinds) % turns * kinds + kind
        yield originals[kind], _whole(wake_ups[place] - originals[kind].wakes_at)
    for number in range(plan.ended):
        yield over, _whole(codec.to_column(plan.now - timedelta(seconds=number)) - max(over.instants))


def _wake_ups(plan: Plan) -> Iterator[int]:
    """When somebody is woken, in order but for the first ones, which are due otherwise."""
    for due in plan.due:
        yield from (codec.to_column(due.at) + number * 1_000_000 // due.count for number in range(due.count))
    first = sum(due.count for due in plan.due)
    start = codec.to_column(plan.now + plan.quiet)
    span = codec.to_column(plan.now + HORIZON) - start
    yield from (start + place * span // plan.incidents for place in range(first, plan.incidents))


def _whole(shift: int) -> int:
    """The shift with a microsecond that is never 0, as an instant is written with or without them."""
    return shift // 10 * 10 + 1


# --- the originals ---------------------------------------------------------------------------------------------------


@cache
def _originals() -> tuple[tuple[_Original, ...], _Original]:
    """Incidents that wait for their next wake-up, of the kinds that there are; and one that is over."""
    waiting = (_unanswered_alert, _alert_that_two_were_paged_for, _response, _small_incident, _unanswered_declaration)
    return tuple(_played(play) for play in waiting), _played(_ended)


def _unanswered_alert(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(_ALERT)).at(1)


def _alert_that_two_were_paged_for(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(_ALERT)).at(16)


def _response(rehearsal: Rehearsal) -> None:
    rehearsal.take(firing(_ALERT)).at(2)
    incident = rehearsal.only.id
    rehearsal.change(incident, c.Acknowledge())
    rehearsal.change(incident, c.Assess(severity=Severity.SEV1, reason="all users are affected"))
    rehearsal.at(4)
    for role, person in zip(Role, ("erin", "bob", "alice"), strict=True):
        rehearsal.change(incident, c.AssignRole(role=role, person=person))
    rehearsal.change(incident, c.AddNote(text="The new version answers every second request with 500"))
    rehearsal.change(incident, c.PostUpdate(text="We are rolling the release back"))
    rehearsal.at(5)


def _small_incident(rehearsal: Rehearsal) -> None:
    incident = rehearsal.declare(Severity.SEV3).id
    rehearsal.at(3)
    rehearsal.change(incident, c.Acknowledge())
    rehearsal.at(4)


def _unanswered_declaration(rehearsal: Rehearsal) -> None:
    rehearsal.declare(Severity.SEV2)
    rehearsal.at(16)


def _ended(rehearsal: Rehearsal) -> None:
    _small_incident(rehearsal)
    rehearsal.change("INC-2026-0001", c.Resolve(note="an index was missing"))
    rehearsal.at(5)


def _played(play: Callable[[Rehearsal], None]) -> _Original:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "original.db"
        with Rehearsal(path) as rehearsal:
            play(rehearsal)
        return _compiled(path)


# --- the copies ------------------------------------------------------------------------------------------------------


def _compiled(path: Path) -> _Original:
    """The only incident of a database, as an original."""
    instants: dict[int, None] = {}
    with closing(apsw.Connection(str(path))) as connection:
        rows = {
            table: [
                _with_gaps(dict(zip(columns, row, strict=True)), instants) for row in connection.execute(_ROWS[table])
            ]
            for table, columns in _COLUMNS.items()
        }
        ((wakes_at,),) = connection.execute("SELECT wake_at FROM incidents")
        ((recorded_until,),) = connection.execute("SELECT max(at) FROM events")
    assert wakes_at is None or codec.from_column(wakes_at) - codec.from_column(recorded_until) > HORIZON
    return _Original(rows, list(instants), wakes_at or 0)


def _with_gaps(row: dict[str, Any], instants: dict[int, None]) -> str:
    """The row's values as a JSON array, with a gap for its number, its alert, and each instant."""

    def gap(found: re.Match[str]) -> str:
        at = codec.to_column(datetime.fromisoformat(found[0]))
        instants[at] = None
        return f"%(text {at})s"

    for name, value in row.items():
        if name in _INSTANTS and value is not None:
            instants[value] = None
            row[name] = f"@{value}@"
    text = codec.to_json(list(row.values())).replace("%", "%%")
    text = re.sub(r'"@(\d+)@"', r"%(micros \1)d", text)
    return _ISO.sub(gap, text).replace(_ID, "%(id)s").replace(_ALERT, "%(alert)s")


def _fill(connection: apsw.Connection, copies: Iterable[tuple[_Original, int]]) -> None:
    """Write the copies, numbered from 1."""
    inserts = {table: inserting(table, columns) for table, columns in _COLUMNS.items()}
    numbers = count(1)
    for part in in_parts((number, *copy) for number, copy in zip(numbers, copies, strict=False)):
        rows: dict[str, list[Row]] = {table: [] for table in _COLUMNS}
        for number, original, shift in part:
            _add(rows, original, _gaps(original, number, shift))
        for table, insert in inserts.items():
            connection.executemany(insert, rows[table])
    connection.execute("INSERT INTO incident_numbers (year, last) VALUES (2026, ?)", (next(numbers),))


def _gaps(original: _Original, number: int, shift: int) -> dict[str, str | int]:
    gaps: dict[str, str | int] = {"id": f"INC-2026-{number:04}", "alert": f"{_ALERT}{number}"}
    for at in original.instants:
        gaps[f"micros {at}"] = at + shift
        gaps[f"text {at}"] = f"{codec.from_column(at + shift):%Y-%m-%dT%H:%M:%S.%f}Z"
    return gaps


def _add(rows: dict[str, list[Row]], original: _Original, gaps: dict[str, str | int]) -> None:
    """Add the rows of one copy, with the hashes that follow from what stands in them."""
    filled = {table: [msgspec.json.decode(row % gaps) for row in of_it] for table, of_it in original.rows.items()}
    rows["incidents"] += filled["incidents"]
    hash_ = ""
    for incident, seq, at, actor, via, kind, event, _ in filled["events"]:
        recorded = Recorded(incident, seq, codec.from_column(at), actor, via, NoteAdded(text=""))
        hash_ = link(hash_, recorded, event)
        rows["events"].append((incident, seq, at, actor, via, kind, event, hash_))
    for key, incident, provider, lane, page, effect, created_at, _, *rest in filled["outbox"]:
        sealed = Sealed(key, incident, provider, lane, page, effect, created_at)
        rows["outbox"].append((*msgspec.structs.astuple(sealed), sealed.digest, *rest))
    for labels, _, *rest in filled["alerts"]:
        rows["alerts"].append((labels, fingerprint(msgspec.json.decode(labels)), *rest))
