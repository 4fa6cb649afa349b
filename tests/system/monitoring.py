"""Where do real alerts come from? Debian's Prometheus and Alertmanager, each in a process of its own on loopback."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.system.waiting import until

_LISTENING = re.compile(r'(?<=msg="Listening on" address=)\S+')


class Shop:
    """Something to be monitored: it answers a scrape while `is_well`, and fails it otherwise."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_well = True


@contextmanager
def shop() -> Iterator[Shop]:
    """A shop on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.send_response(200 if it.is_well else 500)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"shop_orders_total 42\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        it = Shop(f"127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield it
        finally:
            listening.shutdown()
            thread.join()


@contextmanager
def prometheus(directory: Path, config: str, rules: str) -> Iterator[None]:
    """A Prometheus that watches; alerts are sent again every second, the first one may come too early for it."""
    (directory / "prometheus.yml").write_text(config)
    (directory / "rules.yml").write_text(rules)
    with _running(
        directory,
        "prometheus",
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'prometheus'}",
        "--rules.alert.resend-delay=1s",
        "--web.listen-address=127.0.0.1:0",
    ):
        yield


@contextmanager
def alertmanager(directory: Path, config: str) -> Iterator[str]:
    """An Alertmanager without peers; its address."""
    (directory / "alertmanager.yml").write_text(config)
    with _running(
        directory,
        "prometheus-alertmanager",
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alertmanager'}",
        "--cluster.listen-address=",
        "--web.listen-address=127.0.0.1:0",
    ) as log:
        yield until(lambda: _LISTENING.findall(log.read_text()), f"Alertmanager listens; see {log}")[0]


@contextmanager
def _running(directory: Path, program: str, *arguments: str) -> Iterator[Path]:
    """The program at work; its log."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {program}")
    log = directory / f"{program}.log"
    with log.open("wb") as out, subprocess.Popen([path, *arguments], cwd=directory, stdout=out, stderr=out) as process:
        try:
            yield log
        finally:
            process.terminate()
