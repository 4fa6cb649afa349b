"""The documents of the default SOP say the procedure's facts."""

import pytest
from msgspec.structs import replace

from tocsin.sop.load import default_sop
from tocsin.sop.render import documents, escalation_policy, flowchart, postmortem_template, severity_levels
from tocsin.sop.render.postmortem import Section, postmortem_page
from tocsin.sop.words import Severity, Trigger

SOP = default_sop()


def test_there_is_one_document_a_purpose() -> None:
    assert set(documents(SOP)) == {
        "severity-levels.md",
        "escalation-policy.md",
        "postmortem-template.md",
        "escalation-flowchart.mermaid",
    }


@pytest.mark.parametrize("trigger", Trigger)
def test_severity_levels_name_each_reason_to_declare(trigger: Trigger) -> None:
    assert f"- {trigger.meaning}\n" in severity_levels(SOP)


@pytest.mark.parametrize(
    "row",
    [
        "|  | SEV1 Critical | SEV2 High | SEV3 Medium | SEV4 Low |",
        "| Response time | 15 min | 30 min | 4 business hours | next sprint |",
        "| Roles to fill | IC, CL and TL | IC and TL | none | none |",
        "| Status updates | every 15 min until mitigated | every 30 min until mitigated | at start and at resolution "
        "| none |",
        "| Postmortem | within 48 hours | within 48 hours | within 48 hours when the Incident Commander asks for one "
        "| none |",
        "| 3 | users affected: all; workaround: no | SEV1 | all users are affected and there is no workaround |",
        "| 11 | anything else | SEV4 | no user-facing impact |",
    ],
)
def test_severity_levels_have_the_row(row: str) -> None:
    assert row in severity_levels(SOP).splitlines()


@pytest.mark.parametrize(
    ("severity", "steps"),
    [
        (
            "SEV1 Critical",
            [
                "| 0 min | page primary on-call | always |",
                "| 5 min | page secondary on-call | if unacknowledged |",
                "| 15 min | page Engineering Manager | if unacknowledged |",
                "| 30 min | notify Engineering Director and VP Engineering | if unresolved |",
                "| 60 min | notify CTO | if unresolved |",
                "| then every 15 min | page Engineering Manager and everyone on call again | while unacknowledged |",
            ],
        ),
        (
            "SEV2 High",
            [
                "| 0 min | page primary on-call | always |",
                "| 15 min | page secondary on-call | if unacknowledged |",
                "| 30 min | page Engineering Manager | if unacknowledged |",
                "| 2 hours | notify Engineering Director | if unresolved |",
                "| then every 15 min | page Engineering Manager and everyone on call again | while unacknowledged |",
            ],
        ),
        (
            "SEV3 Medium",
            [
                "| 0 min | assign to the team's queue | always |",
                "| 4 hours | notify team lead | if unacknowledged |",
                "| 24 hours | notify Engineering Manager | if unresolved |",
            ],
        ),
        ("SEV4 Low", ["| 0 min | assign to the backlog | always |"]),
        (
            "Not yet assessed",
            [
                "| 0 min | page primary on-call | always |",
                "| 15 min | page secondary on-call | if unacknowledged |",
                "| 30 min | page Engineering Manager | if unacknowledged |",
                "| then every 15 min | page Engineering Manager and everyone on call again | while unacknowledged |",
            ],
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_escalation_policy_has_each_ladder_step_by_step(severity: str, steps: list[str]) -> None:
    section = escalation_policy(SOP).split(f"### {severity}\n\n")[1].split("\n\n")[0]
    assert section.splitlines()[2:] == steps


def test_a_ladder_that_reaches_nobody_in_person_says_that_it_does_not_escalate() -> None:
    assert escalation_policy(SOP).count("No escalation: nobody is paged or notified.") == 1
    assert "0 min<br/>assign to the backlog<br/>no escalation" in flowchart(SOP)


def test_a_ladder_without_steps_is_shown_as_no_escalation() -> None:
    idle = replace(SOP.severities[Severity.SEV4], escalation=())
    sop = replace(SOP, severities={**SOP.severities, Severity.SEV4: idle})
    assert "No escalation: nobody is paged or notified." in escalation_policy(sop)
    assert 'sev4_0["no escalation"]' in flowchart(sop)


@pytest.mark.parametrize(
    "fact",
    [
        "the only role that may publish to external customers",
        "internal updates fall to the Incident Commander",
        "There is one Incident Commander, from the team with the highest-severity impact.",
        "The primary on-call of every affected team is paged.",
        "An update posted elsewhere is mirrored there.",
        "the next one follows at once",
        "The 3rd SEV3 on one service within 7 days: notify Engineering Manager.",
        "weekly, on Monday 10:00 local time (Europe/Berlin)",
        "every 2 weeks, on Monday 10:00 local time (Europe/London)",
        "Alice Adams, then Bob Brown",
        "7. **Postmortem**: schedule and complete the blameless postmortem",
    ],
)
def test_escalation_policy_says(fact: str) -> None:
    assert fact in escalation_policy(SOP)


def test_no_document_spreads_anybody_s_address_or_names_a_secret() -> None:
    text = "".join(documents(SOP).values())
    assert "@" not in text
    assert "env:" not in text


def test_postmortem_template_has_all_sections_in_order_and_the_time_it_is_due() -> None:
    template = postmortem_template(SOP)
    titles = [line.removeprefix("## ") for line in template.splitlines() if line.startswith("## ")]
    assert titles == [section.title for section in Section]
    assert "SEV1 and SEV2: within 48 hours" in template
    assert "blameless" in template
    assert "INC-YYYY-NNNN" in template
    assert "| Action | Owner | Priority | Due date | Status |" in template
    assert template.count("- [ ] ") == 3


def test_a_draft_has_the_template_s_sections_and_keeps_the_guidance_of_empty_ones() -> None:
    draft = postmortem_page("INC-2026-0042, <b>search</b>", "Due today.", {Section.SUMMARY: "Search was down."})
    assert draft.startswith("# Postmortem: INC-2026-0042, \\<b\\>search\\</b\\>\n")
    assert "## Summary\n\nSearch was down.\n\n## Timeline\n" in draft
    assert f"## Lessons learned\n\n_{Section.LESSONS.guidance}_\n" in draft


def test_a_section_is_found_by_its_stable_key() -> None:
    assert Section("root_cause") is Section.ROOT_CAUSE
    assert Section.ROOT_CAUSE.key == "root_cause"


def test_documents_hold_for_an_sop_stripped_to_the_least() -> None:
    quiet = {
        severity: replace(level, escalation=(), repeat=None, requires=(), examples=(), postmortem_within=None)
        for severity, level in SOP.severities.items()
    }
    least = replace(SOP, severities=quiet, patterns=(), targets={}, services={}, teams={}, people={})
    text = documents(least)
    assert "No pattern is watched." in text["escalation-policy.md"]
    assert "| Postmortem | required | required |" in text["severity-levels.md"]
