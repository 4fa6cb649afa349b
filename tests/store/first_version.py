"""What does a database of Tocsin 0.1 look like? The schema of its only migration, and states as its fold wrote them."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from tests.store.file import rows_of
from tocsin.store.migrate import SQLITE, migrations

_TABLES = {
    "meta": "name, value",
    "sop_versions": "version, content, stored_at",
    "incident_numbers": "year, last",
    "incidents": """id, seq, is_open, status, severity, severity_rank, service, title, group_key, opened_at, wake_at,
        state""",
    "events": "incident, seq, at, actor, via, kind, event",
    "outbox": """id, key, incident, provider, lane, page, rank, effect, status, due_at, attempts, created_at,
        settled_at, note""",
    "tokens": "hash, name, scope, created_at",
}
_STATE = [
    "id",
    "seq",
    "sop_version",
    "title",
    "service",
    "teams",
    "trigger",
    "source",
    "opened_at",
    "changed_at",
    "ladder",
    "group_key",
    "pages_unassessed",
    "provisional",
    "severity",
    "severity_reason",
    "status",
    "epoch",
    "acknowledged_by",
    "is_clear",
    "is_response_missed",
    "roles",
    "milestones",
    "updates",
    "cadence",
    "pages",
    "channel",
    "are_stakeholders_informed",
    "postmortem",
    "postmortem_reminders",
    "cancelled_at",
]
_LADDER = ("started_at", "done", "last_page_at", "repeats")
_PAGE = ("person", "cause", "method", "demands_answer", "status", "tried")


def as_first_version(source: Path, target: Path) -> None:
    """Write the rows of a database of today as Tocsin 0.1 would have."""
    (number, text), *_ = migrations(SQLITE)
    with closing(apsw.Connection(str(target))) as connection:
        connection.pragma("journal_mode", "wal")
        list(connection.execute(text))
        connection.pragma("user_version", number)
        for table, columns in _TABLES.items():
            where = " WHERE name = 'installation'" if table == "meta" else ""
            rows = rows_of(source, f"SELECT {columns} FROM {table}{where}")
            if table == "incidents":
                rows = [(*row[:-1], _state(row[-1])) for row in rows]
            marks = ", ".join("?" * len(columns.split(",")))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _state(text: str) -> str:
    state: dict[str, Any] = json.loads(text)
    old = {name: state[name] for name in _STATE if name in state}
    old["ladder"] = {name: state["ladder"][name] for name in _LADDER} | {"newest_step": None, "hurry_at": None}
    old["pages"] = {key: {name: page[name] for name in _PAGE} for key, page in state["pages"].items()}
    return json.dumps(old, separators=(",", ":"), ensure_ascii=False)
