"""What follows here from what was done in PagerDuty? Words to commands; pure. Why so: docs/decisions/0009.

Only a person's deed answers a page: what PagerDuty or an integration does by itself silences nobody's ladder, and what
we did ourselves is not heard back.
"""

from msgspec import Struct

from tocsin.domain import commands as c
from tocsin.domain.incident import Incident, Page, PageStatus
from tocsin.domain.text import MAX_TEXT
from tocsin.errors import InvalidInput
from tocsin.integrations.pagerduty.note_commands import command_in, is_command
from tocsin.integrations.pagerduty.words import NOBODY, Deed, RoleGiven, Word
from tocsin.sop.check_pagerduty import STRANGER
from tocsin.sop.model import PagerDuty
from tocsin.sop.words import Role

_OPEN_STILL = "the incident is open until somebody confirms the fix"


class Heard(Struct, frozen=True):
    """A word about one page, with who is meant by its agent: `person` is their id in the SOP, None where unknown.

    `holders` are those of the word's roles, one each.
    `is_late`: the incident was reopened since the page was sent, and is to be answered anew.
    """

    word: Word
    page: str  # its key
    person: str | None
    holders: tuple[str | None, ...] = ()
    is_late: bool = False

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
            return _noted(heard)
        case Deed.UPDATED:
            return (c.PostUpdate(text=_cut(_with_author(heard))),) if word.text else ()
        case Deed.PRIORITY_SET:
            return _priority(heard, incident, rules)
        case Deed.ROLES_GIVEN:
            return _roles(heard, incident, rules)
    return () if incident.status.is_over else _note(_told(heard, word.text))


def instead(heard: Heard, refusal: str) -> tuple[c.Change, ...]:
    """What follows where a command was refused: one that somebody gave in a note is written down and answered."""
    if heard.word.deed is not Deed.NOTED or not _is_commanded(heard):
        return ()
    return (c.AddNote(text=_cut(f"{_with_author(heard)} (not done: {refusal})"), is_answer=True),)


def _acknowledged(heard: Heard, incident: Incident, page: Page) -> tuple[c.Change, ...]:
    if not _is_unanswered(heard, page):
        return ()
    if not heard.word.agent.is_person:
        return _note(_told(heard, "acknowledged the page; nobody has answered it"))
    return (c.Acknowledge(note=_by_whom(heard), page=heard.page),)


def _resolved(heard: Heard, incident: Incident, page: Page, rules: PagerDuty) -> tuple[c.Change, ...]:
    if incident.status.is_over:
        return ()
    if not heard.word.agent.is_person:
        told = _told(heard, "resolved the page; nobody has answered it")
        return _note(told) if _is_unanswered(heard, page) else ()
    if rules.resolves and page.demands_answer and not heard.is_late:
        return (c.Resolve(note=_by_whom(heard) or "resolved in PagerDuty"),)
    if _is_unanswered(heard, page):
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


def _noted(heard: Heard) -> tuple[c.Change, ...]:
    if not _is_commanded(heard):
        return _note(_with_author(heard))
    try:
        return (command_in(heard.word.text, _by_whom(heard)),)
    except InvalidInput as error:
        return instead(heard, str(error))


def _is_commanded(heard: Heard) -> bool:
    return heard.word.agent.is_person and is_command(heard.word.text)


def _roles(heard: Heard, incident: Incident, rules: PagerDuty) -> tuple[c.Change, ...]:
    found: list[c.Change] = []
    for given, holder in zip(heard.word.roles, heard.holders, strict=True):
        role = _role_named(given.role, rules)
        if role is None or holder is None or not heard.word.agent.is_person:
            found += () if incident.status.is_over else _note(_told(heard, _told_role(given)))
        elif incident.roles.get(role) != holder:
            found.append(c.AssignRole(role=role, person=holder))
    return tuple(found)


def _role_named(name: str, rules: PagerDuty) -> Role | None:
    """The role that is called so in PagerDuty: as the SOP says, else by its own name."""
    named = {there.casefold(): role for role, there in rules.roles.items()}
    own = {word.casefold(): role for role in Role for word in (role.title, role.short)}
    return (own | named).get(name.casefold())


def _told_role(given: RoleGiven) -> str:
    if given.holder == NOBODY:
        return f"took the role {given.role} back"
    return f"gave the role {given.role} to {given.holder.name or given.holder.id}"


def _is_unanswered(heard: Heard, page: Page) -> bool:
    """Whether the page asks for an answer still. One that failed here may have rung there after all."""
    return page.demands_answer and page.status is not PageStatus.ANSWERED and not heard.is_late


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
