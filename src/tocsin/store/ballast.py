"""What is left to write with when the disk is full? A file beside the database, which only takes up space until then.

Once a commit finds no space the ballast is given up, and what runs already goes on with the room it leaves: SQLite
needs space even to delete. New alerts are refused meanwhile, so that it lasts. It is made anew once there is space.
"""

import contextlib
import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)

SIZE = 8 * 1_048_576
_ROOM = 2  # ballasts that must fit before one is made again: not at the edge, where each commit would give it up
_CHUNK = 1_048_576


class Ballast:
    """The ballast of the database at `path`. It belongs to the thread that writes; anybody may ask whether it is gone.

    `is_given_up` holds from the commit that found no space until there is a ballast again.
    """

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path = path.with_name(path.name + ".ballast")
        self.is_given_up = False
        self._size = size

    def take_on(self) -> None:
        """Make it, where it is missing and there is room; the server begins with this."""
        if not self._is_whole() and not self._make():
            logger.warning("%s: no room for it: with a full disk, nothing will go on", self.path)

    def give_up(self) -> bool:
        """Give the disk its space, and whether that helped: there is only one ballast."""
        self.is_given_up = True
        try:
            self.path.unlink()
        except OSError:
            return False
        logger.critical("the disk is full: %s is given up, and new alerts are refused until there is space", self.path)
        return True

    def take_on_again(self) -> None:
        """Make it anew once there is room, after it was given up."""
        if self.is_given_up and self._make():
            self.is_given_up = False
            logger.warning("there is space again: %s is made anew, and new alerts are taken", self.path)

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size == self._size
        except OSError:
            return False

    def _make(self) -> bool:
        """Whether it is there now, and on the disk: a file of nothing but zeros might not be."""
        try:
            disk = os.statvfs(self.path.parent)
            if disk.f_bavail * disk.f_frsize < _ROOM * self._size:
                return False
            self._write()
        except OSError:
            with contextlib.suppress(OSError):
                self.path.unlink()
            return False
        return True

    def _write(self) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, self._size)
            for begin in range(0, self._size, _CHUNK):
                os.pwrite(file, os.urandom(min(_CHUNK, self._size - begin)), begin)
            os.fsync(file)
        finally:
            os.close(file)
