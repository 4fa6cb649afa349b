"""How is an incident learnt from? Asking for a postmortem, keeping what people write, completing it."""

from datetime import date

from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Draft, Refusal
from tocsin.domain.incident import ActionItem
from tocsin.domain.text import clean_line, clean_text
from tocsin.sop.render.postmortem import Section

# What only people can write; a postmortem isn't complete without.
JUDGEMENT_SECTIONS = (
    Section.SUMMARY,
    Section.ROOT_CAUSE,
    Section.IMPACT,
    Section.WENT_WELL,
    Section.WENT_POORLY,
    Section.LESSONS,
)
WRITTEN_SECTIONS = (*JUDGEMENT_SECTIONS, Section.FOLLOW_UP)
MAX_SECTION = 50_000
MAX_ACTION_ITEMS = 200


def request_postmortem(draft: Draft, command: c.RequestPostmortem) -> Refusal | None:
    """Ask for a postmortem; once is enough."""
    if draft.incident.postmortem.is_requested:
        return Refusal("already_requested", f"{draft.incident.id}: a postmortem was asked for already")
    draft.record(e.PostmortemRequested())
    return None


def save_postmortem(draft: Draft, command: c.SavePostmortem) -> Refusal | None:
    """Keep the sections that people write; at any time, so that memory is still fresh."""
    known = {section.key for section in WRITTEN_SECTIONS}
    unknown = sorted(set(command.sections) - known)
    if unknown:
        return Refusal("unknown_section", f"section: {unknown[0]!r} is not one of {', '.join(sorted(known))}")
    sections = {key: clean_text(text) for key, text in command.sections.items()}
    too_long = [key for key, text in sections.items() if len(text) > MAX_SECTION]
    if too_long or len(command.action_items) > MAX_ACTION_ITEMS:
        what = f"section {too_long[0]}: more than {MAX_SECTION} characters" if too_long else "too many action items"
        return Refusal("postmortem_too_long", f"{what}; shorten it, or link to a document")
    items = tuple(_cleaned(item) for item in command.action_items)
    fault = next(filter(None, (_fault_in(item, number) for number, item in enumerate(items, start=1))), None)
    if fault:
        return Refusal("invalid_action_item", fault)
    draft.record(e.PostmortemSaved(sections={key: text for key, text in sections.items() if text}, action_items=items))
    return None


def _cleaned(item: ActionItem) -> ActionItem:
    return ActionItem(
        clean_line(item.text), clean_line(item.owner), item.priority, clean_line(item.due_on), clean_line(item.status)
    )


def _fault_in(item: ActionItem, number: int) -> str | None:
    where = f"action item {number}"
    if not item.text or not item.owner or not item.status:
        return f"{where}: needs a text, an owner and a status"
    try:
        # Stricter than fromisoformat, which takes 20261124 and 2026-W48-2 as well.
        is_date = not item.due_on or date.fromisoformat(item.due_on).isoformat() == item.due_on
    except ValueError:
        is_date = False
    return None if is_date else f"{where}: due date must be YYYY-MM-DD or empty, got {item.due_on!r}"


def complete_postmortem(draft: Draft, command: c.CompletePostmortem) -> Refusal | None:
    """Close the incident; refused while a section that takes judgement is empty."""
    written = draft.incident.postmortem.sections
    missing = [section.title for section in JUDGEMENT_SECTIONS if not written.get(section.key)]
    if missing:
        return Refusal("postmortem_incomplete", f"{draft.incident.id}: still to be written: {', '.join(missing)}")
    draft.record(e.PostmortemCompleted())
    return None
