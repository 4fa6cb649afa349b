"""Where does the audit log end? Told in the server's log once an hour: kept elsewhere, it shows a cut-off end."""

import logging

from tocsin.engine.loops import Every
from tocsin.store.open import Store

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 3_600


class Heads:
    """Tells where the lanes of the audit log end."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Tell once an hour, until cancelled."""
        await Every(
            _EVERY_SECONDS, self.tell, "where the audit log ends can't be told", first_after=_EVERY_SECONDS
        ).run()

    async def tell(self) -> None:
        """Tell where it ends now; `tocsin audit verify --head` compares. Raises StoreError."""
        for head in await self._store.read(lambda queries: queries.audit.heads()):
            logger.info("the audit log ends at %s", head)
