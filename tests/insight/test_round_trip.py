"""Draft, edit, parse, save, draft again: people's words survive whatever they are, and the record's part is fresh."""

from collections.abc import Iterable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.harness import SEV1, SEV3, Story
from tests.insight.documents import (
    drafted,
    item,
    measured,
    place_to_write,
    record_of,
    resolved_story,
    unhurried,
    written_into,
)
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.context import Decision
from tocsin.domain.decisions.postmortem import WRITTEN_SECTIONS
from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.domain.text import clean_line
from tocsin.errors import InvalidInput
from tocsin.insight.marks import protect, unprotect
from tocsin.insight.postmortem import Written, draft, parse
from tocsin.sop.render.postmortem import Section, guidance
from tocsin.sop.words import Role

KEYS = [section.key for section in WRITTEN_SECTIONS]

# What a postmortem is made of, and what could be taken for it.
PIECES = [
    *(f"## {section.title}" for section in Section),
    *(guidance(section) for section in Section),
    *(f"<!-- tocsin:{key} -->" for key in KEYS),
    *(f"<!-- /tocsin:{key} -->" for key in KEYS),
    "<!-- tocsin:record -->",
    "<!-- /tocsin:record -->",
    "<!-- \\tocsin:summary -->",
    "<!--\\\\/tocsin:record-->",
    "<!--\ttocsin:impact (to be written) -->",
    "<!-- a comment -->",
    "<!--",
    "-->",
    "```",
    "~~~",
    "| a | b |",
    "| --- | --- |",
    "|",
    "\\",
    "\\|",
    "- [ ] The review meeting is scheduled",
    "- [x] done",
    "# Postmortem: another",
    "    indented",
    "trailing  ",
    "&amp;",
    "&",
    "1. one",
    "_",
    "<b>",
    "Größe, 日本語, עברית, 🚨",
    "\u2028",
    "\u0085",
    "\r\n",
    "\n",
    "\n\n",
    "  ",
    "",
]
pieces = st.one_of(st.sampled_from(PIECES), st.text(max_size=6))
texts = st.builds(
    lambda join, parts: join.join(parts), st.sampled_from(["\n", "\n\n", "", " "]), st.lists(pieces, max_size=7)
)
filled = texts.filter(clean_line)
items = st.builds(
    ActionItem,
    text=filled,
    owner=filled,
    priority=st.sampled_from(ActionItemPriority),
    due_on=st.one_of(st.just(""), st.dates().map(str)),
    status=st.sampled_from(["open", "done", "in progress", "won't | do"]),
)


RESOLVED = resolved_story()


def saved(sections: dict[str, str], action_items: Iterable[ActionItem] = ()) -> tuple[Written, str]:
    """What an incident keeps of this once it is saved, and its document then."""
    decision = RESOLVED.decide(c.SavePostmortem(sections, tuple(action_items)))
    assert isinstance(decision, Decision)
    incident = decision.incident
    document = draft(incident, [*RESOLVED.events, *decision.events], RESOLVED.sop, (), RESOLVED.now)
    return Written(incident.postmortem.sections, incident.postmortem.action_items), document


@unhurried
@given(st.dictionaries(st.sampled_from(KEYS), texts), st.lists(items, max_size=4))
def test_document_gives_back_what_was_saved(sections: dict[str, str], action_items: list[ActionItem]) -> None:
    kept, document = saved(sections, action_items)
    assert parse(document) == kept
    assert parse(document.replace("\n", "\r\n")) == kept


@unhurried
@given(st.sampled_from(KEYS), texts)
def test_saved_text_stands_in_the_document_byte_for_byte(key: str, text: str) -> None:
    kept, document = saved({key: text})
    assert key not in kept.sections or unprotect(place_to_write(document, key)) == kept.sections[key]


@given(texts)
def test_protected_text_has_no_mark_and_comes_back(text: str) -> None:
    protected = protect(text)
    assert unprotect(protected) == text
    assert "<!-- tocsin:" not in protected
    assert "<!-- /tocsin:" not in protected


COMMANDS = [
    c.Acknowledge(),
    c.Assess(SEV1, "all users are affected"),
    c.Assess(SEV3, "a workaround exists"),
    c.AssignRole(Role.INCIDENT_COMMANDER, "erin"),
    c.AssignRole(Role.INCIDENT_COMMANDER, "dana"),
    c.AddTeam("backend"),
    c.AddNote("| tried |\n## Summary"),
    c.PostUpdate("<!-- /tocsin:record -->"),
    c.PageByHand("cto", "```"),
    c.Mitigate(),
    c.Resolve(),
    c.Reopen("again"),
    c.Cancel("a test"),
    c.RequestPostmortem(),
    c.NoteAlertsCleared(2),
]


@unhurried
@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(COMMANDS)), max_size=14))
def test_any_incident_has_a_draft_in_which_nothing_is_written_yet(plan: list[tuple[int, c.Change]]) -> None:
    story, minute = Story().declare(), 0
    for wait, command in plan:
        minute += wait
        story.asleep_until(minute)
        if isinstance(story.decide(command), Decision):
            story.send(command)
    assert parse(drafted(story)) == Written({}, ())
    resolved = [epoch for epoch in measured(story).epochs if epoch.to_resolve is not None]
    assert len(resolved) == len(story.happened(e.Resolved))


@unhurried
@given(st.text(max_size=40), st.lists(pieces, max_size=5))
def test_any_document_is_read_or_refused(start: str, parts: list[str]) -> None:
    document = drafted(RESOLVED)
    middle = len(start) * 97 % len(document)
    edited = "\n".join([document[:middle] + start, *parts, document[middle:]])
    with suppress(InvalidInput):
        parse(edited)


def test_edits_are_kept_and_the_record_is_fresh() -> None:
    story = Story().declare(SEV1).at(4).acknowledge().at(30).resolve()
    edited = written_into(drafted(story), "root_cause", "The pool was too small.")
    written = parse(edited)
    story.at(40).save_postmortem(written.sections, item()).note("The vendor confirms it")
    document = drafted(story.at(90).reopen().at(91).resolve())
    assert place_to_write(document, "root_cause") == "The pool was too small."
    assert "The vendor confirms it" in record_of(document, "Timeline")
    assert "reopened once" in record_of(document, "Impact")
    assert parse(document) == Written({"root_cause": "The pool was too small."}, (item(),))


def test_text_can_be_taken_away_again() -> None:
    story = resolved_story().save_postmortem({"summary": "Too early.", "lessons": "Kept."}, item())
    written = parse(written_into(drafted(story), "summary", ""))
    assert written == Written({"lessons": "Kept."}, (item(),))
    story.save_postmortem(written.sections, *written.action_items)
    assert place_to_write(drafted(story), "summary") == guidance(Section.SUMMARY)
