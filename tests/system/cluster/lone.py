"""Where is a PostgreSQL that nothing befalls but the network? On its own machine, with an address for each client."""

import shutil
import tempfile
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.postgres import binaries
from tests.system.cluster.machine import Network
from tests.system.waiting import until


class LonePostgres:
    """One server, gone when the block ends; `addresses` are as many as were asked for, beside its machine's own."""

    def __init__(self, network: Network, *, addresses: int) -> None:
        self.machine = network.machine("db")
        self.addresses = [network.addresses[101 + number] for number in range(addresses)]
        self._trusted = str(network.addresses)
        self._directory = Path(tempfile.mkdtemp(prefix="tocsin-lone-"))

    def __enter__(self) -> Self:
        shutil.chown(self._directory, "postgres", "postgres")
        data, log, found = self._directory / "data", self._directory / "log", binaries()
        assert found, "PostgreSQL is not installed"
        self.machine.boot()
        for address in self.addresses:
            self.machine.answer_at(address)
        self.machine.run(*_POSTGRES, str(found / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--no-sync")
        with (data / "pg_hba.conf").open("a") as access:
            access.write(f"host all all {self._trusted} trust\n")
        settings = ("-c", "listen_addresses=*", "-c", f"unix_socket_directories={self._directory}", "-c", "fsync=off")
        self.machine.start([str(found / "postgres"), "-D", str(data), *settings], user="postgres", log=log)
        until(self._is_ready, f"PostgreSQL is ready; see {log}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.machine.crash()
        shutil.rmtree(self._directory)

    def hosts(self, address: IPv4Address | None = None) -> str:
        """Where it is, as an address of a database has it: at its machine's own address, or at a client's."""
        return f"{address or self.machine.address}:5432"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(f"postgresql://postgres@{self.hosts()}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
