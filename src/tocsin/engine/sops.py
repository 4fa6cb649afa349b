"""Which SOP holds? Today's, and for each incident the version that it was opened under."""

import logging

from tocsin.errors import StoreError
from tocsin.sop.model import Sop
from tocsin.sop.version import decode_stored, encode, version_of
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)


class Sops:
    """The running SOP and the stored ones, decoded once each."""

    def __init__(self, current: Sop, queries: Queries) -> None:
        self.current = current
        self.version = version_of(current)
        self.content = encode(current).decode()
        self._queries = queries
        self._known = {self.version: current}

    def of(self, version: str, within: Transaction | None = None) -> Sop:
        """The SOP of a version; today's where the stored one is lost: an incident without rules would be silent.

        The writer's thread reads `within` its transaction: the reading connection belongs to the event loop's.
        """
        if version not in self._known:
            self._known[version] = self._stored(version, within or self._queries)
        return self._known[version]

    def _stored(self, version: str, source: Transaction | Queries) -> Sop:
        content = source.sop_content(version) or ""
        try:
            return decode_stored(content.encode())
        except StoreError as error:
            logger.critical("SOP version %s is lost, today's holds for its incidents: %s", version, error)
            return self.current
