"""Who sends the storm? wrk, whose own cost is small beside a server's; the same requests for either server."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from msgspec import Struct

_SCRIPT = Path(__file__).with_name("storm.lua")


class Kind(StrEnum):
    """Alerts that nobody has seen, or the same 20,000 again and again."""

    NEW = "new"
    REPEATED = "repeated"


class Target(Struct, frozen=True):
    """Where alerts go: an address of HTTP, and what a server that asks for a token is shown."""

    url: str
    token: str = "none"


class Load(Struct, frozen=True):
    """What is sent: `connections` are shared out among the targets."""

    kind: Kind
    size: int  # alerts a request
    connections: int
    seconds: int
    pause_ms: int = 0  # of each connection between two requests


class Outcome(Struct, frozen=True):
    """What came of it; latencies in milliseconds, over all requests."""

    alerts_a_second: float
    requests_a_second: float
    p50: float
    p99: float


class _Told(Struct, frozen=True):
    requests: int
    microseconds: int
    p50: int
    p99: int
    errors: int


def drive(targets: Sequence[Target], load: Load, prefix: str) -> Outcome:
    """Send the load to all targets at once; raises AssertionError where a request was not answered with a 2xx.

    `prefix` makes the alerts this call's own: the same one again sends the same alerts again.
    """
    share = load.connections // len(targets)
    running = [_begin(target, load, share, f"{prefix}-{index}") for index, target in enumerate(targets)]
    told = [_told(process) for process in running]
    requests = sum(it.requests / it.microseconds for it in told) * 1e6
    return Outcome(
        alerts_a_second=requests * load.size,
        requests_a_second=requests,
        p50=max(it.p50 for it in told) / 1000,
        p99=max(it.p99 for it in told) / 1000,
    )


def _begin(target: Target, load: Load, connections: int, prefix: str) -> subprocess.Popen[str]:
    path = shutil.which("wrk")
    if path is None:
        pytest.skip("wrk is not installed: run tools/install-servers")
    started = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT00:00:00Z")
    command = [path, "--threads", "1", "--connections", str(connections), "--duration", f"{load.seconds}s"]
    command += ["--timeout", "30s", "--script", str(_SCRIPT), target.url, "--"]
    command += [load.kind, str(load.size), prefix, target.token, started, str(load.pause_ms)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _told(process: subprocess.Popen[str]) -> _Told:
    text, _ = process.communicate()
    lines = [line for line in text.splitlines() if line.startswith("FIGURES ")]
    assert lines, f"wrk has failed: {text}"
    told = _Told(**json.loads(lines[-1].removeprefix("FIGURES ")))
    assert not told.errors, f"{told.errors} requests failed: {text}"
    return told
