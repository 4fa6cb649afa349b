"""What dies and comes back? A node of an installation: one server after the other, on the same port."""

import signal
from pathlib import Path

from tests.ports import claimed_port
from tests.system.crash.points import point_of_death
from tests.system.crash.zygote import Child, ServerOrder, zygote

_LISTENS = "INFO tocsin: listening on "
_BUGS = ("Traceback", "internal fault", "ALARM audit")


class Node:
    """`deaths` are the points at which its servers were killed, `faults` what they did that they should not."""

    def __init__(self, directory: Path, name: str, environ: dict[str, str]) -> None:
        self.deaths: list[str] = []
        self.faults: list[str] = []
        self.home = directory / name
        self.home.mkdir()
        self.is_paused = False
        self._port, self._claim = claimed_port()
        self._environ = {**environ, "HOME": str(self.home)}
        self._log = directory / f"{name}.log"
        self._points = directory / f"{name}.points"
        self._child: Child | None = None
        self._doom: int | None = None
        self._said_before = 0  # bytes of the log that earlier servers have written

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.is_alive

    def start(self, dies_at: int | None) -> None:
        """Start a server that dies at that point, None: at none; nobody waits until it is ready."""
        order = ServerOrder(
            directory=str(self.home),
            log=str(self._log),
            environ=self._environ,
            arguments=("serve", "--port", str(self._port)),
            dies_at=dies_at,
            points=str(self._points),
        )
        self._points.unlink(missing_ok=True)
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        self._doom = dies_at
        self._child = zygote().bear(order)

    def bury(self) -> int | None:
        """Write down where the dead server ended; the doom that it has escaped, for the next one.

        One that ended without being killed is a fault, unless it never listened: the database may not answer while it
        starts, and whoever watches over a server starts it again.
        """
        if self._child is None:
            return None
        self._child = None
        point = point_of_death(self._points)
        if point:
            self.deaths.append(point)
            return None
        said = self._log.read_bytes()[self._said_before :].decode(errors="replace")
        if _LISTENS in said:
            self.faults.append(f"a server ended by itself: {said[-500:]}")
        return self._doom

    def bugs(self) -> list[str]:
        """What its servers have logged as nobody expects it."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return [f"{self._log.name}: {line}" for line in lines if any(word in line for word in _BUGS)]

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        if self._child:
            self._child.signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        """Let it go on as if nothing had been."""
        if self._child:
            self._child.signal(signal.SIGCONT)
        self.is_paused = False

    def end(self) -> None:
        """Kill it where it is."""
        if self._child:
            self._child.kill()
            self._child = None
        self._claim.close()
