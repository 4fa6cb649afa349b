"""Who did what, when, from where, through what? The audit log as people read it, and whether it is still whole."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tocsin.errors import InvalidInput
from tocsin.store.queries import Queries
from tocsin.store.rows import Entry
from tocsin.web.site import Site

_SHOWN = 100
_LONGEST_ID = 12
# What a detail is called; the others go by their own names.
_CAME_FROM = frozenset({"by", "address"})


class Deed(Struct, frozen=True):
    """An entry in words: `what` was done, `through` which door and with which key, and the address of its target."""

    entry: Entry
    what: str
    name: str
    through: str
    address: str
    details: tuple[tuple[str, str], ...]
    link: str


class Filter(Struct, frozen=True):
    """Which entries are asked for; empty where it makes no difference."""

    actor: str
    target: str
    day: str

    def page(self, before: str = "") -> str:
        """The address of the page that shows them, from an entry on."""
        asked = {"actor": self.actor, "target": self.target, "day": self.day, "before": before}
        given = {name: value for name, value in asked.items() if value}
        return f"/activity?{urlencode(given)}" if given else "/activity"


async def get_activity(site: Site, request: Request) -> Response:
    """What was done, the newest first, a hundred at a time."""
    asked = request.query_params
    wanted = Filter(asked.get("actor", "").strip(), asked.get("target", "").strip(), asked.get("day", ""))
    below, until = _place(asked.get("before", "")), _end_of(wanted.day)

    def ask(queries: Queries) -> tuple[list[Entry], list[str]]:
        found = queries.audit.entries(
            limit=_SHOWN + 1, before=until, actor=wanted.actor or None, target=wanted.target or None, below=below
        )
        return found, [it.name for it in queries.accounts.all_accounts() if it.person is None]

    found, strangers = await site.node.read(ask)
    people = {id_: person.name for id_, person in site.node.sop.people.items()}
    shown = found[:_SHOWN]
    return site.render(
        request,
        "activity.html",
        deeds=[_deed(it, people) for it in shown],
        wanted=wanted,
        older=wanted.page(f"{shown[-1].lane}:{shown[-1].seq}") if len(found) > _SHOWN else "",
        is_newest=below is None,
        people=people,
        strangers=strangers,
        proved=site.node.proof.last,
    )


def _place(text: str) -> tuple[int, int] | None:
    """The lane and number of an entry, of `0:4711`; None for nothing."""
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 2 or not all(it.isascii() and it.isdigit() and len(it) <= _LONGEST_ID for it in parts):
        raise InvalidInput(f"before: must be the lane and number of an entry, such as 0:4711, got {text!r}")
    return int(parts[0]), int(parts[1])


def _end_of(day: str) -> datetime | None:
    """The instant at which that day ends in UTC; None for no day."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(tzinfo=UTC)) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise InvalidInput(f"day: must be a date such as 2026-11-24, got {day!r}") from None


def _deed(entry: Entry, people: Mapping[str, str]) -> Deed:
    detail: dict[str, Any] = msgspec.json.decode(entry.detail, type=dict[str, Any])
    by = str(detail.get("by", ""))
    return Deed(
        entry=entry,
        what=what_of(entry.action),
        name=people.get(entry.actor, entry.actor),
        through=", ".join(part for part in (entry.via, by) if part),
        address=str(detail.get("address", "")),
        details=tuple((name.replace("_", " "), str(it)) for name, it in detail.items() if name not in _CAME_FROM),
        link=_link(entry.target, people),
    )


def what_of(action: str) -> str:
    """`incident.post_update` as `Incident: post update`."""
    of, _, done = action.replace("_", " ").partition(".")
    words = f"{of}: {done}" if done else of
    return words[:1].upper() + words[1:]


def _link(target: str, people: Mapping[str, str]) -> str:
    """The page of what it was done to; empty where it has none."""
    if target.startswith("INC-"):
        return f"/incidents/{quote(target, safe='')}"
    return f"/people/{quote(target, safe='')}" if target in people else ""
