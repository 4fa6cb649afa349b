"""Was anything lost, and was anybody paged wrongly? The record against what was promised, and what the vendor got.

It shares no code with the server: it reads what HTTP answers, the sandbox's log as it lies on the disk, and the
database as SQLite shows it to anybody who may only read.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.system.burst import Identity, identity
from tests.system.server import Json, Server

_QUIET = "info"  # the SOP's routes page nobody for these


class Audit(Struct, frozen=True):
    """What was found: `faults` in words, and the figures of the round."""

    faults: list[str]
    incidents: int
    pages: int
    triggers: int

    @property
    def repeats(self) -> int:
        """Pages that the vendor was told of more than once, under their old key."""
        return self.triggers - self.pages


def audit(server: Server, sent: Path, acknowledged: Iterable[Identity]) -> Audit:
    """Everything that must hold once nothing waits to be sent any more."""
    incidents = {it["id"]: it for it in _all_incidents(server)}
    alerts = server.get("alerts", limit=5000)
    paged = [event for event in events_taken(sent) if event["event_action"] == "trigger"]
    triggers = [_trigger(event) for event in paged]
    faults = [
        *_lost(alerts, incidents, acknowledged),
        *_groups_apart(incidents, alerts),
        *_unpaged(server, incidents, alerts, {told for event in paged for told in _told(event)}),
        *_wrongly_paged(incidents, triggers),
        *_unsound(server.database),
    ]
    return Audit(faults, len(incidents), len({page for _, page, _, _ in triggers}), len(triggers))


def is_nothing_waiting(database: Path) -> bool:
    """Whether every row of the outbox has come to its end."""
    return not rows(database, "SELECT 1 FROM outbox WHERE status IN ('pending', 'leased', 'counted') LIMIT 1")


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """What the file says, to somebody who may only read it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def events_taken(sent: Path) -> list[Json]:
    """The PagerDuty events that the sandbox took, in order."""
    exchanges = [json.loads(line) for line in sent.read_text().split("\n")[:-1]]  # the last one may be half written
    return [json.loads(it["body"]) for it in exchanges if it["path"] == "/v2/enqueue" and it["status"] == 202]


def _trigger(event: Json) -> tuple[str, str, str, str]:
    details = event["payload"]["custom_details"]
    return details["incident"], details["page_key"], details["person"], event["dedup_key"]


def _told(event: Json) -> Iterator[tuple[str, str]]:
    """The incidents that a page tells of, each with whom it tells."""
    details = event["payload"]["custom_details"]
    for incident in (details["incident"], *details.get("more_incidents", [])):
        yield incident, details["person"]


def _all_incidents(server: Server) -> list[Json]:
    found: list[Json] = []
    while page := server.get("incidents", state="all", limit=500, offset=len(found)):
        found += page
    return found


def _lost(alerts: list[Json], incidents: dict[str, Json], acknowledged: Iterable[Identity]) -> list[str]:
    attached = {identity(it["labels"]) for it in alerts if it["incident"] in incidents}
    return [f"lost: {sorted(alert)}" for alert in acknowledged if alert not in attached]


def _groups_apart(incidents: dict[str, Json], alerts: list[Json]) -> list[str]:
    """One alert name and service, one incident."""
    incidents_of = defaultdict(set)
    for it in alerts:
        incidents_of[(it["labels"]["alertname"], it["labels"]["service"])].add(it["incident"])
    faults = [f"{group} has {len(found)} incidents" for group, found in incidents_of.items() if len(found) != 1]
    if len(incidents) != len(incidents_of):
        faults.append(f"{len(incidents_of)} groups, but {len(incidents)} incidents")
    return faults


def _unpaged(server: Server, incidents: dict[str, Json], alerts: list[Json], told: set[tuple[str, str]]) -> list[str]:
    primary_of = {team["team"]: team["primary"] for team in server.get("oncall")}
    loud = {it["incident"] for it in alerts if it["labels"]["severity"] != _QUIET}
    due = {(id_, primary_of[team]) for id_ in loud for team in incidents[id_]["teams"]}
    return [f"never paged: {person} for {incident}" for incident, person in due - told] + [
        f"paged without need: {person} for {incident}" for incident, person in told - due
    ]


def _wrongly_paged(incidents: dict[str, Json], triggers: list[tuple[str, str, str, str]]) -> list[str]:
    keys_of, pages_of = defaultdict(set), defaultdict(set)
    for _, page, _, key in triggers:
        keys_of[page].add(key)
        pages_of[key].add(page)
    pages = Counter((incident, person) for incident, page, person in {trigger[:3] for trigger in triggers})
    faults = [f"{page} went out under {len(keys)} keys" for page, keys in keys_of.items() if len(keys) != 1]
    faults += [f"the key {key} stands for {len(pages)} pages" for key, pages in pages_of.items() if len(pages) != 1]
    faults += [f"paged {count} times: {whom}" for whom, count in pages.items() if count != 1]
    faults += [f"a page of no incident: {page}" for incident, page, _, _ in triggers if incident not in incidents]
    return faults


def _unsound(database: Path) -> list[str]:
    faults = [f"integrity: {told}" for (told,) in rows(database, "PRAGMA integrity_check") if told != "ok"]
    gaps = "SELECT incident FROM events GROUP BY incident HAVING max(seq) != count(*) OR min(seq) != 1"
    faults += [f"{incident}: its timeline has gaps" for (incident,) in rows(database, gaps)]
    behind = """
        SELECT id FROM incidents WHERE seq != (SELECT max(seq) FROM events WHERE incident = id)
        UNION SELECT DISTINCT incident FROM events WHERE incident NOT IN (SELECT id FROM incidents)
    """
    return faults + [f"{incident}: state and timeline differ" for (incident,) in rows(database, behind)]
