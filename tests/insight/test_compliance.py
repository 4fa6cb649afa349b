"""Response time, cadence and postmortem are judged by the severity in force, and by the domain's own deadlines."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.harness import SEV1, SEV2, SEV3, SEV4, Story
from tests.insight.documents import EVERYTHING, measured, resolved_story, unhurried
from tocsin.domain import events as e
from tocsin.insight.compliance import CadenceCompliance, Verdict
from tocsin.insight.metrics import measure
from tocsin.sop.load import default_sop
from tocsin.sop.words import Severity

MET, MISSED, NOT_YET, NOT_APPLICABLE = Verdict
FRIDAY_16H = datetime(2026, 11, 27, 16, tzinfo=UTC)  # business hours end at 17:00


@pytest.mark.parametrize(
    ("story", "verdict", "due"),
    [
        pytest.param(Story().declare(SEV1).at(4).acknowledge(), MET, 15, id="in time"),
        pytest.param(Story().declare(SEV1).asleep_until(15).acknowledge(), MET, 15, id="at the very instant"),
        pytest.param(Story().declare(SEV1).at(15.1).acknowledge(), MISSED, 15, id="just too late"),
        pytest.param(Story().declare(SEV1).at(14), NOT_YET, 15, id="still time"),
        pytest.param(Story().declare(SEV1).at(16), MISSED, 15, id="nobody answers"),
        pytest.param(Story().declare().at(60), NOT_APPLICABLE, None, id="nobody has assessed"),
        pytest.param(Story().declare(SEV4).at(60), NOT_APPLICABLE, None, id="planned work"),
        pytest.param(Story().declare(SEV1).at(5).cancel(), NOT_APPLICABLE, 15, id="cancelled before it was due"),
        pytest.param(Story().declare(SEV1).at(20).cancel(), MISSED, 15, id="cancelled after it was due"),
        pytest.param(Story().declare(SEV1).at(5).mitigate(), NOT_APPLICABLE, 15, id="mitigated before it was due"),
        pytest.param(Story().declare(SEV1).at(5).mitigate().at(40).acknowledge(), NOT_APPLICABLE, 15, id="afterwards"),
        pytest.param(
            Story().declare().at(20).acknowledge().at(22).assess(SEV1),
            MISSED,
            15,
            id="assessed after the acknowledgement: by the severity that was found",
        ),
        pytest.param(
            Story().declare().at(20).acknowledge().at(22).assess(SEV2).at(24).assess(SEV1),
            MET,
            30,
            id="raised after the acknowledgement: by the severity found first",
        ),
        pytest.param(Story().declare(SEV2).at(20).acknowledge().assess(SEV1), MET, 30, id="raised once acknowledged"),
        pytest.param(Story().declare(SEV2).at(18).assess(SEV1).acknowledge(), MISSED, 15, id="raised when too late"),
        pytest.param(Story().declare(SEV1).at(20).assess(SEV2).at(25).acknowledge(), MET, 30, id="lowered in time"),
        pytest.param(
            Story(start=FRIDAY_16H).declare(SEV3).at(days=2).acknowledge(),
            MET,
            (2 * 24 + 20) * 60,
            id="four business hours over a weekend: Monday 12:00",
        ),
        pytest.param(Story(start=FRIDAY_16H).declare(SEV3).at(days=2, hours=21), MISSED, 68 * 60, id="Monday 13:00"),
    ],
)
def test_response_time_is_judged_by_the_severity_in_force(story: Story, verdict: Verdict, due: float | None) -> None:
    response = measured(story).response
    assert response.verdict is verdict
    assert (story.minute(response.due_at) if response.due_at else None) == due


@pytest.mark.parametrize("minute", [3.5, 14.5, 15.5, 31.5])
@pytest.mark.parametrize("severity", list(Severity))
def test_missed_response_time_is_what_the_engine_called_missed(severity: Severity, minute: float) -> None:
    story = Story().declare(severity).at(minute).acknowledge().at(400)
    called = bool(story.happened(e.ResponseTimeMissed))
    assert (measured(story).response.verdict is MISSED) == called


def cadence(required: int, late: int, lateness: float, longest_gap: float) -> CadenceCompliance:
    """Times in minutes."""
    return CadenceCompliance(required, late, timedelta(minutes=lateness), timedelta(minutes=longest_gap))


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(Story().declare().update().at(90), CadenceCompliance(), id="nobody has assessed: no cadence"),
        pytest.param(Story().declare(SEV3).at(90), CadenceCompliance(), id="a severity without cadence"),
        pytest.param(Story().declare(SEV1).at(10), cadence(0, 0, 0, 10), id="nothing due yet"),
        pytest.param(Story().declare(SEV1).at(10).update().at(20), cadence(1, 0, 0, 10), id="in time"),
        pytest.param(Story().declare(SEV1).asleep_until(15).update(), cadence(1, 0, 0, 15), id="at the very instant"),
        pytest.param(Story().declare(SEV1).at(16).update(), cadence(1, 1, 1, 16), id="a minute late"),
        pytest.param(Story().declare(SEV1).at(15), cadence(0, 0, 0, 15), id="due this instant: not late"),
        pytest.param(Story().declare(SEV1).at(20), cadence(1, 1, 5, 20), id="late and still awaited"),
        pytest.param(Story().declare(SEV1).at(60), cadence(3, 3, 45, 60), id="a silence counts each interval"),
        pytest.param(
            Story().declare(SEV1).at(10).update().at(20).update().at(40).update().at(50).mitigate().at(99),
            cadence(3, 1, 5, 20),
            id="two in time, one late, until mitigated",
        ),
        pytest.param(Story().declare(SEV1).at(20).mitigate().at(99).update(), cadence(1, 1, 5, 20), id="mitigated"),
        pytest.param(Story().declare(SEV1).at(20).cancel().at(99), cadence(1, 1, 5, 20), id="cancelled"),
        pytest.param(
            Story().declare(SEV1).at(5).update(next_within="5m").at(13).update(),
            cadence(2, 1, 3, 8),
            id="a promise of the next update counts",
        ),
        pytest.param(
            Story().declare(SEV2).at(20).assess(SEV1).at(34).update(),
            cadence(1, 0, 0, 20),
            id="raised: the new cadence counts from there",
        ),
        pytest.param(
            Story().declare(SEV1).at(20).assess(SEV2).at(45).update(),
            cadence(2, 1, 5, 25),
            id="lowered: what was late before stays late",
        ),
        pytest.param(Story().declare(SEV2).assess(SEV1).at(20).update(), cadence(1, 1, 5, 20), id="raised at once"),
        pytest.param(Story().declare(SEV3).at(180).assess(SEV1).at(190).update(), cadence(1, 0, 0, 10), id="first one"),
        pytest.param(Story().declare(SEV1).at(10).assess(SEV4).at(90), cadence(0, 0, 0, 10), id="the cadence ended"),
        pytest.param(
            Story().declare(SEV1).at(10).resolve().at(100).reopen().at(118).update(),
            cadence(1, 1, 3, 18),
            id="reopened: counts anew, the pause is no gap",
        ),
    ],
)
def test_cadence_counts_what_fell_due_what_was_late_and_by_how_much(story: Story, expected: CadenceCompliance) -> None:
    assert measured(story).cadence == expected


UPDATE, RAISE, LOWER, MITIGATE, REOPEN = "update", "raise", "lower", "mitigate", "reopen"
ACTIONS = st.sampled_from([UPDATE, UPDATE, UPDATE, RAISE, LOWER, MITIGATE, REOPEN])


def act(story: Story, action: str) -> bool:
    """Do it, if it can be done now; says whether it was."""
    severity, mitigated = story.incident.severity, story.incident.status.value == "mitigated"
    match action:
        case "update":
            story.update()
        case "raise" if severity is SEV2:
            story.assess(SEV1)
        case "lower" if severity is SEV1:
            story.assess(SEV2)
        case "mitigate" if not mitigated:
            story.mitigate()
        case "reopen" if mitigated:
            story.reopen()
        case _:
            return False
    return True


@unhurried
@given(st.dictionaries(st.integers(1, 300), ACTIONS, max_size=12))
def test_cadence_equals_a_count_minute_by_minute(plan: dict[int, str]) -> None:
    story = Story().declare(SEV1).acknowledge()
    since, every, runs = 0, 15, True
    required = late = longest = 0
    for minute in range(320):
        if minute in plan and act(story.asleep_until(minute), plan[minute]):
            answered = plan[minute] == UPDATE and runs
            required += answered and minute - since <= every
            since, runs = minute, story.incident.status.value != "mitigated"
            every = 15 if story.incident.severity is SEV1 else 30
        gap = minute - since
        ran_out = runs and gap >= every and gap % every == 0  # and nobody acted at that very instant
        late += ran_out
        required += ran_out
        longest = max(longest, gap + 1 if runs else 0)
    found = measure(story.incident, story.events, story.sop, story.start + timedelta(minutes=320)).cadence
    assert (found.required, found.late, found.longest_gap) == (required, late, timedelta(minutes=longest))


@unhurried
@given(st.lists(st.integers(1, 80), max_size=4), st.integers(0, 40))
def test_late_updates_are_those_that_the_engine_called_overdue(gaps: list[int], rest: int) -> None:
    story, now = Story().declare(SEV1).acknowledge(), 0.5
    for gap in gaps:
        now += gap
        story.at(now).update()
        now += 0.001 * gap
    story.at(now + rest)
    assert measured(story).cadence.late == len(story.happened(e.UpdateOverdue))


@pytest.mark.parametrize(
    ("story", "verdict", "due_hours"),
    [
        pytest.param(Story().declare(SEV1).at(30), NOT_YET, None, id="not resolved yet"),
        pytest.param(resolved_story(), NOT_YET, 48.5, id="resolved"),
        pytest.param(resolved_story().at(hours=49), MISSED, 48.5, id="overdue"),
        pytest.param(resolved_story().save_postmortem(EVERYTHING).complete_postmortem(), MET, 48.5, id="in time"),
        pytest.param(
            resolved_story().save_postmortem(EVERYTHING).at(hours=50).complete_postmortem().at(hours=90),
            MISSED,
            48.5,
            id="completed late",
        ),
        pytest.param(Story().declare(SEV4).resolve(), NOT_APPLICABLE, None, id="never asked for"),
        pytest.param(Story().declare(SEV3).resolve(), NOT_APPLICABLE, None, id="on request, not requested"),
        pytest.param(Story().declare(SEV3).request_postmortem().resolve(), NOT_YET, 48, id="on request, requested"),
        pytest.param(Story().declare().resolve(), NOT_APPLICABLE, None, id="never assessed"),
        pytest.param(Story().declare(SEV1).cancel(), NOT_APPLICABLE, None, id="cancelled"),
        pytest.param(resolved_story().at(60).reopen(), NOT_YET, None, id="reopened: not resolved any more"),
    ],
)
def test_postmortem_is_due_from_the_resolution_that_held(
    story: Story, verdict: Verdict, due_hours: float | None
) -> None:
    postmortem = measured(story).postmortem
    assert postmortem.verdict is verdict
    assert (story.minute(postmortem.due_at) / 60 if postmortem.due_at else None) == due_hours


def test_postmortem_without_a_fixed_time_is_met_by_being_completed() -> None:
    sop = default_sop()
    untimed = replace(sop, severities={**sop.severities, SEV1: replace(sop.severities[SEV1], postmortem_within=None)})
    story = Story(untimed).declare(SEV1).resolve().at(days=9)
    assert measured(story).postmortem.verdict is NOT_YET
    assert measured(story.save_postmortem(EVERYTHING).complete_postmortem()).postmortem.verdict is MET
