"""How is the real server seen from outside? `python -m tocsin serve` in a process of its own, which may be killed.

Everything a test knows of it comes from where its owner would look: the files beside the database, HTTP, the log.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from tests.system.waiting import PATIENCE_SECONDS, until
from tocsin.simulate.sandbox.server import Sandbox

Json = dict[str, Any]

_SETPRIV = shutil.which("setpriv")
_LEASH = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []  # no server outlives a pytest that was killed


class Server:
    """A server with a database in `directory`; `environ` is what it finds in its environment beside that."""

    def __init__(self, directory: Path, *, sandbox: Sandbox | None = None, sop: Path | None = None, **environ: str):
        self.directory = directory
        self.database = directory / "tocsin.db"
        self.log = directory / "server.log"
        self.arguments = ["--port", "0", *(["--sop", str(sop)] if sop else [])]
        self.environ = environment(self.database, **(vendors(sandbox) if sandbox else {}), **environ)
        self.before: tuple[str, ...] = ()  # what the command begins with, where it is to run elsewhere
        self.module = "tocsin"
        self.typed: int | None = None  # a terminal of its own; None: that of the tests
        self.seconds_to_ready = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx2.Client | None = None

    # Its life

    def start(self) -> Self:
        """Start it, anew after it was killed, and return once it is ready."""
        self.beside("url").unlink(missing_ok=True)  # it tells where the one that was killed listened
        began = time.monotonic()
        self._process = self.launch()
        until(self._is_ready, f"the server is ready; see {self.log}")
        self.seconds_to_ready = time.monotonic() - began
        headers = {"Authorization": f"Bearer {self.token}"}
        self._http = httpx2.Client(base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=30)
        return self

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The process, just begun; `arguments` stand for the server's own ones."""
        command = [*self.before, *_LEASH, sys.executable, "-m", self.module, "serve", *(arguments or self.arguments)]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, env=self.environ, cwd=self.directory, stdin=self.typed, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Let it stand still in the middle of whatever it does, until `go_on`."""
        assert self._process is not None, "the server has not been started"
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on as if nothing had been."""
        assert self._process is not None, "the server has not been started"
        self._process.send_signal(signal.SIGCONT)

    def hang_up(self) -> None:
        """What tells it to take up what is new: SIGHUP."""
        assert self._process is not None, "the server has not been started"
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """What the kernel does when memory runs out: SIGKILL."""
        self.end(signal.SIGKILL)

    def end(self, with_signal: signal.Signals = signal.SIGTERM, within: float = PATIENCE_SECONDS) -> int:
        """End the process by a signal; its exit status."""
        if self._http:
            self._http.close()
        self._http = None
        if self._process is None:
            return 0
        self._process.send_signal(with_signal)
        try:
            return self._process.wait(within)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    # What lies beside its database

    def beside(self, name: str) -> Path:
        """The file of that name beside the database."""
        return self.database.with_name(f"{self.database.name}.{name}")

    @property
    def url(self) -> str:
        return self.beside("url").read_text().strip()

    @property
    def token(self) -> str:
        return self.beside("token").read_text().strip()

    @property
    def intake_key(self) -> str:
        return self.beside("intake-key").read_text().strip()

    # Asking it

    @property
    def http(self) -> httpx2.Client:
        """A client that is signed in."""
        assert self._http is not None, "the server has not been started"
        return self._http

    def get(self, path: str, **query: str | int) -> Any:
        """The answer to a GET below /api/v1."""
        return self._answer(self.http.get(f"/api/v1/{path}", params=query))

    def post(self, path: str, **body: object) -> Any:
        """The answer to a POST below /api/v1."""
        return self._answer(self.http.post(f"/api/v1/{path}", json=body))

    def put(self, path: str, **body: object) -> Any:
        """The answer to a PUT below /api/v1."""
        return self._answer(self.http.put(f"/api/v1/{path}", json=body))

    def send_alerts(self, *alerts: Json) -> None:
        """Deliver alerts as Prometheus does."""
        self._answer(self.http.post("/api/v2/alerts", json=alerts))

    def events(self, incident: str, kind: str | None = None) -> list[Json]:
        """The incident's timeline, or what is of one kind in it."""
        timeline = self.get(f"incidents/{incident}/timeline")
        return [entry for entry in timeline if kind in (None, entry["event"]["kind"])]

    def _answer(self, response: httpx2.Response) -> Any:
        assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
        return response.json()

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the server has ended:\n{self.log.read_text()}"
        try:
            return httpx2.get(f"{self.url}/readyz", trust_env=False, verify=False).status_code == 200
        except (OSError, httpx2.HTTPError):
            return False


def routing_key(server: Server, name: str = "api") -> str:
    """A key as its owner makes it, by the command line: which finds the server over TLS as well."""
    command = [sys.executable, "-m", "tocsin", "tokens", "add-routing-key", name]
    done = subprocess.run(command, env=server.environ, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment(database: Path, **more: str) -> dict[str, str]:
    """What a process of Tocsin finds in its environment, and nothing of the developer's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(database.parent), "TOCSIN_DATABASE": f"sqlite:///{database}", **more}


def vendors(sandbox: Sandbox) -> dict[str, str]:
    """The settings that make a sandbox of PagerDuty and Slack."""
    return {"TOCSIN_PAGERDUTY_EVENTS_URL": sandbox.url, "TOCSIN_SLACK_API_URL": sandbox.url}


def firing(name: str, *, started_at: datetime | None = None, **labels: str) -> Json:
    """An alert that has fired for a minute, as Prometheus writes it."""
    starts_at = started_at or datetime.now(UTC) - timedelta(minutes=1)
    return {
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is not well"},
        "startsAt": starts_at.isoformat(),
        "endsAt": (starts_at + timedelta(days=1)).isoformat(),
        "generatorURL": "http://prometheus.example:9090/graph",
    }
