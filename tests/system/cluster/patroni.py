"""How does PostgreSQL outlive a machine? Three nodes with a synchronous standby, as Debian's Patroni runs them.

What a primary has committed is on a second machine as well; etcd, on a fourth one, says who the primary is. A primary
that is lost is replaced about ten seconds later. This file knows nothing of Tocsin.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from glob import glob
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import psycopg

from tests.system.cluster.machine import Machine, Network
from tests.system.waiting import until

_BINARIES = max(glob("/usr/lib/postgresql/*/bin"), default="")
_TTL = 7  # seconds a primary that is silent stays the primary
_PATIENCE = 60.0
_REPAIR = 180.0  # seconds for a node to follow again, where it has to be copied anew
# A client that isn't told of a peer's death finds out by itself; the store has the same defaults.
_IMPATIENT = "connect_timeout=2&keepalives_idle=2&keepalives_interval=1&keepalives_count=3&tcp_user_timeout=5000"

_PARAMETERS = {
    "shared_buffers": "32MB",
    "max_connections": 60,
    "wal_keep_size": "256MB",
    "wal_sender_timeout": "3s",
    "wal_receiver_timeout": "3s",
    "wal_retrieve_retry_interval": "500ms",  # 5 s by default, and the new primary's slots come a moment late
    "checkpoint_timeout": "60s",
    "log_min_messages": "warning",
}
_FOLLOWERS = "SELECT application_name, sync_state FROM pg_stat_replication WHERE state = 'streaming'"
_DCS = {
    "ttl": _TTL,
    "loop_wait": 1,
    "retry_timeout": 3,
    "master_start_timeout": 0,  # a PostgreSQL that crashed is replaced, not waited for
    "synchronous_mode": True,
    "synchronous_mode_strict": True,  # without a standby nothing is committed
    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": _PARAMETERS},
}


class Cluster:
    """Three nodes of PostgreSQL and the arbiter between them, on machines of `network`.

    All is gone when the block ends; where it ends in an error, the nodes' logs are kept in `directory`.
    """

    def __init__(self, network: Network) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="tocsin-cluster-"))
        self.arbiter = network.machine("etcd")
        self.nodes = [network.machine(f"pg{number}") for number in (1, 2, 3)]
        self._trusted = str(network.addresses)

    @property
    def url(self) -> str:
        """The database of this file's own sessions, on whichever node takes writes."""
        return f"postgresql://postgres@{self.hosts}/postgres?{_IMPATIENT}&target_session_attrs=read-write"

    @property
    def hosts(self) -> str:
        """Where the nodes are, as an address of a database has it."""
        return ",".join(f"{node.address}:5432" for node in self.nodes)

    # Its life

    def __enter__(self) -> Self:
        self.directory.chmod(0o711)
        for machine in (self.arbiter, *self.nodes):
            self._home(machine).mkdir()
            shutil.chown(self._home(machine), "postgres", "postgres")
        self._start_arbiter()
        for node in self.nodes:
            self.revive(node)
        self.wait_until_whole()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for machine in (*self.nodes, self.arbiter):
            machine.crash()
        if error is None:
            shutil.rmtree(self.directory)

    def revive(self, node: Machine) -> None:
        """Switch a node on; by itself it becomes a standby of whoever is the primary."""
        configuration = self._home(node) / "patroni.json"
        configuration.write_text(json.dumps(self._patroni(node)))
        node.boot()
        node.start(["patroni", str(configuration)], user="postgres", log=self._home(node) / "log")

    def _start_arbiter(self) -> None:
        home, at = self._home(self.arbiter), f"http://{self.arbiter.address}"
        clients, peers = f"{at}:2379", f"{at}:2380"
        command = ["etcd", "--name", "etcd", "--data-dir", str(home / "data"), "--log-level", "warn"]
        command += ["--listen-client-urls", clients, "--advertise-client-urls", clients]
        command += ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers]
        command += ["--initial-cluster", f"etcd={peers}", "--heartbeat-interval", "100", "--election-timeout", "1000"]
        self.arbiter.boot().start(command, user="postgres", log=home / "log")

    # Who is who

    def primary(self) -> Machine:
        """The node that is the primary and says so."""
        primary = until(self._primary, f"there is a primary; see {self.directory}", _PATIENCE)
        assert primary
        return primary

    def standbys(self) -> list[Machine]:
        """The nodes that aren't the primary and are on."""
        primary = self.primary()
        return [node for node in self.nodes if node.is_on and node is not primary]

    def wait_until_whole(self) -> None:
        """Return when all nodes are there: a primary, a synchronous standby that could take over, and a spare one."""
        until(self._is_whole, f"the cluster is whole; see {self.directory}", _REPAIR)

    def switch_over(self, primary: Machine) -> None:
        """Let the synchronous standby take over in good order, as for maintenance."""
        where = f"{self._api(primary)}/switchover"
        asked = httpx2.post(where, json={"leader": primary.name}, trust_env=False, timeout=_PATIENCE)
        assert asked.is_success, asked.text

    def crash_postgres(self, node: Machine) -> None:
        """Kill PostgreSQL on a node, and nothing else there."""
        postmaster = (self._home(node) / "data" / "postmaster.pid").read_text().split()[0]
        node.run("kill", "-KILL", postmaster)

    def wait_for_writes(self, *, but: Machine) -> float:
        """The monotonic instant at which a primary other than `but` had taken a write, durable on two machines."""
        until(lambda: self._primary_but(but), "another node is the primary", _PATIENCE)
        until(lambda: any(self._takes_write(node) for node in self._others(but)), "it takes writes", _PATIENCE)
        return time.monotonic()

    @contextmanager
    def session(self, node: Machine | None = None) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection to one node, or to whichever takes writes; each statement is a transaction."""
        with closing(psycopg.connect(self._at(node) if node else self.url, autocommit=True)) as connection:
            yield connection

    def _primary(self) -> Machine | None:
        return next((node for node in self.nodes if node.is_on and self._says(node, "primary")), None)

    def _primary_but(self, before: Machine) -> Machine | None:
        return next((node for node in self._others(before) if self._says(node, "primary")), None)

    def _others(self, node: Machine) -> list[Machine]:
        return [other for other in self.nodes if other is not node and other.is_on]

    def _is_whole(self) -> bool:
        """Whether the primary sees all others follow it: a standby may not know yet that it has to start over."""
        primary = self._primary()
        if primary is None or not all(node.is_on for node in self.nodes):
            return False
        try:
            with self.session(primary) as session:
                followers = dict(session.execute(_FOLLOWERS).fetchall())
        except psycopg.Error:
            return False
        is_whole = followers.keys() == {node.name for node in self.nodes if node is not primary}
        return is_whole and any(self._says(node, "synchronous") for node in self._others(primary))

    def _says(self, node: Machine, role: str) -> bool:
        """Whether the node answers to that role."""
        try:
            return httpx2.get(f"{self._api(node)}/{role}", trust_env=False, timeout=1).status_code == 200
        except httpx2.TransportError:
            return False

    def _takes_write(self, node: Machine) -> bool:
        try:
            with self.session(node) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS probe (at timestamptz)")
                connection.execute("INSERT INTO probe VALUES (now())")
        except psycopg.Error:
            return False
        return True

    # How it is set up

    def _home(self, machine: Machine) -> Path:
        return self.directory / machine.name

    def _api(self, node: Machine) -> str:
        return f"http://{node.address}:8008"

    def _at(self, node: Machine) -> str:
        return f"postgresql://postgres@{node.address}:5432/postgres?{_IMPATIENT}"

    def _patroni(self, node: Machine) -> dict[str, object]:
        home, address = self._home(node), str(node.address)
        access = ["local all all trust", *(f"host {what} all {self._trusted} trust" for what in ("all", "replication"))]
        return {
            "scope": "tocsin",
            "name": node.name,
            "restapi": {"listen": f"{address}:8008", "connect_address": f"{address}:8008"},
            "etcd3": {"host": f"{self.arbiter.address}:2379"},
            "bootstrap": {"dcs": _DCS, "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "no-sync"]},
            "postgresql": {
                # A node that can't be wound back to where its successor began would stay out for ever.
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
                "listen": f"{address}:5432",
                "connect_address": f"{address}:5432",
                "data_dir": str(home / "data"),
                "bin_dir": _BINARIES,
                "pgpass": str(home / "pgpass"),
                "pg_hba": access,
                "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "postgres"}},
                "parameters": {"unix_socket_directories": str(home)},
            },
            "watchdog": {"mode": "off"},
        }
