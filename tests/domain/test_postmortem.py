"""The postmortem: within 48 hours of the resolution, kept from being forgotten, completed by people's judgement."""

import pytest

from tests.domain.harness import IC, MANAGER, PRIMARY, SEV1, SEV2, SEV3, SEV4, TL, WRITTEN, Story
from tocsin.domain import commands as c
from tocsin.domain import events as e
from tocsin.domain.incident import ActionItem, ActionItemPriority, Status
from tocsin.sop.words import Role, Severity

HOUR = 60
TIMEOUT = ActionItem("set lock_timeout", "chris", ActionItemPriority.P0, due_on="2026-12-04")


def resolved(severity: Severity = SEV1) -> Story:
    return Story().declare(severity).acknowledge().resolve()


@pytest.mark.parametrize(
    ("severity", "reminded"),
    [
        pytest.param(SEV1, [24 * HOUR, 48 * HOUR, 72 * HOUR], id="SEV1: due after 48 h"),
        pytest.param(SEV2, [24 * HOUR, 48 * HOUR, 72 * HOUR], id="SEV2: due after 48 h"),
        pytest.param(SEV3, [], id="SEV3: none unless the IC asks for one"),
        pytest.param(SEV4, [], id="SEV4: none"),
    ],
)
def test_postmortem_is_reminded_of_a_day_before_and_called_overdue_daily(
    severity: Severity, reminded: list[float]
) -> None:
    assert resolved(severity).at(hours=73).minutes_of(e.PostmortemReminded) == reminded


def test_postmortem_is_overdue_from_the_due_hour_on() -> None:
    story = resolved().at(hours=73)
    assert [it.times for it in story.happened(e.PostmortemReminded)] == [0, 1, 2]
    assert {story.minute(it.due_at) for it in story.happened(e.PostmortemReminded)} == {48 * HOUR}


def test_postmortem_asked_for_is_due_from_the_resolution_as_well() -> None:
    story = Story().declare(SEV3).request_postmortem().acknowledge().resolve().at(hours=49)
    assert story.minutes_of(e.PostmortemReminded) == [24 * HOUR, 48 * HOUR]


def test_postmortem_asked_for_late_is_called_overdue_once() -> None:
    story = resolved(SEV3).at(days=5).request_postmortem()
    assert [it.times for it in story.happened(e.PostmortemReminded)] == [4]


@pytest.mark.parametrize(
    ("roles", "reminded"),
    [
        pytest.param((IC, TL), MANAGER, id="the IC"),
        pytest.param((TL,), MANAGER, id="the TL where nobody is IC"),
        pytest.param((), PRIMARY, id="whoever acknowledged where nobody is either"),
    ],
)
def test_who_is_reminded_of_the_postmortem(roles: tuple[Role, ...], reminded: str) -> None:
    story = Story().declare(SEV1).acknowledge()
    for role in roles:
        story.assign(role, MANAGER)
    assert story.resolve().at(hours=24).told(e.PostmortemReminded) == [reminded]


def test_completed_postmortem_closes_the_incident_and_ends_the_calls() -> None:
    story = resolved().at(hours=30).save_postmortem(WRITTEN).complete_postmortem()
    assert story.incident.status is Status.CLOSED
    assert story.wake_at is None


@pytest.mark.parametrize(
    ("missing", "title"),
    [
        ("summary", "Summary"),
        ("root_cause", "Root cause"),
        ("impact", "Impact"),
        ("went_well", "What went well"),
        ("went_poorly", "What went poorly"),
        ("lessons", "Lessons learned"),
    ],
)
def test_postmortem_needs_every_section_that_takes_judgement(missing: str, title: str) -> None:
    story = resolved().save_postmortem({key: text for key, text in WRITTEN.items() if key != missing})
    refused = story.refusal(c.CompletePostmortem())
    assert refused.message == f"INC-2026-0042: still to be written: {title}"


def test_blank_section_is_not_written() -> None:
    refused = resolved().save_postmortem({**WRITTEN, "impact": " \n"}).refusal(c.CompletePostmortem())
    assert refused.message == "INC-2026-0042: still to be written: Impact"


def test_postmortem_may_be_written_while_the_incident_still_runs() -> None:
    story = Story().declare(SEV1).save_postmortem({"root_cause": "perhaps the migration"}, TIMEOUT)
    assert story.incident.postmortem.sections == {"root_cause": "perhaps the migration"}
    assert story.incident.postmortem.action_items == (TIMEOUT,)


def test_saving_replaces_what_was_saved_before() -> None:
    story = resolved().save_postmortem(WRITTEN, TIMEOUT).save_postmortem({"summary": "Nothing happened"})
    assert story.incident.postmortem.sections == {"summary": "Nothing happened"}
    assert story.incident.postmortem.action_items == ()


def test_reopened_incident_keeps_what_was_written_and_needs_completing_again() -> None:
    story = resolved().save_postmortem(WRITTEN).complete_postmortem().reopen().acknowledge().at(hours=1).resolve()
    assert story.incident.postmortem.sections == WRITTEN
    assert story.at(hours=25).minutes_of(e.PostmortemReminded) == [25 * HOUR]


def test_raised_severity_after_the_resolution_asks_for_a_postmortem_but_pages_nobody() -> None:
    story = resolved(SEV3).at(hours=2).assess(SEV1)
    ladder = story.ladder
    assert story.at(hours=24).minutes_of(e.PostmortemReminded) == [24 * HOUR]
    assert story.ladder == ladder
