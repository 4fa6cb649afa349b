"""Whom can nobody page? Incidents whose every step was tried, and whose every page could leave by no way. Pure.

It judges by the record alone: a page has reached somebody only where a provider that wakes took it, and what is to be
offered again some time has not arrived.
"""

from tocsin.domain.incident import Incident, Page, PageStatus, Status
from tocsin.domain.ladder import pending_rungs
from tocsin.sop.model import Sop
from tocsin.sop.words import Urgency


def is_unreached(sop: Sop, incident: Incident) -> bool:
    """Whether somebody should have been paged by now, nobody was, and no step is left but the last one again."""
    if incident.status is not Status.TRIGGERED:
        return False
    waiting = [page for page in incident.pages.values() if page.demands_answer and _is_live(page)]
    was_asked_for = bool(waiting) or incident.ladder.last_page_at is not None
    return was_asked_for and all(page.is_lost for page in waiting) and not _has_a_page_step_left(sop, incident)


def _is_live(page: Page) -> bool:
    """Whether it is of this epoch: an acknowledgement, or the end of the response, has answered earlier ones."""
    return page.status is not PageStatus.ANSWERED


def _has_a_page_step_left(sop: Sop, incident: Incident) -> bool:
    return any(rung.urgency is Urgency.PAGE and rung.round == 0 for rung in pending_rungs(sop, incident))
