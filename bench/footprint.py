"""What does it take? Memory idle and after a storm, beside Alertmanager's, and the time to start (item 5)."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from bench.figures import Figure, at_most, middle, told
from bench.load import Target
from bench.servers import Node, alertmanager, stand_in, workplace
from bench.storm_bodies import body_of

_ALERTS = 150_000
_A_REQUEST = 500
_MIB = 1024.0


def measure(quick: bool) -> list[Figure]:
    """Both servers after the same 150,000 alerts; commands as somebody types them."""
    times = 3 if quick else 7
    with stand_in() as pager:
        with alertmanager(pager) as peer:
            _storm(peer)
            theirs = _told_memory(peer)
        with workplace() as directory, Node(directory / "node", pager) as server:
            idle, ready = _memory(server.pid), server.seconds_to_ready
            _storm(Target(server.url, server.token))
            ours = _memory(server.pid)
            incident = server.get("incidents")[0]["id"]
            show = _seconds(times, lambda: _run("show", incident, environ=server.environ))
    return [
        at_most("memory: idle", idle, "MiB", 100),
        at_most("memory: after 150,000 alerts, share of Alertmanager's", ours / theirs, "x", 0.5),
        told("memory: after 150,000 alerts", ours, "MiB"),
        told("memory: Alertmanager after 150,000 alerts", theirs, "MiB"),
        at_most("start: ready to take alerts", ready, "s", 1),
        at_most("start: tocsin --help", _seconds(times, lambda: _run("--help")) * 1000, "ms", 150),
        at_most("start: tocsin show", show * 1000, "ms", 300),
    ]


def _storm(target: Target) -> None:
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
    with httpx2.Client(base_url=target.url, headers=headers, trust_env=False, timeout=60) as http:
        for first in range(0, _ALERTS, _A_REQUEST):
            http.post("/api/v2/alerts", content=body_of(first, _A_REQUEST)).raise_for_status()


def _told_memory(target: Target) -> float:
    """The resident set of a Prometheus program, as it tells itself, in MiB."""
    lines = httpx2.get(f"{target.url}/metrics", trust_env=False).text.splitlines()
    told_bytes = next(line.split()[1] for line in lines if line.startswith("process_resident_memory_bytes "))
    return float(told_bytes) / _MIB**2


def _memory(pid: int) -> float:
    """The resident set of a process, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kib) / _MIB


def _seconds(times: int, work: Callable[[], object]) -> float:
    taken = []
    for _ in range(times):
        began = time.monotonic()
        work()
        taken.append(time.monotonic() - began)
    return middle(taken)


def _run(*arguments: str, environ: dict[str, str] | None = None) -> None:
    with workplace() as directory:
        command = [str(Path(sys.executable).with_name("tocsin")), *arguments]
        subprocess.run(command, env=environ, cwd=directory, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    for figure in measure("--quick" in sys.argv):
        print(figure)
