"""How does a test draft a postmortem and edit it? Helpers on top of the domain's stories."""

from hypothesis import settings
from msgspec.structs import replace

from tests.domain.harness import SEV1, Story
from tocsin.domain.decisions.postmortem import JUDGEMENT_SECTIONS
from tocsin.domain.incident import ActionItem, ActionItemPriority
from tocsin.insight.metrics import Metrics, measure
from tocsin.insight.postmortem import AlertFact, draft

P0, P1, P2 = ActionItemPriority
EVERYTHING = {section.key: "as it was" for section in JUDGEMENT_SECTIONS}  # a postmortem that may be completed

unhurried = settings(deadline=None)  # a busy machine is no fault of the code


def drafted(story: Story, *alerts: AlertFact) -> str:
    """The postmortem of the story as it stands."""
    return draft(story.incident, story.events, story.sop, alerts, story.now)


def measured(story: Story) -> Metrics:
    """The figures of the story as it stands."""
    return measure(story.incident, story.events, story.sop, story.now)


def resolved_story() -> Story:
    """A SEV1 that was acknowledged after 4 min, mitigated after 20 and resolved after 30."""
    return Story().declare(SEV1).at(4).acknowledge().at(12).update().at(20).mitigate().at(30).resolve()


def item(text: str = "Alert on the pool", owner: str = "bob", **changes: str | ActionItemPriority) -> ActionItem:
    return replace(ActionItem(text, owner, P1, "2026-12-01"), **changes)


def section_of(document: str, title: str) -> str:
    """What stands under the heading."""
    return document.split(f"\n## {title}\n")[1].split("\n## ")[0].strip()


def record_of(document: str, title: str) -> str:
    """What is drafted from the record under the heading."""
    return section_of(document, title).split(" -->")[1].split("<!-- /tocsin:record")[0].strip()


def place_to_write(document: str, key: str) -> str:
    """What stands between the marks of a section."""
    opening = document.index(f"<!-- tocsin:{key}")
    return document[document.index("-->", opening) + 3 : document.index(f"<!-- /tocsin:{key} -->")].strip()


def written_into(document: str, key: str, text: str) -> str:
    """The document after somebody wrote `text` between the marks of a section."""
    before = place_to_write(document, key)
    return document.replace(f"-->\n\n{before}\n\n<!-- /tocsin:{key} -->", f"-->\n\n{text}\n\n<!-- /tocsin:{key} -->")
