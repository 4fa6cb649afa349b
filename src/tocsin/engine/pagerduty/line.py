"""How is PagerDuty heard? A webhook is verified, read and carried out before it is answered; 2xx means durable.

Which page a note is about PagerDuty may not say: then its REST API is asked, if it may be.
"""

import logging
from datetime import datetime

from tocsin.engine.credentials import rest_account
from tocsin.engine.pagerduty.catching_up import CatchUp
from tocsin.engine.pagerduty.hearing import HEARD_AT, Hearing
from tocsin.engine.pagerduty.staff import Staff
from tocsin.engine.parts import Parts
from tocsin.engine.sender import Send
from tocsin.errors import Unreachable
from tocsin.integrations.pagerduty import rest
from tocsin.integrations.pagerduty.inbound import is_signed, word_in
from tocsin.integrations.pagerduty.words import Word
from tocsin.settings import Settings
from tocsin.sop.model import Sop
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

_MOST_STRANGERS = 10_000


def webhook_secrets(settings: Settings, sop: Sop) -> tuple[str, ...]:
    """The secrets of webhooks that are set; one in a file is read anew, so that it may be replaced at any time."""
    return tuple(filter(None, (settings.secret(name) for name in sop.pagerduty.webhook_secrets)))


class PagerDutyLine:
    """One node's ear for PagerDuty."""

    def __init__(self, settings: Settings, parts: Parts, installation: str, send: Send) -> None:
        self._settings = settings
        self._sop = parts.desk.sops.current
        self.parts = parts
        self._send = send
        self.account = rest_account(settings, self._sop)
        self.staff = Staff(self._sop.people)
        self.hearing = Hearing(parts.desk, self.staff, installation)
        self._strangers: set[str] = set()  # incidents of PagerDuty that are no pages of ours

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets of which a webhook may be signed with any."""
        return webhook_secrets(self._settings, self._sop)

    def loops(self) -> list[CatchUp]:
        """What the node starts beside the paging path."""
        return [CatchUp(self.account, self.hearing, self.parts, self._send)] if self.account else []

    def is_signed(self, body: bytes, signatures: str) -> bool:
        """Whether it is PagerDuty that sent this."""
        return is_signed(body, signatures, self.secrets)

    async def take(self, body: bytes) -> None:
        """Do what a verified webhook tells, durably; raises InvalidInput for what is no webhook."""
        word = word_in(body)
        is_known = await self.parts.writer.write(lambda tx, now: self._hear(tx, now, word))
        if word is not None and not is_known:
            await self._find(word)

    def _hear(self, tx: Transaction, now: datetime, word: Word | None) -> bool:
        tx.facts.set_meta(HEARD_AT, now.isoformat())
        return word is None or self.hearing.hear(tx, now, word)

    async def _find(self, word: Word) -> None:
        """Ask which page it is about. Where nobody answers it is lost to us for now: catching up finds it again."""
        if self.account is None or word.incident in self._strangers or not word.incident:
            return
        try:
            keys = rest.keys_in(await self._send(rest.alerts_of(self.account, word.incident)))
        except Unreachable as error:
            logger.warning("which page PagerDuty's incident %s is could not be asked: %s", word.incident, error)
            return
        if not await self.parts.writer.write(lambda tx, now: self.hearing.hear(tx, now, word, keys)):
            if len(self._strangers) >= _MOST_STRANGERS:
                self._strangers.clear()
            self._strangers.add(word.incident)
