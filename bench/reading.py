"""How long does looking take? What `tocsin serve` answers to lists, a cockpit and a timeline, from a million (item 7).

python -m bench.reading [--quick] [--postgres]
"""

import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.postgres import Cluster

from bench.figures import Figure, at_most, middle, told
from bench.places import planted, tell
from bench.seeding import HORIZON, Plan
from bench.servers import Node, workplace
from tocsin.domain import commands as c
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.sops import Sops
from tocsin.sop.load import default_sop
from tocsin.sop.words import Role
from tocsin.store.open import open_store

_QUIET = HORIZON - timedelta(minutes=1)  # nobody is woken while the server is asked
_EVENTS = 10_000
_ASKED = 20
_LONG = "INC-2026-0004"  # whose timeline is long


def measure(quick: bool, cluster: Cluster | None = None) -> list[Figure]:
    """All figures of this module; half of the incidents are open."""
    size = 30_000 if quick else 1_000_000
    plan = Plan(size // 2, datetime.now(UTC), quiet=_QUIET, ended=size // 2)
    with workplace() as directory:
        url = planted(plan, directory, cluster)
        _tell_a_long_story(url)
        with Node(directory, "http://127.0.0.1:9", url if cluster else None) as node:
            return [*_lists(node, size), *_cockpit(node, size), *_timeline(node)]


def _lists(node: Node, size: int) -> list[Figure]:
    middle_of: dict[str, str | int] = {"offset": size // 4}
    asked: dict[str, dict[str, str | int]] = {
        "the open ones": {},
        "the open ones, from the middle": middle_of,
        "those that are over": {"state": "ended"},
        "those that are over, from the middle": {"state": "ended", **middle_of},
        "all": {"state": "all"},
        "all, from the middle": {"state": "all", **middle_of},
    }
    figures = [
        at_most(f"100 of {size:,}: {name}", _took(node, "incidents", **query), "ms", 30)
        for name, query in asked.items()
    ]
    return [*figures, told(f"500 of {size:,}: the open ones", _took(node, "incidents", limit=500), "ms")]


def _cockpit(node: Node, size: int) -> list[Figure]:
    incident = node.get("incidents", limit=1)[0]["id"]
    return [at_most(f"a cockpit, of {size:,}", _took(node, f"incidents/{incident}"), "ms", 30)]


def _timeline(node: Node) -> list[Figure]:
    return [at_most(f"a timeline of {_EVENTS:,} events", _took(node, f"incidents/{_LONG}/timeline"), "ms", 100)]


def _took(node: Node, path: str, **query: str | int) -> float:
    """The median answer's milliseconds, over HTTP; the first doesn't count."""
    took = []
    for _ in range(_ASKED + 1):
        began = time.perf_counter()
        node.http.get(f"/api/v1/{path}", params=query).raise_for_status()
        took.append((time.perf_counter() - began) * 1_000)
    return middle(took[1:])


def _tell_a_long_story(url: str) -> None:
    """Let somebody write notes and hand a role to and fro, in as many events as are wanted."""
    desk, alice = Desk(Sops(default_sop()), frozenset()), Actor("alice", "bench")
    with closing(open_store(url)) as store, store.transaction() as tx:
        now = datetime.now(UTC)
        while (seq := tx.incidents.get(_LONG).seq) < _EVENTS:
            note = c.AddNote(text=f"{seq} of the requests have failed since the last look")
            role = c.AssignRole(role=Role.INCIDENT_COMMANDER, person=("bob", "erin")[seq // 4 % 2])
            desk.change(tx, now, _LONG, note if seq % 4 else role, alice)


if __name__ == "__main__":
    tell(measure, sys.argv[1:])
