"""What does the link in a page do? It shows how that page stands, and acknowledges its incident for its person, once.

The token is the right to that one answer: nobody signs in. It is worth nothing once the page is answered, its incident
over, its person gone, or a day has passed. A wrong one costs a hash, and no look at the database.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.accounts.page_links import PageLinks
from tocsin.domain import commands as c
from tocsin.domain.events import incident_of
from tocsin.domain.incident import Incident, Page, PageStatus, Status
from tocsin.domain.narrate import name_of, narrate
from tocsin.engine.desk import Actor, Desk
from tocsin.engine.record import tell_command
from tocsin.errors import NotFound
from tocsin.sop.model import Sop
from tocsin.store.queries import Queries
from tocsin.store.transaction import Transaction

GOOD_FOR = timedelta(hours=24)
_ANSWERS = ("acknowledged", "mitigated", "resolved", "cancelled")  # the kinds of events that answer a page
_MOST_ANSWERS = 1_000  # of one incident: whoever answered first is the last of them


class Standing(StrEnum):
    """How a page stands for whoever has its link."""

    OPEN = "open"
    ANSWERED = "answered"
    TOO_OLD = "too_old"


class Answer(Struct, frozen=True):
    """The page of a link: whom it called and when, and once it is answered, who has done so, when, and how.

    `name` and `by` are people's names; `how` is as the timeline tells it, `Acknowledged`.
    """

    incident: Incident
    key: str
    name: str
    paged_at: datetime
    standing: Standing
    by: str = ""
    how: str = ""
    at: datetime | None = None


def find(queries: Queries, links: PageLinks, sop: Sop, token: str, now: datetime) -> Answer:
    """The page that the token is for, as it stands; raises NotFound for a token that is none, or no more."""
    key = _key_of(links, token)
    incident = queries.incident(incident_of(key))
    page = incident.pages.get(key)
    if page is None or page.person not in sop.people:
        raise NotFound(_NO_LINK)
    caused = queries.recent_events(incident.id, after=page.cause - 1, before=page.cause + 1, limit=1)[0]
    known = Answer(incident, key, name_of(page.person, sop), caused.at, Standing.OPEN)
    answers = queries.recent_events(incident.id, kinds=_ANSWERS, after=page.cause, limit=_MOST_ANSWERS)
    if _is_open(incident, key, page, is_answered=bool(answers)):
        return known if now - caused.at < GOOD_FOR else replace(known, standing=Standing.TOO_OLD)
    known = replace(known, standing=Standing.ANSWERED)
    if not answers:
        return known
    first = answers[-1]
    return replace(known, by=name_of(first.actor, sop), how=narrate(first.event, sop), at=first.at)


def acknowledge(desk: Desk, tx: Transaction, now: datetime, found: Answer, address: str) -> None:
    """Acknowledge the incident for the person whom the page called, which `find` has found open.

    Nothing is done where somebody has answered meanwhile: two that come at once give one acknowledgement.
    """
    incident = tx.incidents.get(found.incident.id)
    page = incident.pages.get(found.key)
    if page is None:
        return
    is_answered = bool(tx.incidents.since(incident.id, page.cause, _ANSWERS))
    if not _is_open(incident, found.key, page, is_answered=is_answered):
        return
    command, actor = c.Acknowledge(), Actor(page.person, "link", key=f"page:{found.key}", address=address)
    changed = desk.change(tx, now, incident.id, command, actor)
    tell_command(tx, now, actor, command=command, incident=changed)


_NO_LINK = "link: it is none of ours, or not whole; open the page of the incident, or call whoever is on call"


def _key_of(links: PageLinks, token: str) -> str:
    key = links.page_of(token)
    if key is None:
        raise NotFound(_NO_LINK)
    return key


def _is_open(incident: Incident, key: str, page: Page, *, is_answered: bool) -> bool:
    """Whether an answer is waited for; a page that no provider confirmed may have arrived all the same.

    Not once somebody has answered since (`is_answered`): what was opened again is to be answered anew.
    """
    is_unheard = page.status is PageStatus.FAILED and page.demands_answer and incident.status is Status.TRIGGERED
    return key in incident.open_pages or (is_unheard and not is_answered)
