"""How are thousands of servers started in little time? One process has imported everything, and forks each of them.

What is forked is a process of its own, in a session of its own, which is killed for real; the kernel ends it with the
zygote, and the zygote with whoever started that. Orders come in on standard input, one a line; process ids go out.
"""

import atexit
import ctypes
import gc
import importlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.fakes import vendors
from tests.system.crash.points import Doom
from tests.system.crash.sop import hurry_rates
from tocsin.cli import main as command_line

_SETPRIV = shutil.which("setpriv")
_LEASH = [_SETPRIV, "--pdeathsig", "KILL"] if _SETPRIV else []
_PR_SET_PDEATHSIG = 1
_IMPORTED_LATE = (  # what a server imports once it runs
    "tocsin.api.app",
    "tocsin.cli.main",
    "tocsin.cli.serve",
    "tocsin.engine.node",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)


class Order(Struct, frozen=True, tag=True):
    """What is to be started: in which directory and environment; `log` takes what it prints."""

    directory: str
    log: str
    environ: dict[str, str] = {}


class ServerOrder(Order, frozen=True, tag=True):
    """`tocsin` with these arguments, dead at its `dies_at`-th point; its points stand in the file `points`."""

    arguments: tuple[str, ...] = ()
    dies_at: int | None = None
    points: str = ""


class VendorsOrder(Order, frozen=True, tag=True):
    """The vendors' stand-ins: `sent` is their log, their address stands in the file `told`."""

    sent: str = ""
    told: str = ""


AnyOrder = ServerOrder | VendorsOrder


class Child:
    """A process that a zygote has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = None  # it has ended already

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.lives_on(0)

    def lives_on(self, seconds: float) -> bool:
        """Whether it has not ended after so many seconds; returns at once when it ends."""
        if self._descriptor is None:
            return False
        ended, _, _ = select.select([self._descriptor], [], [], seconds)
        if ended:
            os.close(self._descriptor)
            self._descriptor = None
        return not ended

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.is_alive and self._descriptor is not None:
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """End it, and wait for that."""
        self.signal(signal.SIGKILL)
        assert not self.lives_on(10), f"process {self.pid} outlives SIGKILL"


class Zygote:
    """The process that forks, seen from outside; its children end with it."""

    def __init__(self) -> None:
        command = [*_LEASH, sys.executable, "-m", "tests.system.crash.zygote"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self) -> None:
        """End it, and all its children."""
        self._process.kill()
        self._process.communicate()

    def bear(self, order: AnyOrder) -> Child:
        """Start what is ordered."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()))


@cache
def zygote() -> Zygote:
    """The zygote of this process, started when it is first asked for; it ends with the process."""
    started = Zygote()
    atexit.register(started.end)
    return started


def _serve(order: ServerOrder) -> None:
    hurry_rates(order.environ)
    Doom(order.dies_at, Path(order.points)).befall()
    command_line.main(order.arguments)


def _stand_in(order: VendorsOrder) -> None:
    vendors.main(order.sent, order.told)


_WORK: dict[type[Order], Callable[..., None]] = {ServerOrder: _serve, VendorsOrder: _stand_in}


def _become(order: AnyOrder) -> None:
    """Be the process that was ordered, to its end."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    os.environ.clear()
    os.environ.update(order.environ)
    os.chdir(order.directory)
    _WORK[type(order)](order)


def main() -> None:
    """Fork what is ordered until nobody orders any more."""
    for module in _IMPORTED_LATE:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    gc.freeze()
    for line in sys.stdin:
        order = msgspec.json.decode(line, type=AnyOrder)
        pid = os.fork()
        if pid == 0:
            try:
                _become(order)
            finally:
                sys.stderr.flush()
                os._exit(0)
        print(pid, flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
