"""Where does the audit log end? Told in the server's log once an hour: kept elsewhere, it shows a cut-off end."""

import asyncio
import logging

from tocsin.errors import TocsinError
from tocsin.store.open import Store

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 3_600


class Heads:
    """Tells where the lanes of the audit log end."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Tell once an hour, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Tell where it ends now; `tocsin audit verify --head` compares."""
        try:
            heads = await self._store.read(lambda queries: queries.audit.heads())
        except TocsinError as error:
            logger.warning("where the audit log ends can't be told: %s", error)
            return
        for head in heads:
            logger.info("the audit log ends at %s", head)
