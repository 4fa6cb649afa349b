"""Which SOP holds? Today's, and for each incident the version that it was opened under."""

from tocsin.sop.model import Sop
from tocsin.sop.version import decode_stored, encode, version_of
from tocsin.store.queries import Queries


class Sops:
    """The running SOP and the stored ones, decoded once each."""

    def __init__(self, current: Sop, queries: Queries) -> None:
        self.current = current
        self.version = version_of(current)
        self.content = encode(current).decode()
        self._queries = queries
        self._known = {self.version: current}

    def of(self, version: str) -> Sop:
        """The SOP of a version; today's where the stored one is lost: an incident without rules would be silent."""
        if version not in self._known:
            content = self._queries.sop_content(version)
            self._known[version] = decode_stored(content.encode()) if content else self.current
        return self._known[version]
