"""What is measured? `tocsin serve` and Debian's Alertmanager, both paging the same stand-in for PagerDuty."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.monitoring import alertmanager as run_alertmanager
from tests.system.server import Server

from bench.load import Target

Database = Callable[[], str]  # makes an empty one on a PostgreSQL server; its address

_ALERTMANAGER = """
route:
  receiver: pager
  group_by: [alertname, service]
  group_wait: 0s
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: pager
    pagerduty_configs:
      - routing_key: 0123456789abcdef0123456789abcdef
        url: {url}/v2/enqueue
"""


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory on the disk, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        yield Path(name)


@contextmanager
def stand_in() -> Iterator[str]:
    """A PagerDuty that takes everything and remembers when it came; its address."""
    with subprocess.Popen([sys.executable, "-m", "bench.stand_in"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def alertmanager(pager: str) -> Iterator[Target]:
    """Debian's Alertmanager with its defaults, but that it pages at once."""
    with workplace() as directory, run_alertmanager(directory, _ALERTMANAGER.format(url=pager)) as address:
        yield Target(f"http://{address}")


@contextmanager
def tocsin(pager: str, database: Database | None = None, nodes: int = 1) -> Iterator[list[Target]]:
    """`tocsin serve` as it comes, with the default SOP: on a SQLite file, or so many nodes on a new `database`."""
    with workplace() as directory:
        url = database() if database else None
        servers = [Node(directory / f"node-{number}", pager, url) for number in range(nodes)]
        try:
            yield [Target(server.start().url, server.token) for server in servers]
        finally:
            for server in servers:
                server.kill()


class Node(Server):
    """One `tocsin serve` with a directory of its own."""

    def __init__(self, directory: Path, pager: str, database: str | None = None) -> None:
        directory.mkdir(exist_ok=True)
        super().__init__(directory, TOCSIN_PAGERDUTY_EVENTS_URL=pager)
        if database is not None:
            self.environ["TOCSIN_DATABASE"] = database
        self.is_remote = database is not None

    def beside(self, name: str) -> Path:
        """Where the node's owner finds its files."""
        if not self.is_remote:
            return super().beside(name)
        found = list((self.directory / ".local/share/tocsin").glob(f"postgresql-*.{name}"))
        return found[0] if found else self.directory / "none-yet"
