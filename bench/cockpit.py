"""How long does an incident's page take, and how much does it send? On the real server, with a long timeline."""

import tempfile
import time
from pathlib import Path

import httpx2
from tests.system.server import Server
from tests.web.people import signed_in

from bench.figures import Figure, at_most, middle, percentile, told

EVENTS = 1_000
MAX_MILLISECONDS = 100
MAX_KILOBYTES = 200


def measure(quick: bool) -> list[Figure]:
    """The page and its live part, asked for one after the other; times are from request to last byte, on loopback."""
    with tempfile.TemporaryDirectory() as directory, Server(Path(directory)) as server:
        path = f"/incidents/{_long_incident(server)}"
        session = signed_in(server.url, server.token, "bob", person="bob").session
        known = {"Cookie": f"tocsin={session}", "Accept": "text/html"}
        with httpx2.Client(base_url=server.url, headers=known, trust_env=False) as client:
            rounds = 20 if quick else 100
            page, size = _asked(client, path, rounds)
            part, part_size = _asked(client, path, rounds, **{"HX-Request": "true"})
    name = f"cockpit of {EVENTS:,} events"
    return [
        at_most(f"{name}: p50", middle(page), "ms", MAX_MILLISECONDS),
        at_most(f"{name}: p99", percentile(page, 0.99), "ms", MAX_MILLISECONDS),
        at_most(f"{name}: size", size / 1000, "kB", MAX_KILOBYTES),
        told(f"{name}, live part: p50", middle(part), "ms"),
        told(f"{name}, live part: size", part_size / 1000, "kB"),
    ]


def _long_incident(server: Server) -> str:
    incident = str(server.post("incidents", title="Checkout is down", severity="SEV1", reason="all", by="bob")["id"])
    server.post(f"incidents/{incident}/acknowledge", by="bob")
    while (count := len(server.get(f"incidents/{incident}/timeline"))) < EVENTS:
        for number in range(count, EVENTS):
            server.post(f"incidents/{incident}/notes", text=f"Host {number}: nothing unusual there.", by="bob")
    return incident


def _asked(client: httpx2.Client, path: str, rounds: int, **headers: str) -> tuple[list[float], int]:
    """Milliseconds of each round, and the bytes of one answer as it is, not compressed."""
    times, size = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        response = client.get(path, headers=headers)
        times.append((time.perf_counter() - began) * 1000)
        response.raise_for_status()
        size = len(response.content)
    return times, size


if __name__ == "__main__":
    for figure in measure(quick=True):
        print(figure)
