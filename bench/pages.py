"""How soon is somebody paged? From the POST of an alert to its page at the stand-in, fsync included (item 4)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx2

from bench.figures import Figure, at_most, percentile, told
from bench.load import Kind, Load, Target, drive
from bench.servers import Database, alertmanager, stand_in, tocsin

_APART_SECONDS = 0.06
_PATIENCE_SECONDS = 20.0
# 500 alerts a request over four connections, each pausing: 10,000 alerts a second.
_STORM = Load(Kind.NEW, 500, 4, 1, pause_ms=190)


def measure(quick: bool, database: Database | None = None, nodes: int = 1) -> list[Figure]:
    """One alert after the other, each of a group of its own: idle, for Alertmanager as well, and in a storm."""
    probes = 40 if quick else 150
    where = f"PostgreSQL, {nodes} node{'s' if nodes > 1 else ''}" if database else "SQLite"
    with stand_in() as pager:
        with alertmanager(pager) as peer:
            theirs = _delays(peer, pager, probes, "peer")
        with tocsin(pager, database, nodes) as own:
            idle = _delays(own[0], pager, probes, "idle")
        with tocsin(pager, database, nodes) as own, _stormed(own, seconds=int(probes * _APART_SECONDS) + 3):
            stormy = _delays(own[0], pager, probes, "storm")
    return [
        at_most(f"{where}: alert to page, idle: p50", percentile(idle, 0.5), "ms", 8),
        at_most(f"{where}: alert to page, idle: p99", percentile(idle, 0.99), "ms", 25),
        at_most(f"{where}: alert to page, in a storm of 10,000 alerts/s: p99", percentile(stormy, 0.99), "ms", 250),
        told(f"{where}: alert to page, in a storm of 10,000 alerts/s: p50", percentile(stormy, 0.5), "ms"),
        told("Alertmanager: alert to page, idle: p50", percentile(theirs, 0.5), "ms"),
        told("Alertmanager: alert to page, idle: p99", percentile(theirs, 0.99), "ms"),
    ]


@contextmanager
def _stormed(targets: list[Target], seconds: int) -> Iterator[None]:
    """Alerts of other services come in all the while."""
    storm = Load(_STORM.kind, _STORM.size, _STORM.connections, seconds, _STORM.pause_ms)
    with ThreadPoolExecutor(1) as aside:
        blowing = aside.submit(drive, targets, storm, "storm")
        time.sleep(1)
        yield
        blowing.result()


def _delays(target: Target, pager: str, count: int, name: str) -> list[float]:
    """Milliseconds from each POST to its page."""
    sent: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {target.token}"}
    with httpx2.Client(base_url=target.url, headers=headers, trust_env=False, timeout=30) as http:
        for number in range(count):
            probe = f"probe-{name}-{number}"
            alert = _alert(probe)
            sent[probe] = time.monotonic()
            http.post("/api/v2/alerts", json=[alert]).raise_for_status()
            time.sleep(_APART_SECONDS)
    arrived = _arrivals(pager, sent)
    return [(arrived[probe] - sent[probe]) * 1000 for probe in sent]


def _arrivals(pager: str, sent: dict[str, float]) -> dict[str, float]:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        arrived: dict[str, float] = httpx2.get(f"{pager}/probes", trust_env=False).json()
        missing = sent.keys() - arrived.keys()
        if not missing:
            return arrived
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{len(missing)} of {len(sent)} pages never came: {sorted(missing)[:5]}")
        time.sleep(0.05)


def _alert(probe: str) -> dict[str, object]:
    started = datetime.now(UTC) - timedelta(minutes=1)
    return {
        "labels": {"alertname": probe, "service": "api", "severity": "critical"},
        "annotations": {"summary": f"{probe} is down"},
        "startsAt": started.isoformat(),
        "endsAt": (started + timedelta(days=1)).isoformat(),
    }


if __name__ == "__main__":
    import sys

    for figure in measure("--quick" in sys.argv):
        print(figure)
