"""What is to be said at PagerDuty's own incident of a page? Updates and answers as notes, and who is asked to respond.

Only where the SOP wants it, and never back what came from there, but why a command of a note was not carried out.
"""

from tocsin.domain import effects as f
from tocsin.domain import events as e
from tocsin.domain.context import Draft
from tocsin.domain.incident import Incident, Page, PageStatus
from tocsin.domain.narrate import name_of, narrate

PAGER = "pagerduty"  # who has the incident, as a contact method


def counterpart_effects(draft: Draft) -> list[f.AnyEffect]:
    """Everything that the events of `draft` have to say there, in order."""
    found: list[f.AnyEffect] = []
    rules = draft.context.roster.sop.pagerduty
    for recorded in draft.events:
        match recorded.event:
            case e.UpdatePosted() if rules.notes and recorded.via != PAGER:
                found += _note(draft, recorded)
            case e.NoteAdded(is_answer=True) if rules.notes and recorded.via == PAGER:
                found += _note(draft, recorded)
            case e.PageAccepted() if rules.responders:
                found += _request(draft, recorded.seq, recorded.event)
    return found


def _note(draft: Draft, recorded: e.Recorded) -> list[f.AnyEffect]:
    """The update or answer, on the newest page that somebody there has, or had, to answer."""
    incident, sop = draft.incident, draft.context.sop
    pages = [key for key, page in incident.pages.items() if _is_there(page)]
    if not pages:
        return []
    text = f"{narrate(recorded.event, sop)} ({name_of(recorded.actor, sop)})"
    return [f.NoteThere(incident=incident.id, page=pages[-1], number=recorded.seq, text=text)]


def _is_there(page: Page) -> bool:
    ways = {way.via for way in page.ways}
    return page.demands_answer and PAGER in ways and page.status in (PageStatus.ACCEPTED, PageStatus.ANSWERED)


def _request(draft: Draft, number: int, event: e.PageAccepted) -> list[f.AnyEffect]:
    """Ask for the person whom the page names, where it went to a service that others have too."""
    incident, page = draft.incident, draft.incident.pages[event.key]
    person = draft.context.roster.sop.people.get(event.person)
    is_shared = page.method.via == PAGER and page.method.routing_key is None
    is_alone = event.via == PAGER and not event.counted_in
    if not (is_alone and is_shared and _is_awaited(incident, event.key) and person and person.pagerduty_user):
        return []
    message = f"{incident.severity or 'Not assessed'}: {incident.title}"
    asked = f.AskThere(incident=incident.id, page=event.key, number=number, user=person.pagerduty_user, message=message)
    return [asked]


def _is_awaited(incident: Incident, page: str) -> bool:
    return page in incident.open_pages
