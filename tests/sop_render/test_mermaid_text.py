"""The flowchart's text stays well-formed whatever the SOP's names are. tests/skill draws it with the real Mermaid."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sop_render.leaves import Path, with_every
from tocsin.sop.load import default_sop
from tocsin.sop.model import Sop
from tocsin.sop.render import flowchart
from tocsin.sop.words import TriageStep

LABEL = re.compile(r'"(?:[^"#&<]|#\d+;|<br/>)*"')


def named(text: str) -> Sop:
    """The default SOP with every name and text replaced."""

    def change(path: Path, leaf: object) -> object:
        return text if type(leaf) is str and path[0] in ("severities", "people") else leaf

    return with_every(default_sop(), change)


def skeleton(chart: str) -> list[str]:
    """The chart without its labels and its description."""
    return [LABEL.sub("LABEL", line) for line in chart.splitlines() if not line.startswith("    accDescr:")]


def test_every_triage_step_and_every_minute_of_the_ladders_is_in_the_chart() -> None:
    chart = flowchart(default_sop())
    assert chart.startswith("flowchart TD\n    accTitle: ")
    assert "    accDescr: " in chart
    for number, step in enumerate(TriageStep, start=1):
        assert f'"{number} {step.title()}' in chart
    for label in ("5 min, if unacknowledged<br/>page secondary on-call", "60 min, if unresolved<br/>notify CTO"):
        assert f'"{label}"' in chart
    assert "every 15 min while unacknowledged<br/>page Engineering Manager and everyone on call again" in chart


@pytest.mark.parametrize("text", ['"', "]", "end", "#quot;", "a\nb", "%%{init: {}}%%", "style: a#b;", "```", "ﬂ°°34¶ß"])
def test_a_hostile_name_stays_inside_its_label(text: str) -> None:
    usual = skeleton(flowchart(named("name")))
    assert skeleton(flowchart(named(text))) == usual


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_stays_inside_its_label(text: str) -> None:
    chart = flowchart(named(text))
    assert skeleton(chart) == skeleton(flowchart(named("name")))
    description = next(line for line in chart.splitlines() if line.startswith("    accDescr: "))
    assert not re.search(r"[#;{}%<>\"]", description)
