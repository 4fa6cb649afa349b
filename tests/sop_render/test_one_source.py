"""Change one figure of the SOP, and every document that states it changes; the others don't."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sop_render.leaves import Path, another, dotted, leaves, with_every, with_leaf
from tocsin.sop.durations import Duration
from tocsin.sop.load import default_sop
from tocsin.sop.render import documents

LEVELS, POLICY, TEMPLATE, CHART = documents(default_sop())
ALL = {LEVELS, POLICY, TEMPLATE, CHART}

# The first pattern that fits a leaf's path says which documents state it.
STATED_IN: list[tuple[str, set[str]]] = [
    (r"severities\.SEV[12]\.updates", set()),  # said only where there is no cadence
    (r"severities\.SEV4\.respond_clock", set()),  # planned work has no response time
    (r"severities\.\w+\.(impact|examples\.\d+|responders|respond_within|respond_clock)", {LEVELS}),
    (r"severities\.\w+\.requires\.\d+", {LEVELS, POLICY}),
    (r"severities\.\w+\.(update_every|updates|channel|notify_stakeholders)", {LEVELS, POLICY, CHART}),
    (r"severities\.\w+\.(name|postmortem|postmortem_within)", ALL),
    (r"(severities\.\w+|unassessed)\.(escalation|repeat)\..+", {POLICY, CHART}),
    (r"postmortem\.remind_before", {TEMPLATE}),
    (r"(communication|patterns|targets|teams)\..+", {POLICY}),
    (r"services\.\w+\.(name|team|runbook)", {POLICY}),
    (r"people\.\w+\.name", {POLICY}),
    (r"(classification|business_hours)\..+", {LEVELS}),
    (r"(alerts|routes|heartbeats?|pagerduty|slack|email)\..+", set()),  # how Tocsin is connected, not what people do
    (r"people\.\w+\.(email|slack_user|contact\..+)", set()),  # nobody's address is spread in documents
]
LEAVES = list(leaves(default_sop()))
DURATIONS = [path for path, leaf in LEAVES if isinstance(leaf, Duration)]


def stated_in(path: Path) -> set[str]:
    found = next((names for pattern, names in STATED_IN if re.fullmatch(pattern, dotted(path))), None)
    assert found is not None, f"{dotted(path)} is new: state it in a document, and say in STATED_IN in which"
    return found


def changed_by(path: Path, leaf: object) -> set[str]:
    before, after = documents(default_sop()), documents(with_leaf(default_sop(), path, leaf))
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(("path", "leaf"), LEAVES, ids=[dotted(path) for path, _ in LEAVES])
def test_a_changed_leaf_changes_just_the_documents_that_state_it(path: Path, leaf: Any) -> None:
    assert changed_by(path, another(leaf)) == stated_in(path)


@given(
    st.sampled_from(DURATIONS), st.integers(min_value=1, max_value=10**7).map(lambda seconds: Duration(seconds=seconds))
)
def test_any_duration_stands_in_words_in_every_document_that_states_it(path: Path, duration: Duration) -> None:
    after = documents(with_leaf(default_sop(), path, duration))
    words = (
        duration.words.replace(" hour", " business hour") if "SEV3.respond_within" in dotted(path) else duration.words
    )
    for name in stated_in(path):
        assert duration.words in after[name] or words in after[name]


def test_no_figure_of_the_default_is_written_into_the_documents_by_hand() -> None:
    figures = {leaf.words for _, leaf in LEAVES if isinstance(leaf, Duration)}

    def odd(_path: Path, leaf: Any) -> object:
        return Duration.of(leaf + Duration.parse("123d7h13m")) if isinstance(leaf, Duration) else leaf

    text = "\n".join(documents(with_every(default_sop(), odd)).values())
    assert not [words for words in figures if re.search(rf"\b{words}\b", text)]
