"""Where is the demo played? A real server in its own process with a fast clock, and sandbox vendors beside it."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

from tocsin.cli.client import Client
from tocsin.errors import Unreachable
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_text

_READY_WITHIN_SECONDS = 20.0


class Stage:
    """The server and the sandbox, in a directory of their own; use it as a context manager."""

    def __init__(self, directory: Path, speed: float) -> None:
        self.directory = directory
        self.sop_file = directory / "tocsin.toml"
        self.database = directory / "tocsin.db"
        self.sandbox = Sandbox(log=directory / "sent.jsonl")
        self.speed = speed
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.sop_file.write_text(default_text(), encoding="utf-8")
            stack.enter_context(self.sandbox)
            self._log = stack.enter_context((self.directory / "server.log").open("wb"))
            self._server = self._start()
            stack.callback(self._stop)
            self.url = self._wait_until_ready()
            self.client = Client(self.url, self._beside("token"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def intake_key(self) -> str:
        """The key of the doors for alerts."""
        return self._beside("intake-key")

    def wait(self) -> None:
        """Wait until the server is stopped from outside."""
        self._server.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        own = {
            "TOCSIN_DATABASE": f"sqlite:///{self.database}",
            "TOCSIN_CLOCK_SPEED": str(self.speed),
            "TOCSIN_PAGERDUTY_EVENTS_URL": self.sandbox.url,
            "TOCSIN_SLACK_API_URL": self.sandbox.url,
            "PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef",
            "SLACK_BOT_TOKEN": "xoxb-sandbox",
        }
        command = [sys.executable, "-m", "tocsin", "serve", "--port", "0", "--sop", str(self.sop_file)]
        return subprocess.Popen(command, env={**os.environ, **own}, stdout=self._log, stderr=self._log)  # noqa: S603  # ourselves

    def _stop(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _beside(self, name: str) -> str:
        return self.database.with_name(f"{self.database.name}.{name}").read_text(encoding="utf-8").strip()

    def _wait_until_ready(self) -> str:
        give_up_at = time.monotonic() + _READY_WITHIN_SECONDS
        while time.monotonic() < give_up_at and self._server.poll() is None:
            try:
                url = self._beside("url")
                with urlopen(f"{url}/readyz", timeout=2):  # noqa: S310  # our own server
                    return url
            except OSError:
                time.sleep(0.05)
        raise Unreachable(f"the demo's server did not get ready: see {self.directory / 'server.log'}")
