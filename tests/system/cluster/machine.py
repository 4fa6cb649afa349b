"""How does a test get machines that may lose power, freeze, or be cut off? As namespaces of this one's kernel.

A machine has processes, mounts and a network of its own, and its disk is a directory of the real one. It lives as long
as somebody holds its plug (a pipe), so none outlives the tests, however those end. Nothing here is seen from outside:
machines reach each other by a switch, and the tests by a cable into it.
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Self

_PLUGGED_IN = ("bash", "-c", "echo up; read -r")  # the first process: reaps what others leave, ends with its plug
_POWER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--pid", "--mount", "--mount-proc", "--fork")
_NETWORKS = [IPv4Network((0x0AD5_0000 + (number << 8), 24)) for number in range(256)]  # 10.213.0.0/16


def asked(*command: str) -> str:
    """What the command says; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout


def _home_of(process: int) -> int | None:
    """The number of the namespace that a process lives in; None when it is gone."""
    try:
        return os.stat(f"/proc/{process}/ns/pid").st_ino
    except OSError:
        return None


def _send(sent: signal.Signals, processes: Iterable[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # it has ended since they were listed
            os.kill(process, sent)


class Machine:
    """One machine, plugged into the network's switch at `address`."""

    def __init__(self, name: str, address: IPv4Address, switch: "Machine | None") -> None:
        self.name = name
        self.address = address
        self._switch = switch
        self._power: subprocess.Popen[bytes] | None = None
        self._running: list[subprocess.Popen[bytes]] = []

    # Its power

    @property
    def is_on(self) -> bool:
        return self._power is not None

    def boot(self) -> Self:
        """Switch it on, its cable plugged in."""
        assert self._power is None, f"{self.name} is on already"
        self._power = subprocess.Popen(
            [*_POWER, "--kill-child", *_PLUGGED_IN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._power.stdout is not None
        assert self._power.stdout.readline() == b"up\n", f"{self.name} does not boot"
        self.run("ip", "link", "set", "lo", "up")
        if self._switch:
            self._switch.plug_in(self)
        return self

    def crash(self) -> None:
        """Kill every process of it at once; its kernel still tells their peers that they are gone."""
        power, self._power = self._power, None
        if power is None:
            return
        assert power.stdin is not None
        assert power.stdout is not None
        self._go_on()
        power.stdin.close()
        power.wait(20)
        for entered in self._running:
            entered.wait(20)
        self._running.clear()
        power.stdout.close()
        if self._switch:
            self._switch.forget(self)

    def lose_power(self) -> None:
        """End it without a word to anybody: its peers wait for an answer that won't come."""
        self.unplug()
        self.crash()

    def freeze(self) -> None:
        """Stop every process where it stands (SIGSTOP), as a machine does that is moved or swaps itself to death."""
        stopped: set[int] = set()
        while running := set(self._processes()) - stopped:  # while they are counted, they start others
            _send(signal.SIGSTOP, running)
            stopped |= running

    def thaw(self) -> None:
        """Let every process go on as if nothing had been."""
        _send(signal.SIGCONT, self._processes())
        self._go_on()

    # Its cable

    def unplug(self) -> None:
        """Pull its cable."""
        assert self._switch, f"{self.name} has no cable"
        self._switch.run("ip", "link", "set", f"to-{self.name}", "down")

    def plug_back(self) -> None:
        """Plug its cable in again."""
        assert self._switch, f"{self.name} has no cable"
        self._switch.run("ip", "link", "set", f"to-{self.name}", "up")

    def go_deaf(self, at: IPv4Address | None = None) -> None:
        """Hear nothing any more, at all or at one of its addresses, and be heard all the same."""
        self._filter("input", f"ip daddr {at} drop" if at else 'iifname "eth0" drop')

    def go_mute(self, at: IPv4Address | None = None) -> None:
        """Hear all, and be heard by nobody, or by nobody who speaks to one of its addresses."""
        self._filter("output", f"ip saddr {at} drop" if at else 'oifname "eth0" drop')

    def reconcile(self) -> None:
        """Undo what was filtered."""
        self.run("nft", "flush", "ruleset")

    def _filter(self, hook: str, rule: str) -> None:
        chain = f"chain {hook} {{ type filter hook {hook} priority 0; {rule}; }}"
        self.run("nft", f"table inet faults {{ {chain}; }}")

    def answer_at(self, address: IPv4Address) -> None:
        """Have a further address: whoever knows no other can be cut off alone."""
        self.run("ip", "address", "add", f"{address}/24", "dev", "eth0")

    # What runs on it

    def run(self, *command: str) -> str:
        """What a command says that runs on it; it must succeed."""
        return asked(*self._inside(), *command)

    def start(self, command: Sequence[str], *, user: str, log: Path) -> None:
        """Run a program as `user` until the machine ends."""
        become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
        with log.open("ab") as output:
            self._running.append(
                subprocess.Popen(
                    [*self._inside(), *become, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            )

    def on_its_network(self) -> tuple[str, ...]:
        """What goes before a command that shall have its network and cables, but be a process of the test's own."""
        return ("nsenter", f"--net={self._namespaces}/net")

    def on_its_disks(self) -> tuple[str, ...]:
        """What goes before a command that shall see what is mounted on it, and be a process of the test's own."""
        return ("nsenter", f"--mount={self._namespaces}/mnt")

    def plug_in(self, other: "Machine") -> None:
        """Be the switch at the other end of a machine's cable."""
        cable = ("ip", "link", "add", f"to-{other.name}", "type", "veth", "peer", "name", "eth0")
        asked(*self.on_its_network(), *cable, "netns", str(other.pid))
        self.run("ip", "link", "set", f"to-{other.name}", "master", "switch", "up")
        other.run("ip", "address", "add", f"{other.address}/24", "dev", "eth0")
        other.run("ip", "link", "set", "eth0", "up")

    def forget(self, other: "Machine") -> None:
        """Take out the cable of a machine that is off: the kernel does so too, but in its own time."""
        if self.is_on:
            cable = ("ip", "link", "delete", f"to-{other.name}")
            subprocess.run([*self.on_its_network(), *cable], capture_output=True, check=False)

    @property
    def pid(self) -> int:
        """The process that holds its network, as this machine counts."""
        assert self._power, f"{self.name} is off"
        return self._power.pid

    @property
    def _namespaces(self) -> str:
        return f"/proc/{self.pid}/ns"

    def _go_on(self) -> None:
        """Let go on what has taken programs into the machine: it has stopped with them, and is to see their end."""
        for entered in self._running:
            entered.send_signal(signal.SIGCONT)

    def _processes(self) -> list[int]:
        """What runs on it, as this machine counts, but the first process, which is only its plug."""
        mine = os.stat(f"{self._namespaces}/pid_for_children").st_ino
        first = int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text())
        return [it for it in map(int, filter(str.isdigit, os.listdir("/proc"))) if it != first and _home_of(it) == mine]

    def _inside(self) -> tuple[str, ...]:
        at = self._namespaces
        return ("nsenter", f"--net={at}/net", f"--mount={at}/mnt", f"--pid={at}/pid_for_children")


class Network:
    """A switch, the machines at it, and a cable from it to the tests. All of it is gone when the block ends."""

    def __init__(self) -> None:
        self._switch = Machine("switch", IPv4Address(0), None)
        self._machines: list[Machine] = []
        self.addresses = _NETWORKS[0]
        self.gateway = self.addresses[1]

    def machine(self, name: str) -> Machine:
        """A further machine, which is off; its address follows from how many there are."""
        assert len(name) <= 12, "a name of a network interface is short"
        made = Machine(name, self.addresses[11 + len(self._machines)], self._switch)
        self._machines.append(made)
        return made

    def __enter__(self) -> Self:
        self._switch.boot()
        self._switch.run("ip", "link", "add", "switch", "type", "bridge")
        self._switch.run("ip", "link", "set", "switch", "up")
        self.addresses = self._first_free()
        self.gateway = self.addresses[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for machine in self._machines:
            machine.crash()
        self._switch.crash()

    def _first_free(self) -> IPv4Network:
        """The first network that nobody on this machine has; the tests' end of the cable claims it by its name."""
        for number, addresses in enumerate(_NETWORKS):
            name = f"tocsin-net{number}"
            cable = ("ip", "link", "add", name, "type", "veth", "peer", "name", "to-tests", "netns")
            if subprocess.run([*cable, str(self._switch.pid)], capture_output=True, check=False).returncode == 0:
                self._switch.run("ip", "link", "set", "to-tests", "master", "switch", "up")
                asked("ip", "address", "add", f"{addresses[1]}/24", "dev", name)
                asked("ip", "link", "set", name, "up")
                return addresses
        raise AssertionError("all networks are taken: ip link show type veth")
