"""What runs on a machine of its own? One of several `tocsin serve` on a PostgreSQL, or the vendors they send to."""

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.system.cluster.machine import Machine
from tests.system.server import Server
from tocsin.simulate.sandbox.server import Sandbox

_VENDORS_PORT = 8080


class Seat(Server):
    """A node of Tocsin on `machine`, whose database is at `url`; the files of its owner lie in its own home."""

    def __init__(self, directory: Path, machine: Machine, url: str, environ: dict[str, str]) -> None:
        super().__init__(directory)
        self.environ |= {"TOCSIN_DATABASE": url, "TOCSIN_HOST": str(machine.address), **environ}
        self.machine = machine
        self.before = machine.on_its_network()

    def beside(self, name: str) -> Path:
        home = self.directory / ".local" / "share" / "tocsin"
        return next(home.glob(f"postgresql-*.{name}"), home / f"missing.{name}")


@contextmanager
def vendors_on(machine: Machine, log: Path) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox of the vendors, in this process but on the network of `machine`, and its address there."""
    sandbox = Sandbox(log=log)
    with listening_on(machine, _VENDORS_PORT) as listening:
        config = uvicorn.Config(sandbox, log_config=None, access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), name="vendors", daemon=True)
        thread.start()
        try:
            yield sandbox, f"http://{machine.address}:{_VENDORS_PORT}"
        finally:
            server.should_exit = True
            thread.join()
            sandbox.stop()


@contextmanager
def listening_on(machine: Machine, port: int) -> Iterator[socket.socket]:
    """A socket of this process that listens at the machine's address: a socket stays on the network it was made on."""
    with open("/proc/thread-self/ns/net") as own, open(f"/proc/{machine.pid}/ns/net") as its:
        _enter(its.fileno())
        try:
            listening = socket.create_server((str(machine.address), port))
        finally:
            _enter(own.fileno())
    with listening:
        yield listening


def _enter(network: int) -> None:
    """Move this thread to another network (setns(2); Python has it from 3.12 on)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, 0x4000_0000) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
