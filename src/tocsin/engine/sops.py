"""Which SOP holds? Today's, and for each incident the version that it was opened under."""

import logging
from typing import Protocol

from tocsin.errors import StoreError
from tocsin.sop.model import Sop
from tocsin.sop.version import decode_stored, encode, version_of

logger = logging.getLogger(__name__)


class Contents(Protocol):
    """Where stored SOP versions are found: in a transaction for the writer, in a query for everybody else."""

    def sop_content(self, version: str) -> str | None:
        """The stored SOP of a version."""


class Sops:
    """The running SOP and the stored ones, decoded once each."""

    def __init__(self, current: Sop) -> None:
        self.current = current
        self.version = version_of(current)
        self.content = encode(current).decode()
        self._known = {self.version: current}

    def of(self, version: str, source: Contents) -> Sop:
        """The SOP of a version; today's where the stored one is lost: an incident without rules would be silent."""
        if version not in self._known:
            self._known[version] = self._stored(version, source)
        return self._known[version]

    def _stored(self, version: str, source: Contents) -> Sop:
        content = source.sop_content(version) or ""
        try:
            return decode_stored(content.encode())
        except StoreError as error:
            logger.critical("SOP version %s is lost, today's holds for its incidents: %s", version, error)
            return self.current
