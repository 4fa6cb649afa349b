"""How does it stand after it came back from a backup, and once it is released?"""

from msgspec import UNSET
from msgspec.structs import replace

from tocsin.domain import events as e
from tocsin.domain.incident import CadenceMemory, Incident, LadderMemory, Page, PageStatus, Status


def restored(incident: Incident, event: e.Restored, recorded: e.Recorded) -> Incident:
    """What was on its way when the backup was taken may have arrived since: it is taken as such, and not sent again."""
    pages = {key: _as_sent(page) for key, page in incident.pages.items()}
    return replace(incident, mark=event.mark, held_since=recorded.at if event.is_held else None, pages=pages)


def _as_sent(page: Page) -> Page:
    """The page as if it had arrived, by every way that it was to go."""
    further = replace(page.further, later=()) if page.further else UNSET
    status = PageStatus.ACCEPTED if page.status is PageStatus.PENDING else page.status
    return replace(page, status=status, further=further)


def released(incident: Incident, event: e.Released, recorded: e.Recorded) -> Incident:
    """The ladder counts anew; where somebody responds, what it has done stays done."""
    free = replace(incident, held_since=None)
    if incident.status.is_over:
        return free
    is_unanswered = incident.status is Status.TRIGGERED
    fresh = LadderMemory(started_at=recorded.at)
    return replace(
        free,
        epoch=incident.epoch + is_unanswered,
        ladder=fresh if is_unanswered else replace(incident.ladder, started_at=recorded.at),
        is_response_missed=False,
        cadence=CadenceMemory(since=recorded.at if incident.severity else None),
    )
