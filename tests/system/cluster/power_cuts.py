"""How does a round of power cuts go? What has reached the disk at that instant is looked at, as after the next boot.

The disk is a file system of its own in an image that is written past the page cache. A server is stopped in the middle
of its work, the image is copied as it lies on the disk, and the copy mounted: what the kernel held back is not in it.
"""

import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.system.cluster.full_disks import Monitoring
from tests.system.cluster.machine import Machine, Network, asked
from tests.system.outcome import Outcome
from tests.system.server import Server
from tests.system.waiting import until

POWER_CUTS = "power cuts"
_CUTS_A_ROUND = 8
_IMAGE_SIZE = 48 * 1_048_576
_COMMIT_SECONDS = 300  # how long the file system holds back what nobody asked it to sync


def power_cuts(seed: int, directory: Path) -> Outcome:
    """Eight cuts, each after some more alerts."""
    return cut(seed, directory, times=_CUTS_A_ROUND)


def cut(seed: int, directory: Path, *, times: int) -> Outcome:
    """Cut the power of a server's disk so many times; the server itself goes on, as nothing has happened to it."""
    chance = random.Random(seed)
    image = directory / "disk.img"
    with Network() as network:
        machine = network.machine("disk").boot()
        _mount(machine, _new_image(image), directory / "disk")
        server = Server(Path(f"/proc/{machine.pid}/root{directory}/disk"))
        server.environ["TOCSIN_DATABASE"] = f"sqlite:///{directory}/disk/tocsin.db"
        server.before = machine.on_its_disks()
        with server, _at_work(server) as monitoring:
            broken = [
                fault
                for number in range(times)
                for fault in _cut(server, machine, image, monitoring, directory / f"copy{number}", chance)
            ]
    return Outcome(POWER_CUTS, seed, broken=broken, notes={"cuts": times, "alerts promised": len(monitoring.taken)})


def _new_image(image: Path) -> Path:
    """A disk with an empty file system."""
    with image.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, _IMAGE_SIZE)
    asked("mkfs.ext4", "-q", "-F", str(image))
    return image


def _mount(machine: Machine, image: Path, at: Path) -> None:
    """Mount it on the machine; the device goes with the mount, and the mount with the machine."""
    at.mkdir()
    device = asked("losetup", "--direct-io=on", "--find", "--show", str(image)).strip()
    machine.run("mount", "-o", f"commit={_COMMIT_SECONDS}", device, str(at))
    asked("losetup", "--detach", device)


@contextmanager
def _at_work(server: Server) -> Iterator[Monitoring]:
    """Monitoring that sends alerts all the while."""
    monitoring, is_over = Monitoring(server), threading.Event()

    def work() -> None:
        while not is_over.is_set():
            monitoring.send()  # a server that stood still may find it too slow: then the next one is sent

    thread = threading.Thread(target=work, name="monitoring")
    thread.start()
    try:
        yield monitoring
    finally:
        is_over.set()
        thread.join()


def _cut(
    server: Server, machine: Machine, image: Path, monitoring: Monitoring, copied: Path, chance: random.Random
) -> list[str]:
    """What is wrong on the disk after a cut at this instant."""
    goal = len(monitoring.taken) + chance.randint(1, 30)
    until(lambda: len(monitoring.taken) >= goal, "alerts are taken")
    server.stop()
    promised = set(monitoring.taken)
    copy = copied.with_suffix(".img")
    asked("dd", f"if={image}", f"of={copy}", "iflag=direct", "bs=1M", "status=none")
    server.go_on()
    _mount(machine, copy, copied)
    faults = _found(Path(f"/proc/{machine.pid}/root{copied}"), copied.with_suffix(".files"), promised)
    machine.run("umount", str(copied))
    copy.unlink()
    return faults


def _found(disk: Path, files: Path, promised: set[str]) -> list[str]:
    """What SQLite finds in the files of the disk, that it should not."""
    files.mkdir()
    for name in ("tocsin.db", "tocsin.db-wal"):
        if (disk / name).exists():
            shutil.copy(disk / name, files)
    try:
        with closing(sqlite3.connect(files / "tocsin.db")) as database:
            faults = [f"integrity: {told}" for (told,) in database.execute("PRAGMA integrity_check") if told != "ok"]
            found = {name for (name,) in database.execute("SELECT json_extract(labels, '$.alertname') FROM alerts")}
    except sqlite3.DatabaseError as error:
        return [f"[1] {len(promised)} alerts were acknowledged, and are lost: {error}"]
    shutil.rmtree(files)
    lost = sorted(promised - found)
    return faults + [f"[1] the alert {name} was acknowledged, and is lost" for name in lost]
