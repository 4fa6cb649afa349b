"""How does a disk fill up? A small one (tmpfs), seen by whoever is given its path, and gone with its machine."""

import os
from pathlib import Path

from tests.system.cluster.machine import Machine

_CHUNK = 65_536


class Disk:
    """A disk of `size` bytes, mounted on a machine at `mounted`; from elsewhere its files are reached at `path`."""

    def __init__(self, machine: Machine, mounted: Path, size: int) -> None:
        mounted.mkdir()
        machine.run("mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(mounted))
        self.machine = machine
        self.mounted = mounted
        self.path = Path(f"/proc/{machine.pid}/root{mounted}")
        self._filler = self.path / "filler"

    def fill_up(self) -> None:
        """Leave no byte, as a log does that nobody has rotated."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (_CHUNK, 1):
                while _takes(filler.fileno(), size):
                    pass

    def make_space(self) -> None:
        """Clean up."""
        self._filler.unlink()

    @property
    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


def _takes(file: int, size: int) -> bool:
    try:
        return os.write(file, bytes(size)) == size
    except OSError:
        return False
