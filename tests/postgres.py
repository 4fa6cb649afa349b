"""Where do tests get a real PostgreSQL? A cluster of their own from Debian's binaries, on loopback, gone with the run.

A database costs a tenth of a second. What PostgreSQL is not installed for is skipped with that reason.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest

from tests.ports import claimed_port
from tests.system.waiting import until
from tocsin.store.postgres import PostgresStore

_SETPRIV = shutil.which("setpriv")
_PATIENCE_SECONDS = 30


def binaries() -> Path | None:
    """Where Debian keeps the newest PostgreSQL's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """A PostgreSQL server in a directory of its own. Without `fsync` it is faster, and forgets in a power cut."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        found = binaries()
        if found is None:
            pytest.skip("PostgreSQL is not installed: run tools/install-servers")
        self._binaries = found
        self._data = directory / "data"
        self._log = directory / "postgresql.log"
        self._settings = {"fsync": "on" if fsync else "off", "full_page_writes": "on" if fsync else "off"}
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._admin: psycopg.Connection[Any] | None = None
        self.port, self._claim = claimed_port()
        directory.chmod(0o755)
        self._data.mkdir(mode=0o700)
        self._log.touch()
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._data, self._log):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            self._as_user("initdb", "-D", self._data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--no-sync"),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    @property
    def _user(self) -> str | None:
        """PostgreSQL doesn't run as root."""
        return "postgres" if os.geteuid() == 0 else None

    def _as_user(self, program: str, *arguments: str | Path) -> list[str]:
        drop = [f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"] if self._user else []
        leash = [_SETPRIV, *drop, "--pdeathsig", "KILL", "--"] if _SETPRIV else []
        return [*leash, str(self._binaries / program), *map(str, arguments)]

    # Its life

    def start(self) -> Self:
        """Start it and return once it takes connections."""
        given = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_min_messages": "warning",
            **self._settings,
        }
        settings = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._as_user("postgres", "-D", self._data, *settings), stdout=log, stderr=log, cwd="/"
            )
        until(self._answers, f"PostgreSQL takes connections; see {self._log}")
        return self

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT at once but in order, SIGQUIT as a crash, SIGKILL not even that."""
        if self._admin is not None:
            self._admin.close()
        self._admin = None
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait(_PATIENCE_SECONDS)
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop(signal.SIGQUIT)
        self._claim.close()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"PostgreSQL has ended:\n{self._log.read_text()}"
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    # Its databases

    def url(self, database: str) -> str:
        """Where that database is."""
        return f"postgresql://tocsin@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        return self._create()

    def migrated_database(self) -> str:
        """The URL of a new database with today's schema: a copy of one that was migrated, in half the time."""
        return self._create(f"TEMPLATE {self._migrated} STRATEGY FILE_COPY")

    @cached_property
    def _migrated(self) -> str:
        url = self._create()
        PostgresStore(url).close()
        return url.rpartition("/")[2]

    def _create(self, how: str = "") -> str:
        name = f"tocsin_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {name} {how}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._administer(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _administer(self, sql: str) -> None:
        if self._admin is None:
            self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        self._admin.execute(sql.encode())


def run_sql(url: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement on a connection of its own; what it changes is committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []


def cluster() -> Iterator[Cluster]:
    """A cluster for a whole test run."""
    with tempfile.TemporaryDirectory() as directory, Cluster(Path(directory)) as running:
        yield running
