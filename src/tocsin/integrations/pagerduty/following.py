"""What follows here from what was done in PagerDuty? Words to commands; pure. Why so: docs/decisions/0009.

Only a person's deed answers a page: what PagerDuty or an integration does by itself silences nobody's ladder, and what
we did ourselves is not heard back.
"""

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident, Page, PageStatus
from tocsin.domain.text import MAX_TEXT
from tocsin.integrations.pagerduty.words import Deed, Word
from tocsin.sop.check_pagerduty import STRANGER
from tocsin.sop.model import PagerDuty

_OPEN_STILL = "the incident is open until somebody confirms the fix"


class Heard(Struct, frozen=True):
    """A word about one page, with who is meant by its agent: `person` is their id in the SOP, None where unknown."""

    word: Word
    page: str  # its key
    person: str | None

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.person or STRANGER


def commands_for(heard: Heard, incident: Incident, rules: PagerDuty) -> tuple[c.Change, ...]:
    """The commands that follow, in order; each may still be refused by where the incident stands."""
    word, page = heard.word, incident.pages.get(heard.page)
    if page is None or word.is_ours or word.deed is Deed.TRIGGERED:
        return ()
    match word.deed:
        case Deed.MERGED:
            told = _told(heard, "merged the page into another incident of PagerDuty")
            return () if incident.status.is_over else _note(told)
        case Deed.ACKNOWLEDGED:
            return _acknowledged(heard, incident, page)
        case Deed.RESOLVED:
            return _resolved(heard, incident, page, rules)
        case Deed.NOTED:
            return _note(_with_author(heard))
        case Deed.UPDATED:
            return (c.PostUpdate(text=_cut(_with_author(heard))),) if word.text else ()
        case Deed.PRIORITY_SET:
            return _priority(heard, incident, rules)
    return () if incident.status.is_over else _note(_told(heard, word.text))


def _acknowledged(heard: Heard, incident: Incident, page: Page) -> tuple[c.Change, ...]:
    if not _is_unanswered(page):
        return ()
    if not heard.word.agent.is_person:
        return _note(_told(heard, "acknowledged the page; nobody has answered it"))
    return (c.Acknowledge(note=_by_whom(heard), page=heard.page),)


def _resolved(heard: Heard, incident: Incident, page: Page, rules: PagerDuty) -> tuple[c.Change, ...]:
    if incident.status.is_over:
        return ()
    if not heard.word.agent.is_person:
        told = _told(heard, "resolved the page; nobody has answered it")
        return _note(told) if _is_unanswered(page) else ()
    if rules.resolves and page.demands_answer:
        return (c.Resolve(note=_by_whom(heard) or "resolved in PagerDuty"),)
    if _is_unanswered(page):
        by = _by_whom(heard)
        return (c.Acknowledge(note=f"{by}{by and ', '}by resolving the page there; {_OPEN_STILL}", page=heard.page),)
    return _note(_told(heard, f"resolved the page; {_OPEN_STILL}"))


def _priority(heard: Heard, incident: Incident, rules: PagerDuty) -> tuple[c.Change, ...]:
    name = heard.word.text
    severity = next((severity for severity, priority in rules.priorities.items() if priority == name), None)
    if severity is None or not heard.word.agent.is_person:
        told = f"set the priority to {name}" if name else "took the priority away"
        return () if incident.status.is_over else _note(_told(heard, told))
    if severity is incident.severity:
        return ()
    by = _by_whom(heard)
    return (c.Assess(severity=severity, reason=f"priority {name} was set in PagerDuty{by and f' ({by})'}"),)


def _is_unanswered(page: Page) -> bool:
    """Whether the page asks for an answer still. One that failed here may have rung there after all."""
    return page.demands_answer and page.status is not PageStatus.ANSWERED


def _note(text: str) -> tuple[c.Change, ...]:
    return (c.AddNote(text=_cut(text)),) if text else ()


def _told(heard: Heard, deed: str) -> str:
    """The line of a deed: who did it stands beside it, unless nobody here is known to be them."""
    if not heard.word.agent.is_person:
        return f"PagerDuty, by itself: {deed}"
    return f"{_by_whom(heard) or 'In PagerDuty'}: {deed}"


def _by_whom(heard: Heard) -> str:
    """Whose deed it was, where the timeline would not say so."""
    return "" if heard.person else f"{heard.word.agent.name or heard.word.agent.id}, in PagerDuty"


def _with_author(heard: Heard) -> str:
    text, by = heard.word.text, _by_whom(heard)
    return f"{by}: {text}" if by and text else text


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
