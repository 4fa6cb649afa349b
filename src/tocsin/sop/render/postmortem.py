"""What is written down after an incident? The sections of a postmortem, and the empty template as a Markdown page.

The template and the draft of a real incident are both put together by `postmortem_page` from the same sections, so
they can't drift apart: the draft fills in what the record knows, the template leaves every section to people.
"""

from collections.abc import Mapping
from enum import Enum

from tocsin.sop.model import Sop
from tocsin.sop.render import phrases
from tocsin.sop.render.markdown import checklist, escape, page, table
from tocsin.sop.render.text import listed


class Section(Enum):
    """A postmortem's sections, in their order, by their stable keys: `Section("root_cause")`."""

    IDENTITY = "identity"
    SUMMARY = "summary"
    TIMELINE = "timeline"
    ROOT_CAUSE = "root_cause"
    IMPACT = "impact"
    WENT_WELL = "went_well"
    WENT_POORLY = "went_poorly"
    ACTION_ITEMS = "action_items"
    LESSONS = "lessons"
    FOLLOW_UP = "follow_up"

    @property
    def key(self) -> str:
        """The name that stored postmortems and the API use."""
        return self.value

    @property
    def title(self) -> str:
        """The section's heading."""
        return _TEXTS[self][0]

    @property
    def guidance(self) -> str:
        """What to write there, in a sentence or two."""
        return _TEXTS[self][1]


_TEXTS = {
    Section.IDENTITY: ("Identity", "What this is about, and how far it has come."),
    Section.SUMMARY: (
        "Summary",
        "One paragraph for somebody who was not there: what happened, who felt it, how it ended.",
    ),
    Section.TIMELINE: (
        "Timeline",
        "What happened when, in UTC, from the first sign to the resolution, the decisions included.",
    ),
    Section.ROOT_CAUSE: (
        "Root cause",
        "Why it could happen. Keep asking why until the answer is something that can be changed.",
    ),
    Section.IMPACT: ("Impact", "What it cost, in figures where there are any."),
    Section.WENT_WELL: ("What went well", "What shortened the incident or kept it small, and should stay as it is."),
    Section.WENT_POORLY: ("What went poorly", "What delayed the response or made things worse, luck included."),
    Section.ACTION_ITEMS: (
        "Action items",
        "P0 keeps this incident from happening again; P1 makes it rarer or shorter; P2 is worth doing all the same.",
    ),
    Section.LESSONS: ("Lessons learned", "What others can learn from this incident without having been part of it."),
    Section.FOLLOW_UP: ("Follow-up", "Done when every box is ticked."),
}

BLAMELESS = (
    "This postmortem is blameless: it speaks of systems and decisions, not of culprits. Everybody acted on what they "
    "knew at the time; the question is what made it seem right."
)
IDENTITY_FIELDS = ("Incident", "Date", "Severity", "Duration", "Incident Commander", "Technical Lead", "Status")
TIMELINE_COLUMNS = ("Time (UTC)", "What happened")
IMPACT_ASPECTS = ("Users", "Duration", "Revenue", "Data", "SLA")
ACTION_ITEM_COLUMNS = ("Action", "Owner", "Priority", "Due date", "Status")
PRIORITIES = ("P0", "P1", "P2")
FOLLOW_UP_STEPS = (
    "The review meeting is scheduled",
    "The action items are in the tracker",
    "The stakeholders have been told",
)


def postmortem_page(title: str, due: str, bodies: Mapping[Section, str]) -> str:
    """A postmortem of all sections in their order; one without a body shows what to write there.

    `title` and `due` are plain text; the bodies are Markdown.
    """
    blocks = []
    for section in Section:
        blocks += [f"## {section.title}", bodies.get(section) or guidance(section)]
    return page(f"# Postmortem: {escape(title)}", BLAMELESS, escape(due), *blocks)


def guidance(section: Section) -> str:
    """What to write in a section, as Markdown that stands out from what people write."""
    return f"_{section.guidance}_"


def postmortem_template(sop: Sop) -> str:
    """The page `postmortem-template.md`, empty but for what the SOP says."""
    blank = {
        Section.IDENTITY: table(("Field", "Value"), zip(IDENTITY_FIELDS, _identity_hints(sop), strict=True)),
        Section.TIMELINE: table(TIMELINE_COLUMNS, [("YYYY-MM-DD HH:MM", "")]),
        Section.IMPACT: table(("Aspect", "Impact"), ((aspect, "") for aspect in IMPACT_ASPECTS)),
        Section.ACTION_ITEMS: table(ACTION_ITEM_COLUMNS, (("", "", p, "YYYY-MM-DD", "open") for p in PRIORITIES)),
        Section.FOLLOW_UP: checklist(FOLLOW_UP_STEPS),
    }
    bodies = {section: f"{guidance(section)}\n\n{body}" for section, body in blank.items()}
    return postmortem_page("INC-YYYY-NNNN, what happened in a few words", due_sentence(sop), bodies)


def due_sentence(sop: Sop) -> str:
    """By when a postmortem is due, and when its owner is reminded."""
    duties = [f"{severities}: {duty}" for severities, duty in phrases.by_severity(sop, phrases.postmortem_duty)]
    return (
        f"Due, counted from the resolution: {'; '.join(duties)}. "
        f"A reminder comes {sop.postmortem.remind_before.words} before."
    )


def _identity_hints(sop: Sop) -> tuple[str, ...]:
    severities = [phrases.heading(severity, level) for severity, level in phrases.levels(sop)]
    return (
        "INC-YYYY-NNNN",
        "YYYY-MM-DD",
        f"one of {listed(severities)}",
        "from the start to the resolution",
        "",
        "",
        "draft, in review or completed",
    )
