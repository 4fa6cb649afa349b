"""What becomes of a word of PagerDuty? The commands that follow from it, once, in the transaction that remembers it."""

import logging
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.events import incident_of
from tocsin.domain.incident import Incident
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.pagerduty.staff import Staff
from tocsin.engine.record import tell_command
from tocsin.errors import NotFound, Refused
from tocsin.integrations.pagerduty.following import Heard, commands_for, instead
from tocsin.integrations.pagerduty.words import Word, is_own_note, page_key_of
from tocsin.store.transaction import Transaction

logger = logging.getLogger(__name__)

SOURCE = "pagerduty"
HEARD_AT = "pagerduty_heard_at"  # the fact: when a webhook came last


class Hearing(Struct, frozen=True):
    """Hears words; `installation` is this one's id, by which its pages are known."""

    desk: Desk
    staff: Staff
    installation: str

    def hear(self, tx: Transaction, now: datetime, word: Word, keys: Iterable[str] = ()) -> bool:
        """Do what follows, if it was not done before; False where nobody knows which page is meant.

        `keys` are all that PagerDuty's incident has, where it was asked for them.
        """
        pages = self._pages(tx, now, word, {*keys, word.key} - {""})
        if pages is None:
            return word.key != ""
        if tx.heard.is_new(SOURCE, word.id, now) and not is_own_note(word.text, self.installation):
            self._follow(tx, now, word, pages)
        return True

    def _pages(self, tx: Transaction, now: datetime, word: Word, keys: set[str]) -> list[str] | None:
        """The pages that the word is about, by all that is known of their incident; None where there is none."""
        told = (page_key_of(key, self.installation) for key in sorted(keys))
        for page in filter(None, told):
            tx.counterparts.note(word.incident, page, now)
        return tx.counterparts.pages_of(word.incident) or None

    def _follow(self, tx: Transaction, now: datetime, word: Word, pages: list[str]) -> None:
        done: set[tuple[str, str]] = set()
        for page in pages:
            holders = tuple(self.staff.person(it.holder) for it in word.roles)
            try:
                incident = tx.incidents.get(incident_of(page))
            except NotFound:
                logger.info("PagerDuty tells of %s, which is none of this database's pages", page)
                continue
            is_late = _is_late(tx, incident, page)
            heard = Heard(word, page, self.staff.person(word.agent), holders, is_late=is_late)
            for command in commands_for(heard, incident, self.desk.sops.current.pagerduty):
                # Several pages of one incident may be one incident there: it is written down once.
                if (incident.id, repr(command)) not in done:
                    self._carry_out(tx, now, incident.id, command, heard)
                    done.add((incident.id, repr(command)))

    def _carry_out(self, tx: Transaction, now: datetime, incident: str, command: c.Change, heard: Heard) -> None:
        refusal = self._change(tx, now, incident, command, heard)
        if refusal is not None:
            logger.info("%s: nothing follows from what was done in PagerDuty: %s", incident, refusal)
            for note in instead(heard, str(refusal)):
                self._change(tx, now, incident, note, heard)

    def _change(self, tx: Transaction, now: datetime, incident: str, command: c.Change, heard: Heard) -> Refused | None:
        """Carry it out, or say why not."""
        actor = Actor(heard.actor, SOURCE, key=f"{SOURCE}:{heard.word.agent.id}")
        try:
            with tx.savepoint():
                changed = self.desk.change(tx, now, incident, command, actor)
                tell_command(tx, now, actor, command=command, incident=changed)
        except Refused as refusal:
            return refusal
        return None


def _is_late(tx: Transaction, incident: Incident, key: str) -> bool:
    """Whether the incident was reopened since the page was sent."""
    page = incident.pages.get(key)
    return page is not None and bool(tx.incidents.since(incident.id, page.cause, ("reopened",)))
